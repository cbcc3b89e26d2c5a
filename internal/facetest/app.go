package facetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// ReadLogin is the application's half of the login: it reads the body
// {"username","device","roles"}, all but the first optional, and returns the
// login of that user. There is no password. No user name is
// [core.ErrBadCredentials].
func ReadLogin(r *http.Request) (core.Login, error) {
	var body struct {
		Username string   `json:"username"`
		Device   string   `json:"device"`
		Roles    []string `json:"roles"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return core.Login{}, fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	if body.Username == "" {
		return core.Login{}, fmt.Errorf("%w: no user name", core.ErrBadCredentials)
	}
	l := core.Login{Subject: body.Username, Device: core.Device{Name: body.Device}}
	if body.Roles != nil {
		l.Claims = map[string]any{"roles": body.Roles}
	}
	return l, nil
}

// WriteClaims is the application's handler of the routes that look at claims.
// It answers {"user","session"} with the roles, if the token has any, and with
// empty strings if there are no claims.
func WriteClaims(w http.ResponseWriter, c *core.Claims) {
	var body struct {
		User    string   `json:"user"`
		Session string   `json:"session"`
		Roles   []string `json:"roles,omitempty"`
	}
	if c != nil {
		body.User, body.Session = c.Subject(), c.SessionID()
		if err := c.Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

// secretDetail stands for what an error has around it and a client must not
// see.
const secretDetail = "dial tcp 10.1.2.3:6379: connect: connection refused"

// Fault returns the error that a request to /api/fail asks for: with the query
// ?code= the core.Error with that code, wrapped, otherwise one that is none.
func Fault(r *http.Request) error {
	code := r.URL.Query().Get("code")
	all := sentinels()
	if i := slices.IndexFunc(all, func(e *core.Error) bool { return e.Code() == code }); i >= 0 {
		return fmt.Errorf("%s: %w: %s", secretDetail, all[i], secretDetail)
	}
	return errors.New(secretDetail)
}

// Must returns a value that is known to be good.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// sentinels are the errors that an application may hand to Error.
func sentinels() []*core.Error {
	return []*core.Error{
		core.ErrTokenMissing, core.ErrTokenInvalid, core.ErrTokenExpired, core.ErrTokenRevoked,
		core.ErrRefreshMissing, core.ErrRefreshInvalid,
		core.ErrBadCredentials, core.ErrUserBlocked, core.ErrForbidden, core.ErrCrossOrigin,
		core.ErrSessionNotFound, core.ErrSessionLimit,
		core.ErrRequestInvalid, core.ErrNotFound, core.ErrMethodNotAllowed, core.ErrRequestTooLarge, core.ErrUnsupportedMediaType,
		core.ErrUnavailable, core.ErrInternal,
	}
}
