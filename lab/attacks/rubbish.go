package attacks

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// maxBody is the size that a request body may have.
const maxBody = 16 << 10

// rubbish returns the test of a row that logs in, presents what forge makes of
// the tokens in the places where such a token can be presented, and checks
// that each is refused, that the store is never asked, that nothing is told,
// and that the session is none the worse. Refresh tokens go by JSON and by form
// in turn.
func rubbish(forge func(*forgeries), configure ...func(*core.Config)) func(*testing.T, deployment) {
	return func(t *testing.T, d deployment) {
		s := d.start(t, configure...)
		pair := s.Login("alice")
		s.wantOK("access", s.Me(pair.AccessToken)) // which is remembered as verified
		s.takeEvents()
		log := s.Log()
		f := &forgeries{s, pair, make(map[string]string), make(map[string]string)}
		forge(f)
		if len(f.access)+len(f.refresh) == 0 {
			t.Fatal("nothing was forged")
		}
		s.noCalls("rubbish", func() {
			for i, name := range slices.Sorted(maps.Keys(f.access)) {
				s.wantNoAccess(name, f.access[name])
				if i%4 == 0 {
					s.wantNoLogout(name, f.access[name])
				}
			}
			for i, name := range slices.Sorted(maps.Keys(f.refresh)) {
				s.wantNoReissue(name, f.refresh[name], ways()[i%2])
				if i%4 == 0 {
					s.wantNoLogout(name, f.refresh[name])
				}
			}
		})
		s.wantEvents()
		if more := strings.TrimPrefix(s.Log(), log); more != "" {
			t.Errorf("log: got %.2000s, want nothing about rubbish", more)
		}
		s.wantAlive(pair)
	}
}

// wantNoAccess checks that a token is no access token, in the words that all
// get.
func (s *scene) wantNoAccess(name, token string) {
	s.t.Helper()
	invalid := refusal(core.ErrTokenInvalid)
	if !fitsHeader(token) {
		// A client that sends such a header is refused by net/http, or breaks
		// the header in two.
		if got := s.raw(token); got.Status != http.StatusBadRequest && render(got) != render(invalid) {
			s.t.Errorf("%s: access: got %s\nwant a bad request or %s", name, render(got), render(invalid))
		}
		return
	}
	s.want(name+": access", s.Me(token), invalid)
}

// wantNoReissue checks that a token is no refresh token, in the words that all
// get. One that is longer than a body may be gets no further.
func (s *scene) wantNoReissue(name, token string, ways ...way) {
	s.t.Helper()
	for _, w := range ways {
		if len(token) > maxBody {
			w.refused = refusal(core.ErrRequestTooLarge)
		}
		s.want(name+": reissue "+w.name, w.send(s.Client, token), w.refused)
	}
}

// wantNoLogout checks that a logout with the token is answered as any other.
// That it has ended nothing is for the caller to see.
func (s *scene) wantNoLogout(name, token string) {
	s.t.Helper()
	want := loggedOut()
	if len(token) > maxBody {
		want = refusal(core.ErrRequestTooLarge)
	}
	s.want(name+": logout by body", s.logoutByBody(token), want)
	if fitsHeader(token) {
		s.want(name+": logout", s.Logout(token), loggedOut())
	}
}

// logoutByBody logs out by a token in JSON.
func (s *scene) logoutByBody(token string) facetest.Answer {
	s.t.Helper()
	return s.Do(facetest.Request{Method: "POST", Path: "/auth/logout", Header: []string{facetest.JSON}, Body: member("token", token)})
}

// member returns a JSON object with one member.
func member(name string, value any) string {
	text, err := json.Marshal(map[string]any{name: value})
	if err != nil {
		panic(err) // the callers have texts and lists of texts only
	}
	return string(text)
}

// fitsHeader reports whether a client can send the token in a header as it is.
func fitsHeader(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r < ' ' && r != '\t' || r == '\x7f' })
}

// raw asks for /api/me with whatever bytes for a token, as no decent client
// would.
func (s *scene) raw(token string) facetest.Answer {
	s.t.Helper()
	address, err := url.Parse(s.URL())
	s.must(err)
	conn, err := net.Dial("tcp", address.Host)
	s.must(err)
	defer conn.Close()
	s.must(conn.SetDeadline(time.Now().Add(30 * time.Second)))
	_, err = fmt.Fprintf(conn, "GET %s/api/me HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", address.Path, address.Host, token)
	s.must(err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	s.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	s.must(err)
	response.Header.Del("Connection")
	return facetest.Answer{Status: response.StatusCode, Header: response.Header, Body: string(body)}
}
