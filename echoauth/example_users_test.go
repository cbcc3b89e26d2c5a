package echoauth_test

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
)

// newAdmin returns an Echo with the routes of an administrator, and a login
// of alice, who is one.
func newAdmin(auth *echoauth.Auth) *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	e.POST("/auth/login", func(c echo.Context) error {
		user := cmp.Or(c.QueryParam("user"), "alice")
		roles := map[string][]string{"alice": {"admin"}}[user]
		return auth.Login(c, core.Login{Subject: user, Claims: map[string]any{"roles": roles}})
	})
	// Without this check every user would be an administrator.
	requireAdmin := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			claims, err := core.ClaimsAs[struct{ Roles []string }](echoauth.Claims(c))
			if err != nil {
				return err
			}
			if !slices.Contains(claims.Roles, "admin") {
				return core.ErrForbidden
			}
			return next(c)
		}
	}
	e.PUT("/admin/users/:user/block", auth.Block, auth.Require, requireAdmin)
	e.DELETE("/admin/users/:user/block", auth.Unblock, auth.Require, requireAdmin)
	e.DELETE("/admin/users/:user/sessions", auth.RevokeAll, auth.Require, requireAdmin)
	return e
}

func ExampleAuth_Block() {
	e := newAdmin(echoauth.New(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	fmt.Println(send(e, "PUT", "/admin/users/bob/block", access, `{"until":"2999-01-01T00:00:00Z"}`).Code)
	fmt.Println(send(e, "POST", "/auth/login?user=bob", "", "").Body)
	fmt.Println(send(e, "PUT", "/admin/users/a%2Fb/block", access, "").Code) // a/b, for ever
	// Output:
	// 204
	// {"error":"access_denied","error_description":"the user is blocked","code":"user_blocked"}
	// 204
}

func ExampleAuth_Unblock() {
	e := newAdmin(echoauth.New(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	send(e, "PUT", "/admin/users/bob/block", access, "")
	fmt.Println(send(e, "DELETE", "/admin/users/bob/block", access, "").Code)
	fmt.Println(send(e, "POST", "/auth/login?user=bob", "", "").Code)
	// Output:
	// 204
	// 200
}

func ExampleAuth_RevokeAll() {
	e := newAdmin(echoauth.New(newAuthority(), echoauth.Options{}))
	access, _ := login(e)

	send(e, "POST", "/auth/login?user=bob", "", "")
	send(e, "POST", "/auth/login?user=bob", "", "")
	fmt.Println(send(e, "DELETE", "/admin/users/bob/sessions", access, "").Body)
	fmt.Println(send(e, "DELETE", "/admin/users/bob/sessions", "", "").Code)
	// Output:
	// {"ended":2}
	// 401
}

func ExampleAuth_Health() {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.Match([]string{http.MethodGet, http.MethodHead}, "/healthz", auth.Health)

	fmt.Println(send(e, "GET", "/healthz", "", "").Body)
	// Output:
	// {"status":"ok"}
}

func ExampleAuth_Recover() {
	auth := echoauth.New(newAuthority(), echoauth.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	e := echo.New()
	e.Use(auth.Recover)
	e.GET("/", func(echo.Context) error { panic("the stack is in the log") })

	fmt.Println(send(e, "GET", "/", "", "").Body)
	// Output:
	// {"error":"server_error","error_description":"the server failed","code":"internal"}
}

func ExampleReadJSON() {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.POST("/notes", func(c echo.Context) error {
		var in struct {
			Title string
			Text  *string // may be missing
		}
		if err := echoauth.ReadJSON(c, &in); err != nil {
			return auth.Error(c, err)
		}
		return c.String(http.StatusOK, in.Title)
	})

	fmt.Println(send(e, "POST", "/notes", "", `{"title":"one"}`).Body)
	fmt.Println(send(e, "POST", "/notes", "", `{"title":"one","title":"two"}`).Body)
	// Output:
	// one
	// {"error":"invalid_request","error_description":"the request is malformed","code":"request_invalid"}
}
