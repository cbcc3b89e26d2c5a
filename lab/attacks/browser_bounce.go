package attacks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/facetest"
)

// wantBounce checks that an answer is the page that loads itself again.
func (s *stage) wantBounce(what string, a facetest.Answer) {
	s.t.Helper()
	if a.Status != 200 || !strings.Contains(a.Body, "<script>location.reload()</script>") {
		s.t.Errorf("%s: got %s\nwant the page that loads itself again", what, render(a))
	}
	s.wantNoCookie(what, a)
}

// Whoever causes a request can cancel it. So none that another origin has
// caused moves a session, whatever the browser says that it is for.
func navigations(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	pair := s.enter("alice")
	s.expire()
	s.takeEvents()
	paths := []string{"/api/me", "/api/maybe", "/api/write", "/auth/sessions", "/auth/reissue", "/auth/logout", "/auth/logout-all", "/auth/login"}
	for _, site := range []string{"cross-site", "same-site"} {
		for _, kind := range []string{"navigate document", "navigate iframe", "nested-navigate iframe", "navigate object", "no-cors image", "no-cors empty", "cors empty", "websocket empty"} {
			mode, dest, _ := strings.Cut(kind, " ")
			header := []string{"Sec-Fetch-Site: " + site, "Sec-Fetch-Mode: " + mode, "Sec-Fetch-Dest: " + dest, s.cookies(pair)}
			for _, purpose := range []string{"", "prefetch", "prefetch;prerender"} {
				if purpose != "" {
					header = append(header[:4:4], "Sec-Purpose: "+purpose)
				}
				for _, method := range []string{"GET", "HEAD", "POST"} {
					for _, path := range paths {
						what := fmt.Sprintf("%s %s from %s, %s %s", method, path, site, kind, purpose)
						s.noCalls(what, func() {
							s.wantNoCookie(what, s.Do(facetest.Request{Method: method, Path: path, Header: header}))
						})
					}
				}
			}
		}
	}
	s.wantEvents()
	s.wantLiving(s.issued(s.byCookie(pair.RefreshToken)))
}
