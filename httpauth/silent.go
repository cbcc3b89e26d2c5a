package httpauth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// reissueSilently reissues on the way for a request whose access token is
// missing or has expired, and lets it pass with the new one. Of a burst of
// such requests one rotates and the others get the same pair. If the refresh
// token is refused, the answer is the refusal of the access token, and no
// cookie is cleared: another request may just have set a better one.
func (a *Auth) reissueSilently(w http.ResponseWriter, r *http.Request, refusal error) (Admission, error) {
	if !reissuable(refusal) || !a.sentNoBearer(r) {
		return Admission{}, refusal
	}
	refresh, err := readCookie(r, a.cookies.refresh)
	if err != nil {
		return Admission{}, err
	}
	if !refresh.presented {
		return Admission{}, refusal
	}
	if err := a.cookies.checkOrigin(r); err != nil {
		return Admission{}, err
	}
	if !a.cookies.mayReissue(r) {
		return Admission{}, refusal
	}
	access, err := readCookie(r, a.cookies.access)
	if err != nil {
		return Admission{}, err
	}
	arrival := time.Now()
	limited, cancel := limit(r)
	defer cancel()
	tokens, err := a.authority.Reissue(limited.Context(), refresh.token, core.WithAccessToken(access.token),
		core.WithIdempotencyKey(attemptKey(r.Header)), core.WithTokenLimits(a.tokenLimits()))
	if errors.Is(err, core.ErrRefreshInvalid) || errors.Is(err, core.ErrRefreshMissing) {
		return Admission{}, refusal
	}
	if err != nil {
		return Admission{}, err
	}
	// The cookies go out whatever comes now: the old refresh token is used up.
	NoStore(w.Header())
	a.setCookies(w, tokens)
	lines := w.Header()["Set-Cookie"]
	renewal := &Renewal{slices.Clone(lines[len(lines)-2:])} // the two that setCookies has just added
	claims, err := a.authority.Verify(limited.Context(), tokens.AccessToken)
	if err != nil {
		return Admission{Renewal: renewal}, err
	}
	done := onTheWay{auth: a, spent: time.Since(arrival), presented: refresh.token, tokens: tokens}
	next := r.WithContext(core.NewContext(done.in(r.Context()), claims))
	next.Header = a.cookies.renew(r.Header, tokens)
	return Admission{next, renewal}, nil
}

// reissuable reports whether a reissue may mend what an access token was
// refused for.
func reissuable(refusal error) bool {
	return errors.Is(refusal, core.ErrTokenMissing) || errors.Is(refusal, core.ErrTokenExpired)
}

// mayReissue reports whether a request may be reissued on the way. Only the
// application's own pages may, and what sends no header by which to tell. What
// else becomes of a navigation, [Auth.bounce] decides. The handshake of a
// WebSocket may not: what takes the connection over answers without the new
// cookies.
func (c *cookies) mayReissue(r *http.Request) bool {
	return !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && c.sameOrigin(r) == nil
}

// attemptKey returns the Idempotency-Key of the reissue that a silent one may
// stand for, the empty string for one that is not good.
func attemptKey(h http.Header) string {
	if key, err := idempotencyKey(h); err == nil && len(key) <= maxIdempotencyKey {
		return key
	}
	return ""
}
