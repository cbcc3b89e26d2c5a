package between

import (
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// mountReports mounts what nginx asks about the files under /reports/. It asks
// /internal/check, which never reissues. Whom that refuses it sends to the same
// address here, which reissues and sends the browser back.
func mountReports(mux *http.ServeMux, authority *core.Authority, auth *httpauth.Auth) error {
	checking, err := httpauth.New(authority, httpauth.Options{
		Transport: httpauth.Cookie(httpauth.CookieOptions{}), // without SilentReissue
	})
	if err != nil {
		return err
	}
	mux.Handle("/internal/check", checking.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-User", httpauth.Claims(r).Subject())
		w.WriteHeader(http.StatusNoContent)
	})))
	mux.Handle("/reports/", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusTemporaryRedirect) // the same method and body, once more
	})))
	return nil
}

// mountRenew mounts where a renderer sends a browser whose access token has
// expired. It reissues and sends the browser back to the page.
func mountRenew(mux *http.ServeMux, auth *httpauth.Auth) {
	mux.Handle("GET /auth/renew", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, httpauth.Next(r), http.StatusSeeOther)
	})))
}

// limited gives a handler 5 seconds. Require stands before the limit.
func limited(auth *httpauth.Auth, handler http.Handler) http.Handler {
	return auth.Require(http.TimeoutHandler(handler, 5*time.Second, "timed out"))
}
