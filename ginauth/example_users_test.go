package ginauth_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

// newAdmin returns an Engine with the routes of an administrator, and a login
// of alice, who is one.
func newAdmin(auth *ginauth.Auth) *gin.Engine {
	r := gin.New()
	r.UseEscapedPath = true // a name may have a slash
	r.POST("/auth/login", func(c *gin.Context) {
		user := c.DefaultQuery("user", "alice")
		roles := map[string][]string{"alice": {"admin"}}[user]
		auth.Login(c, core.Login{Subject: user, Claims: map[string]any{"roles": roles}})
	})
	// Without this check every user would be an administrator.
	requireAdmin := func(c *gin.Context) {
		claims, err := core.ClaimsAs[struct{ Roles []string }](ginauth.Claims(c))
		if err == nil && !slices.Contains(claims.Roles, "admin") {
			err = core.ErrForbidden
		}
		if err != nil {
			auth.Error(c, err)
		}
	}
	admin := r.Group("/admin/users/:user", auth.Require, requireAdmin)
	admin.PUT("/block", auth.Block)
	admin.DELETE("/block", auth.Unblock)
	admin.DELETE("/sessions", auth.RevokeAll)
	return r
}

func ExampleAuth_Block() {
	r := newAdmin(ginauth.New(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	fmt.Println(send(r, "PUT", "/admin/users/bob/block", access, `{"until":"2999-01-01T00:00:00Z"}`).Code)
	fmt.Println(send(r, "POST", "/auth/login?user=bob", "", "").Body)
	fmt.Println(send(r, "PUT", "/admin/users/a%2Fb/block", access, "").Code) // a/b, for ever
	// Output:
	// 204
	// {"error":"access_denied","error_description":"the user is blocked","code":"user_blocked"}
	// 204
}

func ExampleAuth_Unblock() {
	r := newAdmin(ginauth.New(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	send(r, "PUT", "/admin/users/bob/block", access, "")
	fmt.Println(send(r, "DELETE", "/admin/users/bob/block", access, "").Code)
	fmt.Println(send(r, "POST", "/auth/login?user=bob", "", "").Code)
	// Output:
	// 204
	// 200
}

func ExampleAuth_RevokeAll() {
	r := newAdmin(ginauth.New(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	send(r, "POST", "/auth/login?user=bob", "", "")
	send(r, "POST", "/auth/login?user=bob", "", "")
	fmt.Println(send(r, "DELETE", "/admin/users/bob/sessions", access, "").Body)
	fmt.Println(send(r, "DELETE", "/admin/users/bob/sessions", "", "").Code)
	// Output:
	// {"ended":2}
	// 401
}

func ExampleAuth_Health() {
	auth := ginauth.New(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.Match([]string{http.MethodGet, http.MethodHead}, "/healthz", auth.Health)

	fmt.Println(send(r, "GET", "/healthz", "", "").Body)
	// Output:
	// {"status":"ok"}
}

func ExampleAuth_Recover() {
	auth := ginauth.New(newAuthority(), ginauth.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r := gin.New()
	r.Use(auth.Recover)
	r.GET("/", func(*gin.Context) { panic("the stack is in the log") })

	fmt.Println(send(r, "GET", "/", "", "").Body)
	// Output:
	// {"error":"server_error","error_description":"the server failed","code":"internal"}
}

func ExampleReadJSON() {
	auth := ginauth.New(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.POST("/notes", func(c *gin.Context) {
		var in struct {
			Title string
			Text  *string // may be missing
		}
		if err := ginauth.ReadJSON(c, &in); err != nil {
			auth.Error(c, err)
			return
		}
		c.String(http.StatusOK, in.Title)
	})

	fmt.Println(send(r, "POST", "/notes", "", `{"title":"one"}`).Body)
	fmt.Println(send(r, "POST", "/notes", "", `{"title":"one","title":"two"}`).Body)
	// Output:
	// one
	// {"error":"invalid_request","error_description":"the request is malformed","code":"request_invalid"}
}
