package ginauth_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
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
func newAuth(a *core.Authority, o ginauth.Options) *ginauth.Auth {
	auth, err := ginauth.New(a, o)
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
	auth, err := ginauth.New(newAuthority(), ginauth.Options{})
	if err != nil {
		log.Fatal(err)
	}
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) {
		// Check the password here; auth.Error(c, core.ErrBadCredentials) if
		// it is wrong.
		auth.Login(c, core.Login{Subject: "alice"})
	})
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.GET("/api/me", auth.Require, func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"user": ginauth.Claims(c).Subject()})
	})

	access, _ := login(r)
	fmt.Println(send(r, "GET", "/api/me", access, "").Body)
	fmt.Print(send(r, "POST", "/auth/logout", access, "").Body)
	fmt.Println(send(r, "GET", "/api/me", access, "").Body)
	// Output:
	// {"user":"alice"}
	// {}
	// {"error":"invalid_token","error_description":"the access token has been revoked","code":"token_revoked"}
}

func ExampleAuth_Require() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	api := r.Group("/api", auth.Require)
	api.GET("/me", func(c *gin.Context) { c.String(http.StatusOK, ginauth.Claims(c).Subject()) })

	w := send(r, "GET", "/api/me", "", "")
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	w = send(r, "GET", "/api/me", "rubbish", "")
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output:
	// 401 Bearer realm="https://example.org"
	// 401 Bearer realm="https://example.org", error="invalid_token", error_description="the access token is invalid"
}

func ExampleAuth_Optional() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) })
	r.GET("/", auth.Optional, func(c *gin.Context) {
		if claims := ginauth.Claims(c); claims != nil {
			c.String(http.StatusOK, "hello "+claims.Subject())
			return
		}
		c.String(http.StatusOK, "hello stranger")
	})

	access, _ := login(r)
	fmt.Println(send(r, "GET", "/", "", "").Body)
	fmt.Println(send(r, "GET", "/", access, "").Body)
	// Output:
	// hello stranger
	// hello alice
}

func ExampleAuth_Login() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) {
		var body struct{ Username, Password string }
		if err := c.ShouldBindJSON(&body); err != nil {
			auth.Error(c, core.ErrRequestInvalid)
			return
		}
		if body.Username != "alice" || body.Password != "wonderland" { // use bcrypt or the like
			auth.Error(c, core.ErrBadCredentials)
			return
		}
		auth.Login(c, core.Login{
			Subject: body.Username,
			Claims:  map[string]any{"roles": []string{"user"}},
			Device:  core.Device{Name: "kitchen tablet"},
		})
	})

	fmt.Println(send(r, "POST", "/auth/login", "", `{"username":"alice","password":"wonderland"}`).Code)
	fmt.Print(send(r, "POST", "/auth/login", "", `{"username":"alice","password":"x"}`).Body)
	// Output:
	// 200
	// {"error":"invalid_grant","error_description":"the user name or the password is wrong","code":"bad_credentials"}
}

func ExampleAuth_Reissue() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) })
	r.POST("/auth/reissue", auth.Reissue)

	_, refresh := login(r)
	fmt.Println(send(r, "POST", "/auth/reissue", "", `{"refresh_token":"`+refresh+`"}`).Code)
	fmt.Print(send(r, "POST", "/auth/reissue", "", `{"refresh_token":"rubbish"}`).Body)
	// Output:
	// 200
	// {"error":"invalid_grant","error_description":"the refresh token is invalid, expired or revoked","code":"refresh_invalid"}
}

func ExampleAuth_Logout() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) })
	r.POST("/auth/logout", auth.Logout)
	r.GET("/api/me", auth.Require, func(c *gin.Context) { c.Status(http.StatusOK) })

	access, refresh := login(r)
	fmt.Print(send(r, "POST", "/auth/logout", "", `{"refresh_token":"`+refresh+`"}`).Body)
	fmt.Println(send(r, "GET", "/api/me", access, "").Code)
	// Output:
	// {}
	// 401
}

func ExampleAuth_LogoutAll() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) })
	r.POST("/auth/logout-all", auth.LogoutAll)

	login(r)
	login(r)
	access, _ := login(r)
	fmt.Print(send(r, "POST", "/auth/logout-all?keep=current", access, "").Body)
	fmt.Print(send(r, "POST", "/auth/logout-all", access, "").Body)
	// Output:
	// {"ended":2}
	// {"ended":1}
}

func ExampleAuth_Sessions() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) {
		auth.Login(c, core.Login{Subject: "alice", Device: core.Device{Name: "kitchen tablet"}})
	})
	r.Match([]string{http.MethodGet, http.MethodHead}, "/auth/sessions", auth.Sessions)

	access, _ := login(r)
	var list struct {
		Sessions []struct {
			Current bool
			Device  struct{ Name string }
		}
	}
	if err := json.Unmarshal(send(r, "GET", "/auth/sessions", access, "").Body.Bytes(), &list); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", list.Sessions)
	// Output:
	// [{Current:true Device:{Name:kitchen tablet}}]
}

func ExampleAuth_RevokeSession() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) })
	r.DELETE("/auth/sessions/:id", func(c *gin.Context) { auth.RevokeSession(c, c.Param("id")) })

	access, _ := login(r)
	fmt.Print(send(r, "DELETE", "/auth/sessions/another-user's", access, "").Body)
	// Output:
	// {"error":"not_found","error_description":"no such session","code":"session_not_found"}
}

func ExampleAuth_JWKS() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.Match([]string{http.MethodGet, http.MethodHead}, "/.well-known/jwks.json", auth.JWKS)

	// The example's only key is secret: it is not in the set.
	fmt.Print(send(r, "GET", "/.well-known/jwks.json", "", "").Body)
	// Output:
	// {"keys":[]}
}

func ExampleAuth_Error() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) {
		auth.Login(c, core.Login{Subject: "alice", Claims: map[string]any{"roles": []string{"user"}}})
	})
	admins := func(c *gin.Context) {
		claims, err := ginauth.ClaimsAs[struct{ Roles []string }](c)
		if err == nil && !slices.Contains(claims.Roles, "admin") {
			err = core.ErrForbidden
		}
		if err != nil {
			auth.Error(c, err)
		}
	}
	r.GET("/admin", auth.Require, admins, func(c *gin.Context) { c.Status(http.StatusOK) })

	access, _ := login(r)
	fmt.Print(send(r, "GET", "/admin", access, "").Body)
	// Output:
	// {"error":"access_denied","error_description":"the caller may not do this","code":"forbidden"}
}

// Gin has its own answers to paths and methods without a route. These are those
// of package httpauth.
func ExampleAuth_Error_routes() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.NoMethod(func(c *gin.Context) { auth.Error(c, core.ErrMethodNotAllowed) })
	r.NoRoute(func(c *gin.Context) { auth.Error(c, core.ErrNotFound) })
	r.GET("/api/me", auth.Require, func(c *gin.Context) { c.Status(http.StatusOK) })

	w := send(r, "POST", "/api/me", "", "")
	fmt.Println(w.Code, w.Header().Get("Allow"))
	fmt.Print(send(r, "GET", "/nothing", "", "").Body)
	// Output:
	// 405 GET
	// {"error":"not_found","error_description":"there is nothing at this path","code":"not_found"}
}

func ExampleClaimsAs() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) {
		auth.Login(c, core.Login{Subject: "alice", Claims: map[string]any{"roles": []string{"user"}}})
	})
	r.GET("/api/me", auth.Require, func(c *gin.Context) {
		custom, err := ginauth.ClaimsAs[struct {
			Roles []string `json:"roles"`
		}](c)
		if err != nil {
			auth.Error(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"user": ginauth.Claims(c).Subject(), "roles": custom.Roles})
	})

	access, _ := login(r)
	fmt.Println(send(r, "GET", "/api/me", access, "").Body)
	// Output:
	// {"roles":["user"],"user":"alice"}
}
