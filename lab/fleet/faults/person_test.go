package faults_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pace is how long a person waits between two things, and before a request
	// is sent again: less than Retry-After says, so that a fault meets many.
	pace = 5 * time.Millisecond

	// lateness is how long after a request was given up what was sent for it
	// may still reach Redis, and then happen. Who knows that his last reissue
	// took several tries does not reissue again before; nobody would within
	// AccessTTL.
	lateness = 1500 * time.Millisecond

	// prompt is how long what was sent just once takes at most, or else the
	// driver may have sent it again; gap is what even then lies between two
	// changes, for a connection that was closed and what is still in it.
	prompt = 300 * time.Millisecond
	gap    = 50 * time.Millisecond
)

// request is one of HTTP, without the process that is to serve it.
type request struct{ method, path, access, key, body string }

func (r request) String() string { return r.method + " " + r.path }

// pair is the tokens of a session.
type pair struct {
	Session string `json:"session_id"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	got     time.Time
}

// generation reads the claim of the access token.
func (p pair) generation() int64 {
	claims := struct{ Gen int64 }{-1}
	if parts := strings.Split(p.Access, "."); len(parts) == 3 {
		text, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(text, &claims)
	}
	return claims.Gen
}

// ended is a session whose end was acknowledged.
type ended struct {
	pair
	at   time.Time // of the acknowledgement
	lost bool      // by a failover
}

// person is a user with a session that is to last, and others that come and
// go. Only the person's own goroutine uses the fields, but for the counts.
type person struct {
	fleet *fleet
	name  string
	rand  *mathrand.Rand

	steps, reissues, visits atomic.Int64 // that were done

	home  pair
	ended []*ended
	wary  time.Time // until when a request that was given up may happen yet
}

func newPerson(f *fleet, name string) *person {
	h := fnv.New64a()
	h.Write([]byte(f.t.Name() + name))
	return &person{fleet: f, name: name, rand: mathrand.New(mathrand.NewPCG(h.Sum64(), 1))}
}

// live does one thing after the other until the fleet stops.
func (p *person) live() {
	pause := time.NewTicker(pace)
	defer pause.Stop()
	p.home, _ = p.login()
	for p.fleet.stopping.Err() == nil && !p.fleet.t.Failed() {
		calm := time.Now().After(p.wary)
		switch n := p.rand.IntN(20); {
		case n < 5 && calm:
			p.reissue()
		case n < 9 && calm:
			p.visit()
		case n < 13:
			p.recall()
		default:
			p.me()
		}
		p.steps.Add(1)
		<-pause.C
	}
}

// insist sends a request to one process after the other until the answer is not
// 503.
func (p *person) insist(r request) (a answer, tries int) {
	pause := time.NewTicker(pace)
	defer pause.Stop()
	return p.insistAt(r, p.rand.IntN(processes), pause)
}

func (p *person) insistAt(r request, first int, pause *time.Ticker) (a answer, tries int) {
	for began := time.Now(); ; <-pause.C {
		a = p.fleet.send((first+tries)%processes, r)
		tries++
		switch {
		case a.status != http.StatusServiceUnavailable:
			return a, tries
		case time.Since(began) > limit:
			p.fleet.t.Errorf("%s: %s is still answered 503 after %v", p.name, r, limit)
			return a, tries
		}
	}
}

// change insists on a request that changes something, and notes whether a try
// of it may still be on its way.
func (p *person) change(r request) answer {
	began := time.Now()
	a, tries := p.insist(r)
	p.doubt(tries, began)
	return a
}

func (p *person) doubt(tries int, began time.Time) {
	wait := gap
	if p.fleet.faulty.Load() && (tries > 1 || time.Since(began) > prompt) {
		wait = lateness
	}
	if until := time.Now().Add(wait); until.After(p.wary) {
		p.wary = until
	}
}

func (p *person) login() (pair, bool) {
	a := p.change(request{method: "POST", path: "/auth/login?user=" + p.name})
	if a.status != http.StatusOK {
		p.fleet.t.Errorf("%s: login: got status %d, code %q", p.name, a.status, a.Code)
	}
	return a.pair, a.status == http.StatusOK
}

// me asks for what the access token opens.
func (p *person) me() {
	if a, _ := p.insist(request{method: "GET", path: "/api/me", access: p.home.Access}); a.status != http.StatusOK {
		p.fleet.t.Errorf("%s: an access token that nobody ended: got status %d, code %q, want 200", p.name, a.status, a.Code)
	}
}

// reissue exchanges the refresh token, at times in two tabs at once, which
// share it and its key.
func (p *person) reissue() {
	r := request{method: "POST", path: "/auth/reissue", key: rand.Text(), body: fmt.Sprintf(`{"refresh_token":%q}`, p.home.Refresh)}
	tabs := make([]answer, 1+p.rand.IntN(4)/3)
	tries := make([]int, len(tabs))
	first, began := p.rand.IntN(processes), time.Now()
	var done sync.WaitGroup
	for i := range tabs {
		done.Go(func() {
			pause := time.NewTicker(pace)
			defer pause.Stop()
			tabs[i], tries[i] = p.insistAt(r, first+i, pause)
		})
	}
	done.Wait()
	for i, a := range tabs {
		p.doubt(tries[i], began)
		switch want := p.home.generation() + 1; {
		case a.status != http.StatusOK:
			p.fleet.t.Errorf("%s is logged out: try %d of a reissue by generation %d: got status %d, code %q, want 200",
				p.name, tries[i], want-1, a.status, a.Code)
			return
		case a.Session != p.home.Session || a.generation() != want:
			p.fleet.t.Errorf("%s: a reissue in session %s: got generation %d of session %s, want %d",
				p.name, p.home.Session, a.generation(), a.Session, want)
		}
	}
	p.home = tabs[0].pair
	p.reissues.Add(1)
}

// visit logs in a second time and ends that session in one of many ways.
func (p *person) visit() {
	guest, ok := p.login()
	if !ok {
		return
	}
	r := request{method: "POST", path: "/auth/logout"}
	switch p.rand.IntN(4) {
	case 0:
		r.access = guest.Access
	case 1:
		r.body = fmt.Sprintf(`{"refresh_token":%q}`, guest.Refresh)
	case 2:
		r = request{method: "DELETE", path: "/auth/sessions/" + guest.Session, access: p.home.Access}
	case 3:
		r = request{method: "POST", path: "/auth/logout-all?keep=current", access: p.home.Access}
	}
	began := time.Now()
	a, tries := p.insist(r)
	p.doubt(tries, began)
	switch {
	case a.status == http.StatusOK, a.status == http.StatusNoContent:
	case a.status == http.StatusNotFound && (tries > 1 || p.fleet.atRisk(guest.got)):
	default:
		p.fleet.t.Errorf("%s: try %d of %s: got status %d, code %q, want success", p.name, tries, r, a.status, a.Code)
		return
	}
	p.ended = append(p.ended, &ended{pair: guest, at: a.ended})
	p.visits.Add(1)
}
