package echoauth_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"slices"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
)

// newEcho returns an Echo that unescapes the parameters of a path, however the
// client has escaped it. By itself Echo does not.
func newEcho() *echo.Echo {
	router := echo.NewRouter(echo.RouterConfig{UnescapePathParamValues: true})
	return echo.NewWithConfig(echo.Config{Router: router})
}

// newAdmin returns an Echo with the routes of an administrator, and a login
// of alice, who is one.
func newAdmin(auth *echoauth.Auth) *echo.Echo {
	e := newEcho()
	e.POST("/auth/login", func(c *echo.Context) error {
		user := cmp.Or(c.QueryParam("user"), "alice")
		roles := map[string][]string{"alice": {"admin"}}[user]
		return auth.Login(c, core.Login{Subject: user, Claims: map[string]any{"roles": roles}})
	})
	// Without this check every user would be an administrator.
	requireAdmin := func(next echo.HandlerFunc) echo.HandlerFunc {
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
	user := func(handle func(*echo.Context, string) error) echo.HandlerFunc {
		return func(c *echo.Context) error { return handle(c, c.Param("user")) }
	}
	admin := []echo.MiddlewareFunc{auth.Require, requireAdmin}
	e.PUT("/admin/users/:user/block", user(auth.BlockUser), admin...)
	e.DELETE("/admin/users/:user/block", user(auth.UnblockUser), admin...)
	e.GET("/admin/users/:user/sessions", user(auth.UserSessions), admin...)
	e.DELETE("/admin/users/:user/sessions", user(auth.RevokeUser), admin...)
	e.DELETE("/admin/users/:user/sessions/:id", func(c *echo.Context) error {
		return auth.RevokeUserSession(c, c.Param("user"), c.Param("id"))
	}, admin...)
	return e
}

func ExampleAuth_BlockUser() {
	e := newAdmin(newAuth(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	fmt.Println(send(e, "PUT", "/admin/users/bob/block", access, `{"until":"2999-01-01T00:00:00Z"}`).Code)
	fmt.Print(send(e, "POST", "/auth/login?user=bob", "", "").Body)
	fmt.Println(send(e, "PUT", "/admin/users/a%2Fb/block", access, "").Code) // a/b, for ever
	// Output:
	// 204
	// {"error":"access_denied","error_description":"the user is blocked","code":"user_blocked"}
	// 204
}

func ExampleAuth_UnblockUser() {
	e := newAdmin(newAuth(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	send(e, "PUT", "/admin/users/bob/block", access, "")
	fmt.Println(send(e, "DELETE", "/admin/users/bob/block", access, "").Code)
	fmt.Println(send(e, "POST", "/auth/login?user=bob", "", "").Code)
	// Output:
	// 204
	// 200
}

func ExampleAuth_RevokeUser() {
	e := newAdmin(newAuth(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	send(e, "POST", "/auth/login?user=bob", "", "")
	send(e, "POST", "/auth/login?user=bob", "", "")
	fmt.Print(send(e, "DELETE", "/admin/users/bob/sessions", access, "").Body)
	fmt.Println(send(e, "DELETE", "/admin/users/bob/sessions", "", "").Code)
	// Output:
	// {"ended":2}
	// 401
}

func ExampleAuth_RevokeUserSession() {
	e := newAdmin(newAuth(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	send(e, "POST", "/auth/login?user=bob", "", "")
	var list struct{ Sessions []struct{ ID string } }
	if err := json.Unmarshal(send(e, "GET", "/admin/users/bob/sessions", access, "").Body.Bytes(), &list); err != nil {
		log.Fatal(err)
	}
	path := "/admin/users/bob/sessions/" + list.Sessions[0].ID
	fmt.Println(send(e, "DELETE", path, access, "").Code)
	fmt.Println(send(e, "DELETE", path, access, "").Code) // there is no such session any more
	// Output:
	// 204
	// 404
}

func ExampleAuth_Health() {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.Match([]string{http.MethodGet, http.MethodHead}, "/healthz", auth.Health)

	fmt.Print(send(e, "GET", "/healthz", "", "").Body)
	// Output:
	// {"status":"ok"}
}
