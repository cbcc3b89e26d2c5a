package ginauth_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

// param returns a parameter of the path for an Engine that leaves it escaped. Where
// Gin unescapes it, a plus sign becomes a space.
func param(c *gin.Context, name string) string {
	value, err := url.PathUnescape(c.Param(name))
	if err != nil {
		return "" // no user has this name
	}
	return value
}

// newAdmin returns an Engine with the routes of an administrator, and a login
// of alice, who is one.
func newAdmin(auth *ginauth.Auth) *gin.Engine {
	r := gin.New()
	r.UseEscapedPath, r.UnescapePathValues = true, false // a name may have a slash
	r.POST("/auth/login", func(c *gin.Context) {
		user := c.DefaultQuery("user", "alice")
		roles := map[string][]string{"alice": {"admin"}}[user]
		auth.Login(c, core.Login{Subject: user, Claims: map[string]any{"roles": roles}})
	})
	// Without this check every user would be an administrator.
	requireAdmin := func(c *gin.Context) {
		claims, err := ginauth.ClaimsAs[struct{ Roles []string }](c)
		if err == nil && !slices.Contains(claims.Roles, "admin") {
			err = core.ErrForbidden
		}
		if err != nil {
			auth.Error(c, err)
		}
	}
	admin := r.Group("/admin/users/:user", auth.Require, requireAdmin)
	user := func(handle func(*gin.Context, string)) gin.HandlerFunc {
		return func(c *gin.Context) { handle(c, param(c, "user")) }
	}
	admin.PUT("/block", user(auth.BlockUser))
	admin.DELETE("/block", user(auth.UnblockUser))
	admin.GET("/sessions", user(auth.UserSessions))
	admin.DELETE("/sessions", user(auth.RevokeUser))
	admin.DELETE("/sessions/:id", func(c *gin.Context) { auth.RevokeUserSession(c, param(c, "user"), c.Param("id")) })
	return r
}

func ExampleAuth_BlockUser() {
	r := newAdmin(newAuth(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	fmt.Println(send(r, "PUT", "/admin/users/bob/block", access, `{"until":"2999-01-01T00:00:00Z"}`).Code)
	fmt.Print(send(r, "POST", "/auth/login?user=bob", "", "").Body)
	fmt.Println(send(r, "PUT", "/admin/users/a%2Fb/block", access, "").Code) // a/b, for ever
	// Output:
	// 204
	// {"error":"access_denied","error_description":"the user is blocked","code":"user_blocked"}
	// 204
}

func ExampleAuth_UnblockUser() {
	r := newAdmin(newAuth(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	send(r, "PUT", "/admin/users/bob/block", access, "")
	fmt.Println(send(r, "DELETE", "/admin/users/bob/block", access, "").Code)
	fmt.Println(send(r, "POST", "/auth/login?user=bob", "", "").Code)
	// Output:
	// 204
	// 200
}

func ExampleAuth_RevokeUser() {
	r := newAdmin(newAuth(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	send(r, "POST", "/auth/login?user=bob", "", "")
	send(r, "POST", "/auth/login?user=bob", "", "")
	fmt.Print(send(r, "DELETE", "/admin/users/bob/sessions", access, "").Body)
	fmt.Println(send(r, "DELETE", "/admin/users/bob/sessions", "", "").Code)
	// Output:
	// {"ended":2}
	// 401
}

func ExampleAuth_RevokeUserSession() {
	r := newAdmin(newAuth(newAuthority(), ginauth.Options{}))
	access, _ := login(r)

	send(r, "POST", "/auth/login?user=bob", "", "")
	var list struct{ Sessions []struct{ ID string } }
	if err := json.Unmarshal(send(r, "GET", "/admin/users/bob/sessions", access, "").Body.Bytes(), &list); err != nil {
		log.Fatal(err)
	}
	path := "/admin/users/bob/sessions/" + list.Sessions[0].ID
	fmt.Println(send(r, "DELETE", path, access, "").Code)
	fmt.Println(send(r, "DELETE", path, access, "").Code) // there is no such session any more
	// Output:
	// 204
	// 404
}

func ExampleAuth_Health() {
	auth := newAuth(newAuthority(), ginauth.Options{})
	r := gin.New()
	r.Match([]string{http.MethodGet, http.MethodHead}, "/healthz", auth.Health)

	fmt.Print(send(r, "GET", "/healthz", "", "").Body)
	// Output:
	// {"status":"ok"}
}
