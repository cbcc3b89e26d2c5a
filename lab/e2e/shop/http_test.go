package shop

import (
	"io"
	"net/http"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

func mountHTTP(s *shop) (http.Handler, error) {
	o := s.options()
	o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		writeProblem(w, problemOf(err, http.StatusInternalServerError))
	}
	auth, err := httpauth.New(s.authority, o)
	if err != nil {
		return nil, err
	}
	show := func(w http.ResponseWriter, status int, page string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, page)
	}
	callback := func(w http.ResponseWriter, r *http.Request) {
		user, next, err := s.finish(r)
		if err == nil {
			_, err = auth.Issue(w, r, core.Login{Subject: user}, httpauth.FromOrigin(s.provider.origin()))
		}
		if err != nil {
			auth.Error(w, r, err)
			return
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
	api := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"orders":[1]}`) }

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problemOf(nil, http.StatusNotFound))
	})
	mux.Handle("GET /{$}", auth.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		show(w, http.StatusOK, front(httpauth.Claims(r)))
	})))
	mux.Handle("GET /orders", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		show(w, http.StatusOK, orders(httpauth.Claims(r).Subject()))
	})))
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { show(w, http.StatusOK, loginForm(r, "")) })
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		name := r.PostFormValue("username")
		if !authenticate(name, r.PostFormValue("password")) {
			show(w, http.StatusUnauthorized, loginForm(r, wrong))
			return
		}
		if _, err := auth.Issue(w, r, core.Login{Subject: name}); err != nil {
			auth.Error(w, r, err)
			return
		}
		http.Redirect(w, r, httpauth.Next(r), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := auth.End(w, r); err != nil {
			auth.Error(w, r, err)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /oauth/start", func(w http.ResponseWriter, r *http.Request) {
		address, cookie := s.begin(r)
		http.SetCookie(w, cookie)
		http.Redirect(w, r, address, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /oauth/callback", callback)
	mux.HandleFunc("POST /oauth/callback", callback)
	mux.Handle("GET /api/orders", auth.Require(http.HandlerFunc(api)))
	mux.Handle("POST /api/orders", auth.Require(auth.RequireScope("orders:write")(http.HandlerFunc(api))))
	mux.Handle("DELETE /api/orders", auth.Require(auth.RequireRole("admin")(http.HandlerFunc(api))))
	mux.HandleFunc("POST /api/session", func(w http.ResponseWriter, r *http.Request) {
		if _, err := auth.Renew(w, r); err != nil {
			auth.Error(w, r, err)
			return
		}
		io.WriteString(w, `{"session":"renewed"}`)
	})
	return mux, nil
}

func writeProblem(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", problemMedia)
	w.WriteHeader(p.Status)
	w.Write(p.text())
}
