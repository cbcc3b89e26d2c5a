package attacks

import (
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// elsewhere is what a browser says of a page that is not the application's.
func elsewhere(host string) map[string][]string {
	return map[string][]string{
		"a form of another site":    {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Origin: https://evil.example"},
		"a form in a sandbox":       {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe", "Origin: null"},
		"a script of another site":  {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: https://evil.example"},
		"a beacon of another site":  {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty", "Origin: https://evil.example"},
		"a form of a sibling":       {"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Origin: http://blog." + host},
		"a script of a sibling":     {"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: http://blog." + host},
		"an old browser elsewhere":  {"Origin: https://evil.example"},
		"an old browser in a frame": {"Origin: null"},
		"a page that names us":      {"Sec-Fetch-Site: cross-site", "Origin: http://" + host, "Referer: http://" + host + "/"},
	}
}

// host returns where the server is.
func (s *stage) host() string { return strings.TrimPrefix(s.URL(), "http://") }

// Whatever would change something is refused before the store is asked, with
// whatever cookies the browser adds, and nothing has changed then.
func otherOrigins(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	pair, other, bob := s.enter("alice"), s.enter("alice"), s.enter("bob")
	try := func() {
		for _, r := range s.changes(other.SessionID) {
			for from, header := range elsewhere(s.host()) {
				s.noCalls(r.name+" by "+from, func() {
					s.wantError(r.name+" by "+from, s.Do(with(r.request, append(header, s.cookies(pair))...)), core.ErrCrossOrigin)
				})
			}
		}
	}
	s.takeEvents()
	try()
	s.expire() // and now by the refresh token, if it were for silent reissue
	try()
	s.wantEvents()
	s.wantError("access", s.Me(pair.AccessToken), core.ErrTokenExpired)
	for _, p := range []facetest.Pair{pair, other, bob} {
		s.wantLiving(s.issued(s.byCookie(p.RefreshToken)))
	}
}

// A GET changes nothing: where there is something to change it is a 405, and
// what it reads it shows only to the reader.
func imagesAndLinks(t *testing.T, d deployment, tr transport) {
	image := []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"}
	link := []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	s := d.open(t, tr)
	pair := s.enter("alice")
	s.takeEvents()
	for _, header := range [][]string{image, link} {
		header = append(header, s.credentials(pair)...)
		for _, path := range []string{"/auth/login", "/auth/reissue", "/auth/logout", "/auth/logout-all", "/auth/sessions/" + pair.SessionID, "/api/write"} {
			s.noCalls("GET "+path, func() {
				a := s.Do(facetest.Request{Method: "GET", Path: path, Header: header})
				if a.Code() != "method_not_allowed" || a.Header.Get("Allow") == "" {
					s.t.Errorf("GET %s: got %s\nwant 405", path, render(a))
				}
				s.wantNoCookie("GET "+path, a)
			})
		}
		a := s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: header})
		s.wantOK("GET of what may be read", a)
		s.wantNoCookie("GET of what may be read", a)
	}
	s.wantEvents()
	s.expire()
	if tr.silent {
		for name, refused := range map[string][]string{
			"image":            image,
			"image of sibling": {"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"},
			"script":           {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: https://evil.example"},
			"frame":            {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"},
		} {
			s.noCalls(name, func() {
				a := s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: append(refused, s.cookies(pair))})
				s.wantError(name+" with an expired token", a, core.ErrTokenExpired)
			})
		}
		s.noCalls("a link followed with an expired token", func() {
			a := s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: append(link, s.cookies(pair))})
			s.wantBounce("a link followed with an expired token", a)
		})
		s.wantEvents()
		again := []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", s.cookies(pair) + "; __Host-refresh-bounced=1"}
		a := s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: again})
		s.wantOK("the page that a link is answered with", a)
		s.wantEvents(told{core.SessionReissued, pair.SessionID, "rotated"})
		a.Body = member("session_id", pair.SessionID)
		pair = s.issued(a)
		s.spy.learn(pair)
	} else {
		pair = s.issued(s.byCookie(pair.RefreshToken))
	}
	s.wantLiving(pair)
}

// No page of another origin can send a token in the header unless it has it.
func bearerFromAnywhere(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	pair := s.enter("alice")
	for from, header := range elsewhere(s.host()) {
		header = append(header, "Authorization: Bearer "+pair.AccessToken)
		s.wantOK("write from "+from, s.Do(facetest.Request{Method: "PUT", Path: "/api/write", Header: header}))
		s.wantOK("write from "+from+" beside the refresh cookie", s.Do(facetest.Request{Method: "PUT", Path: "/api/write",
			Header: append(header, "Cookie: __Host-refresh="+pair.RefreshToken)}))
		other := s.enter("alice")
		a := s.Do(facetest.Request{Method: "DELETE", Path: "/auth/sessions/" + other.SessionID, Header: header})
		if a.Status != 204 {
			s.t.Errorf("end of a session from %s: got %s\nwant 204", from, render(a))
		}
		s.wantOver(other)
	}
	s.wantLiving(pair)
}
