package main

import (
	"net/http"

	"github.com/ratchetauth/ratchet/httpauth"
)

// mountAdmin mounts what administrators may do to a user.
func (a *app) mountAdmin(mux *http.ServeMux) {
	admin := a.auth.RequireRole("admin")
	for pattern, handler := range map[string]func(w http.ResponseWriter, r *http.Request, user string){
		"GET /admin/users/{user}":                 a.account,
		"PUT /admin/users/{user}/block":           a.auth.BlockUser,
		"DELETE /admin/users/{user}/block":        a.auth.UnblockUser,
		"POST /admin/users/{user}/refresh-claims": a.auth.RefreshClaims,
		"DELETE /admin/users/{user}/sessions":     a.auth.RevokeUser,
		"DELETE /admin/users/{user}/sessions/{id}": func(w http.ResponseWriter, r *http.Request, user string) {
			a.auth.RevokeUserSession(w, r, user, r.PathValue("id"))
		},
	} {
		mux.Handle(pattern, a.auth.Require(admin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handler(w, r, r.PathValue("user"))
		}))))
	}
}

// account answers whether a user is blocked, and with the user's sessions.
func (a *app) account(w http.ResponseWriter, r *http.Request, user string) {
	all, err := accountOf(r.Context(), a.authority, user, httpauth.Claims(r))
	if err != nil {
		a.auth.Error(w, r, err)
		return
	}
	httpauth.NoStore(w.Header())
	writeJSON(w, all)
}
