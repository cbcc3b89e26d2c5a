package httpauth

import (
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// sessionList is the answer of Sessions. Times are RFC 3339 in UTC, in whole
// seconds.
type sessionList struct {
	Sessions []session `json:"sessions"`
}

type session struct {
	ID         string `json:"id"`
	Current    bool   `json:"current"`
	CreatedAt  string `json:"created_at"`
	LastUsedAt string `json:"last_used_at"`
	ExpiresAt  string `json:"expires_at"`
	Device     device `json:"device"`
	LastIP     string `json:"last_ip,omitempty"` // of the last reissue, if it is not the device's
}

type device struct {
	Name      string `json:"name"`
	UserAgent string `json:"user_agent"`
	IP        string `json:"ip"`
}

// Sessions lists the caller's sessions.
func (f *Face) Sessions(w http.ResponseWriter, r *http.Request) error {
	return f.byCaller(w, r, func(r *http.Request, caller *core.Claims) error {
		return f.answerSessions(w, r, caller.Subject(), caller)
	}, http.MethodGet, http.MethodHead)
}

// answerSessions lists a user's sessions.
func (f *Face) answerSessions(w http.ResponseWriter, r *http.Request, user string, caller *core.Claims) error {
	live, err := f.authority.Sessions(r.Context(), user)
	if err != nil {
		return err
	}
	list := sessionList{Sessions: make([]session, len(live))}
	for i, s := range live {
		list.Sessions[i] = session{
			ID:         s.ID,
			Current:    s.ID == caller.SessionID(),
			CreatedAt:  timestamp(s.CreatedAt),
			LastUsedAt: timestamp(s.LastUsedAt),
			ExpiresAt:  timestamp(s.ExpiresAt),
			Device:     device(s.Device),
			LastIP:     s.LastIP,
		}
	}
	return writeJSON(w, http.StatusOK, list)
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// RevokeSession ends one of the caller's sessions. Another user's is answered as
// one that does not exist.
func (f *Face) RevokeSession(w http.ResponseWriter, r *http.Request, id string) error {
	return f.byCaller(w, r, func(r *http.Request, caller *core.Claims) error {
		return f.revokeSession(w, r, caller.Subject(), id, caller)
	}, http.MethodDelete)
}

// revokeSession ends a session of a user, and clears the cookies if it is the
// caller's own.
func (f *Face) revokeSession(w http.ResponseWriter, r *http.Request, user, id string, caller *core.Claims) error {
	if err := f.authority.Revoke(r.Context(), user, id); err != nil {
		return err
	}
	if id == caller.SessionID() {
		f.clearCookies(w)
	}
	writeNothing(w)
	return nil
}
