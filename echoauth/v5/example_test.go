package echoauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
)

// newAuthority returns an Authority as a program would configure it, but for
// the secret and the store.
func newAuthority() *core.Authority {
	key, err := core.NewHMACKey("2026-03", []byte("32 random bytes, not this text!!"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := core.New(core.Config{
		Issuer:   "https://example.org",
		Audience: []string{"api"},
		Keys:     []core.Key{key},
		Store:    core.NewMemoryStore(core.MemoryOptions{}),
	})
	if err != nil {
		log.Fatal(err)
	}
	return authority
}

// newAuth returns an Auth as a program would make it.
func newAuth(a *core.Authority, o echoauth.Options) *echoauth.Auth {
	auth, err := echoauth.New(a, o)
	if err != nil {
		log.Fatal(err)
	}
	return auth
}

// login logs alice in and returns her tokens.
func login(h http.Handler) (accessToken, refreshToken string) {
	var tokens struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(send(h, "POST", "/auth/login", "", "").Body.Bytes(), &tokens); err != nil {
		log.Fatal(err)
	}
	return tokens.AccessToken, tokens.RefreshToken
}

// send sends a request with an access token, unless that is empty, and a body
// in JSON.
func send(h http.Handler, method, path, accessToken, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if accessToken != "" {
		r.Header.Set("Authorization", "Bearer "+accessToken)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func Example() {
	auth, err := echoauth.New(newAuthority(), echoauth.Options{})
	if err != nil {
		log.Fatal(err)
	}
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error {
		// Check the password here; auth.Error(c, core.ErrBadCredentials) if
		// it is wrong.
		return auth.Login(c, core.Login{Subject: "alice"})
	})
	e.POST("/auth/reissue", auth.Reissue)
	e.POST("/auth/logout", auth.Logout)
	e.GET("/api/me", func(c *echo.Context) error {
		return c.JSON(http.StatusOK, map[string]any{"user": echoauth.Claims(c).Subject()})
	}, auth.Require)

	access, _ := login(e)
	fmt.Print(send(e, "GET", "/api/me", access, "").Body)
	fmt.Print(send(e, "POST", "/auth/logout", access, "").Body)
	fmt.Print(send(e, "GET", "/api/me", access, "").Body)
	// Output:
	// {"user":"alice"}
	// {}
	// {"error":"invalid_token","error_description":"the access token has been revoked","code":"token_revoked"}
}

func ExampleAuth_Require() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.GET("/api/me", func(c *echo.Context) error {
		return c.String(http.StatusOK, echoauth.Claims(c).Subject())
	}, auth.Require)

	w := send(e, "GET", "/api/me", "", "")
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	w = send(e, "GET", "/api/me", "rubbish", "")
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output:
	// 401 Bearer realm="https://example.org"
	// 401 Bearer realm="https://example.org", error="invalid_token", error_description="the access token is invalid"
}

func ExampleAuth_Optional() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	e.GET("/", func(c *echo.Context) error {
		if claims := echoauth.Claims(c); claims != nil {
			return c.String(http.StatusOK, "hello "+claims.Subject())
		}
		return c.String(http.StatusOK, "hello stranger")
	}, auth.Optional)

	access, _ := login(e)
	fmt.Println(send(e, "GET", "/", "", "").Body)
	fmt.Println(send(e, "GET", "/", access, "").Body)
	// Output:
	// hello stranger
	// hello alice
}

func ExampleAuth_Login() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error {
		var body struct {
			Username string `json:"username"`
			Password string `json:"password"`
		}
		if err := c.Bind(&body); err != nil {
			return auth.Error(c, core.ErrRequestInvalid)
		}
		if body.Username != "alice" || body.Password != "wonderland" { // use bcrypt or the like
			return auth.Error(c, core.ErrBadCredentials)
		}
		return auth.Login(c, core.Login{
			Subject: body.Username,
			Claims:  map[string]any{"roles": []string{"user"}},
			Device:  core.Device{Name: "kitchen tablet"},
		})
	})

	fmt.Println(send(e, "POST", "/auth/login", "", `{"username":"alice","password":"wonderland"}`).Code)
	fmt.Print(send(e, "POST", "/auth/login", "", `{"username":"alice","password":"x"}`).Body)
	// Output:
	// 200
	// {"error":"invalid_grant","error_description":"the user name or the password is wrong","code":"bad_credentials"}
}

func ExampleAuth_Reissue() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	e.POST("/auth/reissue", auth.Reissue)

	_, refresh := login(e)
	fmt.Println(send(e, "POST", "/auth/reissue", "", `{"refresh_token":"`+refresh+`"}`).Code)
	fmt.Print(send(e, "POST", "/auth/reissue", "", `{"refresh_token":"rubbish"}`).Body)
	// Output:
	// 200
	// {"error":"invalid_grant","error_description":"the refresh token is invalid, expired or revoked","code":"refresh_invalid"}
}

func ExampleAuth_Logout() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	e.POST("/auth/logout", auth.Logout)
	e.GET("/api/me", func(c *echo.Context) error { return c.NoContent(http.StatusOK) }, auth.Require)

	access, refresh := login(e)
	fmt.Print(send(e, "POST", "/auth/logout", "", `{"refresh_token":"`+refresh+`"}`).Body)
	fmt.Println(send(e, "GET", "/api/me", access, "").Code)
	// Output:
	// {}
	// 401
}

func ExampleAuth_LogoutAll() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	e.POST("/auth/logout-all", auth.LogoutAll)

	login(e)
	login(e)
	access, _ := login(e)
	fmt.Print(send(e, "POST", "/auth/logout-all?keep=current", access, "").Body)
	fmt.Print(send(e, "POST", "/auth/logout-all", access, "").Body)
	// Output:
	// {"ended":2}
	// {"ended":1}
}

func ExampleAuth_Sessions() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error {
		return auth.Login(c, core.Login{Subject: "alice", Device: core.Device{Name: "kitchen tablet"}})
	})
	e.Match([]string{http.MethodGet, http.MethodHead}, "/auth/sessions", auth.Sessions)

	access, _ := login(e)
	var list struct {
		Sessions []struct {
			Current bool
			Device  struct{ Name string }
		}
	}
	if err := json.Unmarshal(send(e, "GET", "/auth/sessions", access, "").Body.Bytes(), &list); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", list.Sessions)
	// Output:
	// [{Current:true Device:{Name:kitchen tablet}}]
}

func ExampleAuth_RevokeSession() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	e.DELETE("/auth/sessions/:id", func(c *echo.Context) error { return auth.RevokeSession(c, c.Param("id")) })

	access, _ := login(e)
	fmt.Print(send(e, "DELETE", "/auth/sessions/another-user's", access, "").Body)
	// Output:
	// {"error":"not_found","error_description":"no such session","code":"session_not_found"}
}

func ExampleAuth_JWKS() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.Match([]string{http.MethodGet, http.MethodHead}, "/.well-known/jwks.json", auth.JWKS)

	// The example's only key is secret: it is not in the set.
	fmt.Print(send(e, "GET", "/.well-known/jwks.json", "", "").Body)
	// Output:
	// {"keys":[]}
}

func ExampleAuth_Error() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error {
		return auth.Login(c, core.Login{Subject: "alice", Claims: map[string]any{"roles": []string{"user"}}})
	})
	admins := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			claims, err := echoauth.ClaimsAs[struct{ Roles []string }](c)
			if err == nil && !slices.Contains(claims.Roles, "admin") {
				err = core.ErrForbidden
			}
			if err != nil {
				return auth.Error(c, err)
			}
			return next(c)
		}
	}
	e.GET("/admin", func(c *echo.Context) error { return c.NoContent(http.StatusOK) }, auth.Require, admins)

	access, _ := login(e)
	fmt.Print(send(e, "GET", "/admin", access, "").Body)
	// Output:
	// {"error":"access_denied","error_description":"the caller may not do this","code":"forbidden"}
}

// Echo's own error handler does not know the errors of package core. With this one
// a handler may return them as they are. The answers to paths and methods without
// a route stay Echo's.
func ExampleAuth_HTTPErrorHandler() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	e.GET("/admin", func(*echo.Context) error { return core.ErrForbidden })

	fmt.Print(send(e, "GET", "/admin", "", "").Body)
	fmt.Print(send(e, "GET", "/nothing", "", "").Body)
	// Output:
	// {"error":"access_denied","error_description":"the caller may not do this","code":"forbidden"}
	// {"message":"Not Found"}
}

// An application with a format of its own for errors answers the library's as it
// answers all others.
func ExampleAuth_Error_ownFormat() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.HTTPErrorHandler = func(c *echo.Context, err error) {
		_, status := echo.ResolveResponseStatus(c.Response(), err)
		problem := http.StatusText(status)
		if refused := new(core.Error); errors.As(err, &refused) {
			problem = refused.Code()
		}
		c.JSON(status, map[string]any{"problem": problem})
	}
	e.GET("/api/me", func(c *echo.Context) error { return c.NoContent(http.StatusOK) }, auth.Require)

	fmt.Print(send(e, "GET", "/api/me", "", "").Body)
	fmt.Print(send(e, "GET", "/nothing", "", "").Body)
	// Output:
	// {"problem":"token_missing"}
	// {"problem":"Not Found"}
}

func ExampleClaimsAs() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/auth/login", func(c *echo.Context) error {
		return auth.Login(c, core.Login{Subject: "alice", Claims: map[string]any{"roles": []string{"user"}}})
	})
	e.GET("/api/me", func(c *echo.Context) error {
		custom, err := echoauth.ClaimsAs[struct {
			Roles []string `json:"roles"`
		}](c)
		if err != nil {
			return auth.Error(c, err)
		}
		return c.JSON(http.StatusOK, map[string]any{"user": echoauth.Claims(c).Subject(), "roles": custom.Roles})
	}, auth.Require)

	access, _ := login(e)
	fmt.Print(send(e, "GET", "/api/me", access, "").Body)
	// Output:
	// {"roles":["user"],"user":"alice"}
}
