package facetest

import (
	"net/http"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// NewHandler returns an adapter's handler for the Authority with these routes
// mounted, where L is the layout's Prefix:
//
//	POST   L/auth/login              [ReadLogin], then Login or Error
//	POST   L/auth/reissue            Reissue
//	POST   L/auth/logout             Logout
//	POST   L/auth/logout-all         LogoutAll
//	GET    L/auth/sessions           Sessions, and HEAD
//	DELETE L/auth/sessions/{id}      RevokeSession
//	GET    L/.well-known/jwks.json   JWKS, and HEAD
//	GET    L/api/me                  Require, then [WriteClaims], and HEAD
//	GET    L/api/maybe               Optional, then [WriteClaims]
//	PUT    L/api/write               Require, then [WriteClaims], and POST
//	GET    L/api/fail                Error of [Fault]
//	PUT    L/admin/users/{user}/block          Require, then BlockUser
//	DELETE L/admin/users/{user}/block          Require, then UnblockUser
//	POST   L/admin/users/{user}/refresh-claims Require, then RefreshClaims
//	GET    L/admin/users/{user}/sessions       Require, then UserSessions, and HEAD
//	DELETE L/admin/users/{user}/sessions       Require, then RevokeUser
//	DELETE L/admin/users/{user}/sessions/{id}  Require, then RevokeUserSession
//	GET    L/healthz                 Health, and HEAD
//
// Other paths are answered with Error of [core.ErrNotFound], and other methods of
// these paths with that of [core.ErrMethodNotAllowed]. A user's name in a path may have an escaped slash.
type NewHandler func(tb testing.TB, a *core.Authority, l Layout) http.Handler

// Layout says how the routes are mounted.
type Layout struct {
	Name string
	// Prefix is before every path, by a group of the framework's.
	Prefix string
	// AnyMethod mounts the library's handlers, but those that act on any user,
	// for every method, so that they answer 405 themselves, and those of sessions without Require, so that
	// they authenticate themselves. Otherwise each route is mounted for its
	// methods, and LogoutAll, Sessions and RevokeSession are behind Require.
	AnyMethod bool
	// Transport is for the adapter's Options.
	Transport httpauth.Transport
}

// layouts are those that Run goes through.
func layouts() []Layout {
	return []Layout{
		{Name: "routes by method"},
		{Name: "routes for any method", AnyMethod: true},
		{Name: "routes in a group", Prefix: "/v1/tenant"},
	}
}
