package httpauth

import (
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// tokenAnswer is the body of RFC 6749, section 5.1. Times are seconds from
// now.
type tokenAnswer struct {
	AccessToken      string `json:"access_token,omitempty"`
	TokenType        string `json:"token_type,omitempty"`
	ExpiresIn        int64  `json:"expires_in"`
	RefreshToken     string `json:"refresh_token,omitempty"`
	RefreshExpiresIn int64  `json:"refresh_token_expires_in"`
	SessionID        string `json:"session_id"`
}

// carry sets what carries the tokens of a login or a reissue outside the body: the
// cookies and the header of the transport.
func (f *Face) carry(w http.ResponseWriter, t core.Tokens) {
	NoStore(w.Header())
	if f.cookies == nil {
		return
	}
	f.setCookies(w, t)
	if f.cookies.access == "" {
		w.Header().Set("Authorization", "Bearer "+t.AccessToken)
	}
}

// answerTokens writes the body of a login or a reissue. A token is either in a
// cookie, which scripts cannot read, or in the body, never in both.
func (f *Face) answerTokens(w http.ResponseWriter, t core.Tokens) error {
	now := f.authority.Now()
	answer := tokenAnswer{
		ExpiresIn:        remaining(t.AccessExpiresAt, now),
		RefreshExpiresIn: remaining(t.RefreshExpiresAt, now),
		SessionID:        t.SessionID,
	}
	if f.cookies == nil {
		answer.RefreshToken = t.RefreshToken
	}
	if f.cookies == nil || f.cookies.access == "" {
		answer.AccessToken, answer.TokenType = t.AccessToken, "Bearer"
	}
	return writeJSON(w, http.StatusOK, answer)
}

// remaining returns the whole seconds until end, at least 1: clients take 0
// for a token that never expires.
func remaining(end, now time.Time) int64 {
	return max(1, int64(end.Sub(now)/time.Second))
}
