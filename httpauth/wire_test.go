package httpauth_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestTable checks the table without a framework, so that a row that fails
// here is this package's fault, and one that fails only there an adapter's.
func TestTable(t *testing.T) { facetest.Run(t, newHandler) }

func TestAccounts(t *testing.T) { facetest.RunAccounts(t, newHandler) }

func newHandler(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := httpauth.New(a, httpauth.Options{Transport: l.Transport})
	m := &mux{auth: auth, prefix: l.Prefix, mux: http.NewServeMux()}
	m.mux.HandleFunc("/", auth.NotFound)

	m.app("/auth/login", func(w http.ResponseWriter, r *http.Request) {
		login, err := facetest.ReadLogin(r)
		if err != nil {
			auth.Error(w, r, err)
			return
		}
		auth.Login(w, r, login)
	}, http.MethodPost)
	claims := func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.FromContext(r.Context())
		facetest.WriteClaims(w, c)
	}
	m.app("/api/me", behind(auth.Require, claims), http.MethodGet, http.MethodHead)
	m.app("/api/maybe", behind(auth.Optional, claims), http.MethodGet)
	m.app("/api/write", behind(auth.Require, claims), http.MethodPut, http.MethodPost)
	m.app("/api/fail", func(w http.ResponseWriter, r *http.Request) { auth.Error(w, r, facetest.Fault(r)) }, http.MethodGet)

	revoke := func(w http.ResponseWriter, r *http.Request) { auth.RevokeSession(w, r, r.PathValue("id")) }
	m.app("/api/read", func(w http.ResponseWriter, r *http.Request) {
		var note facetest.Note
		if err := httpauth.ReadJSON(r, &note); err != nil {
			auth.Error(w, r, err)
			return
		}
		facetest.WriteNote(w, note)
	}, http.MethodPost)
	m.app("/api/panic", func(w http.ResponseWriter, r *http.Request) {
		defer func() { auth.Recovered(w, r, recover(), false) }()
		facetest.Panic(w, r)
	}, http.MethodGet)
	block := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			auth.Block(w, r, r.PathValue("user"))
			return
		}
		auth.Unblock(w, r, r.PathValue("user"))
	}
	revokeAll := func(w http.ResponseWriter, r *http.Request) { auth.RevokeAll(w, r, r.PathValue("user")) }
	m.app("/admin/users/{user}/block", behind(auth.Require, block), http.MethodPut, http.MethodDelete)
	m.app("/admin/users/{user}/sessions", behind(auth.Require, revokeAll), http.MethodDelete)
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
		m.auth.MethodNotAllowed(w, r)
	})
}

// behind puts middleware before a handler.
func behind(admit func(http.ResponseWriter, *http.Request) (httpauth.Admission, bool), h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if admission, ok := admit(w, r); ok {
			h(w, admission.Request)
		}
	}
}
