package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// recall shows a token of a session that was ended.
func (p *person) recall() {
	if len(p.ended) == 0 {
		return
	}
	e := p.ended[p.rand.IntN(len(p.ended))]
	if p.rand.IntN(2) == 0 {
		p.showAccess(e, p.rand.IntN(processes))
	} else {
		p.showRefresh(e)
	}
}

// showAccess shows the access token to a process, which must refuse it once it
// is sure to know.
func (p *person) showAccess(e *ended, at int) {
	a := p.fleet.send(at, request{method: "GET", path: "/api/me", access: e.Access})
	switch sure := p.fleet.processes[at].sure; {
	case a.status == http.StatusServiceUnavailable:
	case a.status == http.StatusUnauthorized && a.Code == "token_revoked":
	case a.status == http.StatusOK && a.began.Sub(e.at) < sure:
	case a.status == http.StatusOK && p.mayBeLost(e):
	default:
		p.fleet.t.Errorf("%s: an access token, on process %d, %v after its session was ended: got status %d, code %q, want 401",
			p.name, at, a.began.Sub(e.at), a.status, a.Code)
	}
}

func (p *person) showRefresh(e *ended) {
	a := p.fleet.send(p.rand.IntN(processes), request{
		method: "POST", path: "/auth/reissue", key: e.Refresh[len(e.Refresh)-40:],
		body: fmt.Sprintf(`{"refresh_token":%q}`, e.Refresh),
	})
	switch {
	case a.status == http.StatusServiceUnavailable:
	case a.status == http.StatusUnauthorized && a.Code == "refresh_invalid":
	case a.status == http.StatusOK && p.mayBeLost(e):
		e.Refresh = a.Refresh
	default:
		p.fleet.t.Errorf("%s: a refresh token, %v after its session was ended: got status %d, code %q, want 401",
			p.name, a.began.Sub(e.at), a.status, a.Code)
	}
}

// mayBeLost reports whether a failover may have lost the login or the end, and
// counts a session for which it has.
func (p *person) mayBeLost(e *ended) bool {
	if !p.fleet.atRisk(e.got) && !p.fleet.atRisk(e.at) {
		return false
	}
	if !e.lost {
		e.lost = true
		p.fleet.tally.lose()
	}
	return true
}

// settle checks, after the load, that the person is still logged in everywhere
// and can log in anew, and that what was ended is, everywhere.
func (p *person) settle() {
	<-time.After(time.Until(p.wary))
	p.visit()
	var last time.Time
	for _, e := range p.ended {
		last = e.at
	}
	<-time.After(max(time.Until(p.wary), time.Until(last.Add(staleness))))
	for range 2 {
		p.reissue()
		for i := range processes {
			pause := time.NewTicker(pace)
			a, _ := p.insistAt(request{method: "GET", path: "/api/me", access: p.home.Access}, i, pause)
			pause.Stop()
			if a.status != http.StatusOK {
				p.fleet.t.Errorf("%s is logged out on process %d: status %d, code %q", p.name, a.process, a.status, a.Code)
			}
		}
	}
	for _, e := range p.ended {
		for i := range processes {
			p.showAccess(e, i)
		}
		p.showRefresh(e)
	}
	list, _ := p.insist(request{method: "GET", path: "/auth/sessions", access: p.home.Access})
	var ids []string
	for _, s := range list.Sessions {
		ids = append(ids, s.ID)
	}
	if list.status != http.StatusOK || !slices.Contains(ids, p.home.Session) {
		p.fleet.t.Errorf("%s: the list of sessions: status %d, and the live one is not in it", p.name, list.status)
	}
	for _, e := range p.ended {
		if slices.Contains(ids, e.Session) && !p.mayBeLost(e) {
			p.fleet.t.Errorf("%s: session %s was ended and is in the list", p.name, e.Session)
		}
	}
}
