package config_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestSameSite reads the attribute from the cookies of a login.
func TestSameSite(t *testing.T) {
	tests := map[string]struct {
		env     env
		cookies int
		want    string
	}{
		"hybrid":           {env{"TRANSPORT": "hybrid"}, 1, "Strict"},
		"hybrid, empty":    {env{"TRANSPORT": "hybrid", "COOKIE_SAME_SITE": ""}, 1, "Strict"},
		"hybrid, lax":      {env{"TRANSPORT": "hybrid", "COOKIE_SAME_SITE": "lax"}, 1, "Lax"},
		"hybrid, none":     {env{"TRANSPORT": "hybrid", "COOKIE_SAME_SITE": "none", "TRUSTED_ORIGINS": "https://app.example"}, 1, "None"},
		"cookie":           {env{"TRANSPORT": "cookie"}, 2, "Lax"},
		"cookie, strict":   {env{"TRANSPORT": "cookie", "COOKIE_SAME_SITE": "strict"}, 2, "Strict"},
		"cookie, none":     {env{"TRANSPORT": "cookie", "COOKIE_SAME_SITE": "none"}, 2, "None"},
		"cookie, insecure": {env{"TRANSPORT": "cookie", "COOKIE_SAME_SITE": "strict", "INSECURE_COOKIES": "true"}, 2, "Strict"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := authority(t, core.NewMemoryStore(core.MemoryOptions{}), tt.env)
			auth := facetest.Must(ginauth.New(a, ginauth.Options{Transport: read(t, tt.env).Transport}))
			gin.SetMode(gin.TestMode)
			router, w := gin.New(), httptest.NewRecorder()
			router.POST("/", func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) })
			router.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))

			cookies := w.Header()["Set-Cookie"]
			if len(cookies) != tt.cookies {
				t.Fatalf("the login is answered with %d and the cookies %q, want %d of them", w.Code, cookies, tt.cookies)
			}
			for _, c := range cookies {
				if !strings.HasSuffix(c, "; SameSite="+tt.want) {
					t.Errorf("got the cookie %q, want SameSite=%s", c, tt.want)
				}
			}
		})
	}
}

// TestCookieScope checks that the domain and the partition of the environment are
// those of the cookies of a login.
func TestCookieScope(t *testing.T) {
	for _, transport := range []string{"hybrid", "cookie"} {
		e := env{"TRANSPORT": transport, "COOKIE_DOMAIN": "example.com", "COOKIE_PARTITIONED": "true", "COOKIE_SAME_SITE": "none"}
		a := authority(t, core.NewMemoryStore(core.MemoryOptions{}), e)
		auth := facetest.Must(httpauth.New(a, read(t, e).Options()))
		w := httptest.NewRecorder()
		auth.Login(w, httptest.NewRequest("POST", "https://app.example.com/", nil), core.Login{Subject: "alice"})
		cookies := w.Result().Cookies()
		if len(cookies) == 0 {
			t.Fatalf("%s: got %d %s without a cookie", transport, w.Code, w.Body)
		}
		for _, c := range cookies {
			if c.Domain != "example.com" || !c.Partitioned {
				t.Errorf("%s: got the cookie %v", transport, c)
			}
		}
	}
}

// TestOptions checks that the options of the faces have all that the environment says.
func TestOptions(t *testing.T) {
	s := read(t, env{"TRANSPORT": "cookie", "LOGIN_PAGE": "/sign-in"})
	if o := s.Options(); o.Transport != s.Transport || o.LoginPage != "/sign-in" || o.ErrorHandler != nil || o.Logger != nil {
		t.Errorf("got the options %+v", o)
	}
	if o := read(t, nil).Options(); o.Transport != (httpauth.Transport{}) || o.LoginPage != "" {
		t.Errorf("by default the options are %+v, want none", o)
	}
}
