package httpauth

import (
	"net/http"
	"time"
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
}

type device struct {
	Name      string `json:"name"`
	UserAgent string `json:"user_agent"`
	IP        string `json:"ip"`
}

// Sessions lists the caller's sessions.
func (a *Auth) Sessions(w http.ResponseWriter, r *http.Request) {
	if !a.allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	r, caller, err := a.caller(w, r)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	r, cancel := limit(r)
	defer cancel()
	live, err := a.authority.Sessions(r.Context(), caller.Subject())
	if err != nil {
		a.Error(w, r, err)
		return
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
		}
	}
	a.writeJSON(w, r, http.StatusOK, list)
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// RevokeSession ends one of the caller's sessions. Another user's is answered
// as one that does not exist.
func (a *Auth) RevokeSession(w http.ResponseWriter, r *http.Request, id string) {
	if !a.allow(w, r, http.MethodDelete) {
		return
	}
	r, caller, err := a.caller(w, r)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	r, cancel := limit(r)
	defer cancel()
	if err := a.authority.Revoke(r.Context(), caller.Subject(), id); err != nil {
		a.Error(w, r, err)
		return
	}
	if a.cookies != nil && id == caller.SessionID() {
		a.cookies.clear(w)
	}
	writeNothing(w)
}
