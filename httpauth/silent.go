package httpauth

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// reissueSilently reissues on the way for a request whose access token is
// missing or has expired, and lets it pass with the new one. Of a burst of
// such requests one rotates and the others get the same pair. If the refresh
// token is refused, the answer is the refusal of the access token, and no
// cookie is cleared: another request may just have set a better one.
func (f *Face) reissueSilently(w http.ResponseWriter, r *http.Request, p *presented, refusal error) (Admission, error) {
	if !reissuable(refusal) || p.bearer.presented {
		return Admission{}, refusal
	}
	if err := p.refresh.once(); err != nil {
		return Admission{}, err
	}
	if !p.refresh.presented {
		return Admission{}, refusal
	}
	if err := f.cookies.checkOrigin(r); err != nil {
		return Admission{}, err
	}
	if !f.cookies.mayReissue(r) {
		return Admission{}, refusal
	}
	if err := f.checkDomain(r); err != nil {
		return Admission{}, err
	}
	start, before := time.Now(), visitOf(r).waited()
	limited, cancel := limited(r)
	defer cancel()
	tokens, err := f.authority.Reissue(limited.Context(), p.refresh.token, core.WithAccessToken(p.access.token),
		core.WithIdempotencyKey(attemptKey(r.Header)), core.WithTokenLimits(f.tokenLimits()))
	v := visit{face: f, spent: time.Since(start) + before}
	if errors.Is(err, core.ErrRefreshInvalid) || errors.Is(err, core.ErrRefreshMissing) {
		return Admission{Request: v.noted(r)}, refusal
	}
	if err != nil {
		return Admission{}, err
	}
	// The cookies go out whatever comes now: the old refresh token is used up.
	renewal := f.renew(w, tokens)
	v.claims, err = f.authority.Verify(limited.Context(), tokens.AccessToken)
	if err != nil {
		return Admission{Renewal: renewal}, err
	}
	v.token, v.spent, v.reissue = tokens.AccessToken, time.Since(start)+before, &reissued{p.refresh.token, tokens}
	next := v.in(r)
	next.Header = f.cookies.renewed(r.Header, tokens)
	return Admission{Request: next, Renewal: renewal}, nil
}

// reissuable reports whether a reissue may mend what an access token was
// refused for.
func reissuable(refusal error) bool {
	return errors.Is(refusal, core.ErrTokenMissing) || errors.Is(refusal, core.ErrTokenExpired)
}

// mayReissue reports whether a request may be reissued on the way. Only the
// application's own pages may, and what sends no header by which to tell. What
// else becomes of a navigation, [Face.bounce] decides. The handshake of a
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
