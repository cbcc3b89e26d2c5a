package httpauth_test

import (
	"net/http"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestRequireAllocs(t *testing.T) {
	facetest.CheckAllocs(t, func(a *core.Authority) (bare, required http.Handler) {
		auth := facetest.Must(httpauth.New(a, httpauth.Options{}))
		bare = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		return bare, auth.Require(bare)
	})
}

// behindRecover mounts a handler behind Require and what answers a panic.
func behindRecover(a *core.Authority, transport httpauth.Transport, h http.HandlerFunc) http.Handler {
	required := facetest.Must(httpauth.New(a, httpauth.Options{Transport: transport})).Require(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		required.ServeHTTP(w, r)
	})
}

func TestNoStoreBehind(t *testing.T) { facetest.CheckNoStore(t, behindRecover) }

func TestHandshake(t *testing.T) { facetest.CheckHandshake(t, behindRecover) }

// TestShop plays an application that is configured from outside and maps its
// errors in one place.
func TestShop(t *testing.T) {
	settings, err := config.FromEnv(facetest.ShopEnvironment, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	layout := facetest.Layout{Prefix: facetest.ShopEnvironment("PATH_PREFIX"), Transport: settings.Transport}
	facetest.RunShop(t, newShop, layout, func(c *core.Config) { *c = settings.Core })
}

func newShop(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := facetest.Must(httpauth.New(a, httpauth.Options{Transport: l.Transport}))
	// Here the application's errors become answers.
	route := func(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				auth.Error(w, r, facetest.ShopError(err))
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+l.Prefix+"/auth/login", route(func(w http.ResponseWriter, r *http.Request) error {
		login, err := facetest.ReadLogin(r)
		if err != nil {
			return facetest.ErrNoUser
		}
		auth.Login(w, r, login)
		return nil
	}))
	mux.HandleFunc("POST "+l.Prefix+"/auth/reissue", auth.Reissue)
	mux.HandleFunc("POST "+l.Prefix+"/auth/logout", auth.Logout)
	mux.Handle("GET "+l.Prefix+"/api/me", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		facetest.WriteClaims(w, httpauth.Claims(r))
	})))
	mux.Handle("GET "+l.Prefix+"/orders/{id}", auth.Require(route(func(w http.ResponseWriter, r *http.Request) error {
		if err := facetest.Order(r.PathValue("id")); err != nil {
			return err
		}
		facetest.WriteClaims(w, httpauth.Claims(r))
		return nil
	})))
	return mux
}
