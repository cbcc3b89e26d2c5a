package wire

import (
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// tokenAnswer is the body of RFC 6749, section 5.1. Times are seconds from
// now.
type tokenAnswer struct {
	AccessToken      string `json:"access_token"`
	TokenType        string `json:"token_type"`
	ExpiresIn        int64  `json:"expires_in"`
	RefreshToken     string `json:"refresh_token"`
	RefreshExpiresIn int64  `json:"refresh_token_expires_in"`
	SessionID        string `json:"session_id"`
}

// writeTokens hands out the tokens of a login or a reissue.
func (a *Auth) writeTokens(w http.ResponseWriter, r *http.Request, t core.Tokens) {
	now := a.authority.Now()
	a.writeJSON(w, r, http.StatusOK, tokenAnswer{
		AccessToken:      t.AccessToken,
		TokenType:        "Bearer",
		ExpiresIn:        remaining(t.AccessExpiresAt, now),
		RefreshToken:     t.RefreshToken,
		RefreshExpiresIn: remaining(t.RefreshExpiresAt, now),
		SessionID:        t.SessionID,
	})
}

// remaining returns the whole seconds until end, at least 1: clients take 0
// for a token that never expires.
func remaining(end, now time.Time) int64 {
	return max(1, int64(end.Sub(now)/time.Second))
}
