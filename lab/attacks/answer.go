package attacks

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// render writes an answer as text. Two answers that a client cannot tell apart
// have one text: the status, all headers but the Date, and the body.
func render(a facetest.Answer) string {
	var text strings.Builder
	fmt.Fprintln(&text, a.Status)
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if name != "Date" {
			fmt.Fprintf(&text, "%s: %q\n", name, a.Header[name])
		}
	}
	text.WriteString(a.Body)
	return text.String()
}

// answered returns an answer of the library, which ends with a newline and may not
// be stored.
func answered(status int, body string) facetest.Answer {
	body += "\n"
	return facetest.Answer{Status: status, Body: body, Header: http.Header{
		"Cache-Control":  {"no-store"},
		"Pragma":         {"no-cache"},
		"Content-Type":   {"application/json"},
		"Content-Length": {strconv.Itoa(len(body))},
	}}
}

// refusal returns the answer that an error gets.
func refusal(e *core.Error) facetest.Answer {
	a := answered(e.Status(), fmt.Sprintf(`{"error":"%s","error_description":"%s","code":"%s"}`, e.OAuthCode(), e.Description(), e.Code()))
	switch {
	case e == core.ErrTokenMissing || e == core.ErrRefreshMissing:
		a.Header.Set("WWW-Authenticate", `Bearer realm="auth.example"`)
	case a.Status == http.StatusUnauthorized:
		a.Header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="auth.example", error="%s", error_description="%s"`, e.OAuthCode(), e.Description()))
	case a.Status == http.StatusServiceUnavailable:
		a.Header.Set("Retry-After", "1")
	}
	return a
}

// loggedOut returns the answer to a logout.
func loggedOut() facetest.Answer { return answered(http.StatusOK, "{}") }

// way is how a client reissues.
type way struct {
	name    string
	send    func(c *facetest.Client, refreshToken string, header ...string) facetest.Answer
	refused facetest.Answer // the one answer to whatever is refused
}

// byJSON is the way of JSON.
func byJSON() way {
	return way{"by JSON", (*facetest.Client).Reissue, refusal(core.ErrRefreshInvalid)}
}

// byForm is the way of OAuth clients, for which a refused grant is a 400
// without a challenge (RFC 6749, section 5.2).
func byForm() way {
	refused := refusal(core.ErrRefreshInvalid)
	refused.Status = http.StatusBadRequest
	refused.Header.Del("WWW-Authenticate")
	return way{"by form", (*facetest.Client).ReissueForm, refused}
}

func ways() []way { return []way{byJSON(), byForm()} }

// want checks a whole answer.
func (s *scene) want(what string, got, want facetest.Answer) {
	s.t.Helper()
	if g, w := render(got), render(want); g != w {
		s.t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// wantError checks that an answer is the refusal of the error and nothing else.
func (s *scene) wantError(what string, got facetest.Answer, e *core.Error) {
	s.t.Helper()
	s.want(what, got, refusal(e))
}

// wantOK checks that a request has been served.
func (s *scene) wantOK(what string, got facetest.Answer) {
	s.t.Helper()
	if got.Status != http.StatusOK {
		s.t.Errorf("%s: got %s\nwant 200", what, render(got))
	}
}
