package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// BlockUser ends a user's sessions and refuses their logins, until the time that
// the body names or forever. Like every operation on any user it asks nothing of
// the caller but to have been admitted: the application checks the caller's
// rights before.
func (f *Face) BlockUser(w http.ResponseWriter, r *http.Request, user string) error {
	return f.byAdmitted(w, r, func(r *http.Request, caller *core.Claims) error {
		until, err := readUntil(r)
		if err != nil {
			return err
		}
		if err := f.authority.Block(r.Context(), user, until); err != nil {
			return err
		}
		f.clearOwn(w, user, caller)
		writeNothing(w)
		return nil
	}, http.MethodPut)
}

// UnblockUser lets a user log in again.
func (f *Face) UnblockUser(w http.ResponseWriter, r *http.Request, user string) error {
	return f.byAdmitted(w, r, func(r *http.Request, _ *core.Claims) error {
		if err := f.authority.Unblock(r.Context(), user); err != nil {
			return err
		}
		writeNothing(w)
		return nil
	}, http.MethodDelete)
}

// RevokeUser ends all of a user's sessions and answers how many it ended.
func (f *Face) RevokeUser(w http.ResponseWriter, r *http.Request, user string) error {
	return f.byAdmitted(w, r, func(r *http.Request, caller *core.Claims) error {
		ended, err := f.authority.RevokeAll(r.Context(), user)
		if err != nil {
			return err
		}
		f.clearOwn(w, user, caller)
		return writeJSON(w, http.StatusOK, endedAnswer{ended})
	}, http.MethodDelete)
}

// RefreshClaims refuses every access token that a user has been given so far.
func (f *Face) RefreshClaims(w http.ResponseWriter, r *http.Request, user string) error {
	return f.byAdmitted(w, r, func(r *http.Request, _ *core.Claims) error {
		if err := f.authority.RefreshClaims(r.Context(), user); err != nil {
			return err
		}
		writeNothing(w)
		return nil
	}, http.MethodPost)
}

// UserSessions lists a user's sessions.
func (f *Face) UserSessions(w http.ResponseWriter, r *http.Request, user string) error {
	return f.byAdmitted(w, r, func(r *http.Request, caller *core.Claims) error {
		return f.answerSessions(w, r, user, caller)
	}, http.MethodGet, http.MethodHead)
}

// RevokeUserSession ends one session of a user.
func (f *Face) RevokeUserSession(w http.ResponseWriter, r *http.Request, user, id string) error {
	return f.byAdmitted(w, r, func(r *http.Request, caller *core.Claims) error {
		return f.revokeSession(w, r, user, id, caller)
	}, http.MethodDelete)
}

// clearOwn clears the cookies of callers who have ended their own sessions.
func (f *Face) clearOwn(w http.ResponseWriter, user string, caller *core.Claims) {
	if user == caller.Subject() {
		f.clearCookies(w)
	}
}

// readUntil returns the end of a block that the body names, the zero time for
// one without an end. It refuses whatever else is in the body: a name with a slip
// in it must not block a user forever.
func readUntil(r *http.Request) (until time.Time, err error) {
	body, err := readBody(r)
	if err != nil || len(body) == 0 && r.ContentLength == 0 { // what has a length but no text, a middleware has read
		return until, err
	}
	if mediaType(r.Header) != mediaJSON {
		return until, core.ErrUnsupportedMediaType
	}
	list, err := members(body)
	switch {
	case err != nil || len(list) == 0:
	case len(list) > 1 || !strings.EqualFold(list[0].name, "until"):
		err = errors.New("there is a member besides one until")
	case list[0].value != nil:
		text, _ := list[0].value.(string)
		if until.UnmarshalText([]byte(text)) != nil || until.IsZero() { // the year 1 would be forever
			err = errors.New("until must be a time of RFC 3339")
		}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: JSON: %w", core.ErrRequestInvalid, err)
	}
	return until, nil
}
