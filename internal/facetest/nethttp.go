package facetest

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// NetHTTP mounts what a [Layout] names on [httpauth.Auth], the face for net/http.
func NetHTTP(_ testing.TB, a *core.Authority, l Layout) http.Handler {
	auth := Must(httpauth.New(a, httpauth.Options{Transport: l.Transport}))
	m := &mux{auth: auth, prefix: l.Prefix, mux: http.NewServeMux()}
	m.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { auth.Error(w, r, core.ErrNotFound) })

	m.app("/auth/login", func(w http.ResponseWriter, r *http.Request) {
		login, err := ReadLogin(r)
		if err != nil {
			auth.Error(w, r, err)
			return
		}
		auth.Login(w, r, login)
	}, http.MethodPost)
	claims := func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.FromContext(r.Context())
		WriteClaims(w, c)
	}
	m.app("/api/me", behind(auth.Require, claims), http.MethodGet, http.MethodHead)
	m.app("/api/maybe", behind(auth.Optional, claims), http.MethodGet)
	m.app("/api/write", behind(auth.Require, claims), http.MethodPut, http.MethodPost)
	m.app("/api/fail", func(w http.ResponseWriter, r *http.Request) { auth.Error(w, r, Fault(r)) }, http.MethodGet)

	revoke := func(w http.ResponseWriter, r *http.Request) { auth.RevokeSession(w, r, r.PathValue("id")) }
	users := func(path string, byMethod map[string]func(http.ResponseWriter, *http.Request)) {
		m.app("/admin/users/{user}"+path, behind(auth.Require, func(w http.ResponseWriter, r *http.Request) {
			byMethod[r.Method](w, r)
		}), slices.Collect(maps.Keys(byMethod))...)
	}
	user := func(handle func(http.ResponseWriter, *http.Request, string)) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { handle(w, r, r.PathValue("user")) }
	}
	users("/block", map[string]func(http.ResponseWriter, *http.Request){"PUT": user(auth.BlockUser), "DELETE": user(auth.UnblockUser)})
	users("/refresh-claims", map[string]func(http.ResponseWriter, *http.Request){"POST": user(auth.RefreshClaims)})
	users("/sessions", map[string]func(http.ResponseWriter, *http.Request){
		"GET": user(auth.UserSessions), "HEAD": user(auth.UserSessions), "DELETE": user(auth.RevokeUser),
	})
	users("/sessions/{id}", map[string]func(http.ResponseWriter, *http.Request){
		"DELETE": func(w http.ResponseWriter, r *http.Request) {
			auth.RevokeUserSession(w, r, r.PathValue("user"), r.PathValue("id"))
		},
	})
	if l.AnyMethod {
		m.handle("/healthz", auth.Health)
		m.handle("/auth/reissue", auth.Reissue)
		m.handle("/auth/logout", auth.Logout)
		m.handle("/auth/logout-all", auth.LogoutAll)
		m.handle("/auth/sessions", auth.Sessions)
		m.handle("/auth/sessions/{id}", revoke)
		m.handle("/.well-known/jwks.json", auth.JWKS)
		return m.mux
	}
	m.app("/healthz", auth.Health, http.MethodGet, http.MethodHead)
	m.app("/auth/reissue", auth.Reissue, http.MethodPost)
	m.app("/auth/logout", auth.Logout, http.MethodPost)
	m.app("/auth/logout-all", behind(auth.Require, auth.LogoutAll), http.MethodPost)
	m.app("/auth/sessions", behind(auth.Require, auth.Sessions), http.MethodGet, http.MethodHead)
	m.app("/auth/sessions/{id}", behind(auth.Require, revoke), http.MethodDelete)
	m.app("/.well-known/jwks.json", auth.JWKS, http.MethodGet, http.MethodHead)
	return m.mux
}

// mux is the little that the table needs of a framework.
type mux struct {
	auth   *httpauth.Auth
	prefix string
	mux    *http.ServeMux
}

func (m *mux) handle(path string, h http.HandlerFunc) { m.mux.HandleFunc(m.prefix+path, h) }

// app mounts a handler for some methods.
func (m *mux) app(path string, h http.HandlerFunc, methods ...string) {
	m.handle(path, func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(methods, r.Method) {
			h(w, r)
			return
		}
		for _, method := range methods {
			w.Header().Add("Allow", method)
		}
		m.auth.Error(w, r, core.ErrMethodNotAllowed)
	})
}

// behind puts middleware before a handler.
func behind(middleware func(http.Handler) http.Handler, h http.HandlerFunc) http.HandlerFunc {
	return middleware(h).ServeHTTP
}
