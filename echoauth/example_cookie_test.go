package echoauth_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
)

// Browsers get cookies, which no script can read and which are reissued on the
// way; mobile clients get their tokens in JSON. Both use the same API.
func Example_webAndMobile() {
	cookies := echoauth.Cookie(echoauth.CookieOptions{SilentReissue: true})
	authority := newAuthority()
	web := newAuth(authority, echoauth.Options{Transport: cookies})
	mobile := newAuth(authority, echoauth.Options{})

	r := echo.New()
	r.POST("/auth/login", func(c echo.Context) error { return web.Login(c, core.Login{Subject: "alice"}) })
	r.POST("/auth/reissue", web.Reissue)
	r.POST("/auth/logout", web.Logout)
	r.POST("/mobile/login", func(c echo.Context) error { return mobile.Login(c, core.Login{Subject: "alice"}) })
	r.POST("/mobile/reissue", mobile.Reissue)
	r.POST("/mobile/logout", mobile.Logout)
	// The cookie transport's Require takes a cookie or a Bearer header. What
	// changes something by a cookie must come from the same origin.
	r.PUT("/api/name", func(c echo.Context) error {
		return c.JSON(http.StatusOK, echo.Map{"user": echoauth.Claims(c).Subject()})
	}, web.Require)

	put := func(header ...string) *httptest.ResponseRecorder {
		request := httptest.NewRequest("PUT", "/api/name", strings.NewReader(`{}`))
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			request.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		return w
	}

	login := send(r, "POST", "/auth/login", "", "")
	var cookie []string
	for _, c := range login.Result().Cookies() {
		cookie = append(cookie, c.Name+"="+c.Value)
		fmt.Println(c.Name, c.HttpOnly, c.Secure, c.Path)
	}
	browser := "Cookie: " + strings.Join(cookie, "; ")
	fmt.Print(put(browser, "Sec-Fetch-Site: same-origin").Body)
	fmt.Print(put(browser, "Sec-Fetch-Site: cross-site").Body)

	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(send(r, "POST", "/mobile/login", "", "").Body.Bytes(), &tokens); err != nil {
		log.Fatal(err)
	}
	fmt.Print(put("Authorization: Bearer " + tokens.AccessToken).Body)
	// Output:
	// __Host-access true true /
	// __Host-refresh true true /
	// {"user":"alice"}
	// {"error":"access_denied","error_description":"the request comes from another origin","code":"cross_origin"}
	// {"user":"alice"}
}

// A browser comes back when its access token has expired. It is served, and
// gets the next pair of cookies on the way.
func ExampleCookie() {
	transport := echoauth.Cookie(echoauth.CookieOptions{SilentReissue: true})
	auth := newAuth(newAuthority(), echoauth.Options{Transport: transport})
	r := echo.New()
	r.POST("/auth/login", func(c echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	r.GET("/account", func(c echo.Context) error {
		return c.String(http.StatusOK, "hello "+echoauth.Claims(c).Subject())
	}, auth.Require)

	login := send(r, "POST", "/auth/login", "", "")
	request := httptest.NewRequest("GET", "/account", nil)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range login.Result().Cookies() {
		if c.Name == "__Host-refresh" { // the other has expired with its token
			request.AddCookie(c)
		}
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	fmt.Println(w.Body)
	for _, c := range w.Result().Cookies() {
		fmt.Println(c.Name)
	}
	fmt.Println(w.Header().Get("Cache-Control"))
	// Output:
	// hello alice
	// __Host-access
	// __Host-refresh
	// no-store
}

// A page of another site, as a single-page application has it, needs cookies
// that go along from there, and its origin's name.
func ExampleHybrid() {
	transport := echoauth.Hybrid(echoauth.CookieOptions{
		SameSite:       http.SameSiteNoneMode,
		TrustedOrigins: []string{"https://app.example.com"},
	})
	auth := newAuth(newAuthority(), echoauth.Options{Transport: transport})
	r := echo.New()
	r.POST("/auth/login", func(c echo.Context) error { return auth.Login(c, core.Login{Subject: "alice"}) })
	r.POST("/auth/reissue", auth.Reissue)

	login := send(r, "POST", "/auth/login", "", "")
	fmt.Println(strings.Contains(login.Body.String(), "refresh_token\""), strings.HasPrefix(login.Header().Get("Authorization"), "Bearer "))
	for _, origin := range []string{"https://app.example.com", "https://evil.example"} {
		request := httptest.NewRequest("POST", "/auth/reissue", nil)
		request.Header.Set("Origin", origin)
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		request.AddCookie(login.Result().Cookies()[0])
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		fmt.Println(origin, w.Code)
	}
	// Output:
	// false true
	// https://app.example.com 200
	// https://evil.example 403
}
