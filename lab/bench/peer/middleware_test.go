package peer_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
)

// A peer that let everything pass would be fast: each refuses what it must.
func TestPeersVerify(t *testing.T) {
	for _, a := range append(fixture.Asymmetric(t), fixture.HS256(t)) {
		t.Run(a.Name, func(t *testing.T) {
			good := issue(t, a, time.Now())
			bad := map[string]string{
				"no token":          "",
				"another signature": good[:len(good)-10] + "AAAAAAAAAA",
				"expired":           issue(t, a, time.Now().Add(-time.Hour)),
				"another key":       issue(t, anotherKey(t, a.Name), time.Now()),
				"another algorithm": issue(t, anotherAlgorithm(t, a.Name), time.Now()),
			}
			for name, accepts := range verifiers(t, a) {
				if !accepts(good) {
					t.Errorf("%s refuses a good token", name)
				}
				for what, token := range bad {
					if accepts(token) {
						t.Errorf("%s accepts a token that is bad: %s", name, what)
					}
				}
			}
		})
	}
}

func TestParserReadsTheClaims(t *testing.T) {
	a := fixture.HS256(t)
	authority := fixture.Authority(t, core.NewMemoryStore(core.MemoryOptions{}), a)
	tokens, err := authority.Reissue(t.Context(), fixture.Login(t, authority, "alice").RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	want, err := authority.Verify(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	got, err := peer.NewParser(a.Name, a.Verification).Parse(tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != want.Issuer() || got.Subject != want.Subject() || got.SessionID != want.SessionID() ||
		got.ID != want.TokenID() || got.Generation != want.Generation() || got.Generation != 1 ||
		!got.ExpiresAt.Equal(want.ExpiresAt()) || !got.IssuedAt.Equal(want.IssuedAt()) ||
		got.AuthTime != want.AuthTime().Unix() || len(got.Audience) != 1 || got.Audience[0] != want.Audience()[0] {
		t.Errorf("got %+v, want what core reads", got)
	}
}

// verifiers returns the peers as functions that tell whether they accept a
// token.
func verifiers(t *testing.T, a fixture.Algorithm) map[string]func(string) bool {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	ginMiddleware, err := peer.Gin(a.Name, a.Verification)
	if err != nil {
		t.Fatal(err)
	}
	g.GET("/", ginMiddleware, func(c *gin.Context) { c.Status(http.StatusNoContent) })

	e := echo.New()
	echoMiddleware, err := peer.Echo(a.Name, a.Verification)
	if err != nil {
		t.Fatal(err)
	}
	e.GET("/", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }, echoMiddleware)

	parser := peer.NewParser(a.Name, a.Verification)
	return map[string]func(string) bool{
		"gin-jwt":  overHTTP(t, g),
		"echo-jwt": overHTTP(t, e),
		"golang-jwt": func(token string) bool {
			_, err := parser.Parse(token)
			return err == nil
		},
	}
}

func overHTTP(t *testing.T, h http.Handler) func(string) bool {
	return func(token string) bool {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusNoContent:
			return true
		case http.StatusUnauthorized:
		default:
			t.Errorf("got the status %d, want 204 or 401", w.Code)
		}
		return false
	}
}

// issue returns an access token of a login at a time.
func issue(t *testing.T, a fixture.Algorithm, at time.Time) string {
	t.Helper()
	store := core.NewMemoryStore(core.MemoryOptions{Now: func() time.Time { return at }})
	return fixture.Login(t, fixture.Authority(t, store, a), "alice").AccessToken
}

func anotherKey(t *testing.T, algorithm string) fixture.Algorithm {
	t.Helper()
	for _, a := range fixture.Asymmetric(t) {
		if a.Name == algorithm {
			return a
		}
	}
	return fixture.HS256(t)
}

func anotherAlgorithm(t *testing.T, algorithm string) fixture.Algorithm {
	t.Helper()
	if algorithm != "HS256" {
		return fixture.HS256(t)
	}
	return fixture.Asymmetric(t)[0]
}
