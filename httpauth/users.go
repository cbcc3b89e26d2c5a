package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Block ends a user's sessions and refuses their logins, until the time that
// the body names or for ever. Like Unblock and RevokeAll it asks nothing of the
// caller but to have been admitted.
func (a *Auth) Block(w http.ResponseWriter, r *http.Request, user string) {
	if !a.allow(w, r, http.MethodPut) {
		return
	}
	caller, ok := a.admitted(w, r)
	if !ok {
		return
	}
	until, err := readUntil(r)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	r, cancel := limit(r)
	defer cancel()
	if err := a.authority.Block(r.Context(), user, until); err != nil {
		a.Error(w, r, err)
		return
	}
	if a.cookies != nil && user == caller.Subject() {
		a.cookies.clear(w)
	}
	writeNothing(w)
}

// Unblock lets a user log in again.
func (a *Auth) Unblock(w http.ResponseWriter, r *http.Request, user string) {
	if !a.allow(w, r, http.MethodDelete) {
		return
	}
	if _, ok := a.admitted(w, r); !ok {
		return
	}
	r, cancel := limit(r)
	defer cancel()
	if err := a.authority.Unblock(r.Context(), user); err != nil {
		a.Error(w, r, err)
		return
	}
	writeNothing(w)
}

// RevokeAll ends all of a user's sessions and answers how many it ended.
func (a *Auth) RevokeAll(w http.ResponseWriter, r *http.Request, user string) {
	if !a.allow(w, r, http.MethodDelete) {
		return
	}
	caller, ok := a.admitted(w, r)
	if !ok {
		return
	}
	r, cancel := limit(r)
	defer cancel()
	ended, err := a.authority.RevokeAll(r.Context(), user)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	if a.cookies != nil && user == caller.Subject() {
		a.cookies.clear(w)
	}
	a.writeJSON(w, r, http.StatusOK, endedAnswer{ended})
}

// admitted returns the claims that the middleware has put in the request's
// context, and false where none has, after it has written the 500. What acts on
// any user does not authenticate by itself: where nothing has before it, nothing
// has checked the caller's rights either, and every user would be an
// administrator.
func (a *Auth) admitted(w http.ResponseWriter, r *http.Request) (*core.Claims, bool) {
	caller, ok := core.FromContext(r.Context())
	if !ok {
		a.Error(w, r, errors.New("httpauth: a handler that acts on any user has no Require before it"))
	}
	return caller, ok
}

// readUntil returns the end of a block that the body names, the zero time for
// one without an end.
func readUntil(r *http.Request) (time.Time, error) {
	var body struct {
		Until *time.Time `json:"until"`
	}
	if err := ReadJSON(r, &body); err != nil || body.Until == nil {
		return time.Time{}, err
	}
	if body.Until.IsZero() { // which would be for ever
		return time.Time{}, fmt.Errorf("%w: until is in the year 1", core.ErrRequestInvalid)
	}
	return *body.Until, nil
}
