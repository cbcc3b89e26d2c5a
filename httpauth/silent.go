package httpauth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// reissueSilently reissues on the way for a request whose access token is
// missing, has expired or was revoked (its session may live, see
// [core.Authority.RefreshClaims]), and lets it pass with the new one. Of a burst of
// such requests one rotates and the others get the same pair. If the refresh
// token is refused, the answer is the refusal of the access token, and no
// cookie is cleared: another request may just have set a better one. The request
// has waited for the store since it began.
func (f *Face) reissueSilently(w http.ResponseWriter, r *http.Request, p *presented, began time.Time, refusal error) (Admission, error) {
	refused := func() (Admission, error) {
		v := visit{face: f, spent: time.Since(began)}
		return Admission{Request: v.noted(r)}, refusal
	}
	if !reissuable(refusal) || p.bearer.presented {
		return refused()
	}
	if err := p.refresh.once(); err != nil {
		return Admission{}, err
	}
	if !p.refresh.presented {
		return refused()
	}
	if err := f.cookies.checkOrigin(r); err != nil {
		return Admission{}, err
	}
	if !f.cookies.mayReissue(r) {
		return refused()
	}
	if err := f.checkDomain(r); err != nil {
		return Admission{}, err
	}
	ctx, cancel := context.WithDeadline(r.Context(), began.Add(patience))
	defer cancel()
	tokens, err := f.authority.Reissue(ctx, p.refresh.token, core.WithAccessToken(p.access.token),
		core.WithIdempotencyKey(attemptKey(r.Header)), core.WithTokenLimits(f.tokenLimits()), core.WithIP(peer(r)))
	if errors.Is(err, core.ErrRefreshInvalid) || errors.Is(err, core.ErrRefreshMissing) {
		return refused()
	}
	if err != nil {
		return Admission{}, err
	}
	claims, err := f.authority.Verify(ctx, tokens.AccessToken)
	// The cookies go out whatever has come: the old refresh token is used up. A
	// replay may have got a generation that a refresh of the claims has denied. Its
	// child is left to the next request: a second step in this one would make theft
	// of whatever else is on the way with the old cookie.
	renewal := f.renew(w, p, tokens)
	if err != nil {
		return Admission{Renewal: renewal}, err
	}
	v := visit{face: f, claims: claims, token: tokens.AccessToken, spent: time.Since(began), reissue: &reissued{p.refresh.token, tokens}}
	next := v.in(r)
	next.Header = f.cookies.renewed(r.Header, tokens)
	return Admission{Request: next, Renewal: renewal}, nil
}

// reissuable reports whether a reissue may mend what an access token was
// refused for.
func reissuable(refusal error) bool {
	return errors.Is(refusal, core.ErrTokenMissing) || errors.Is(refusal, core.ErrTokenExpired) || errors.Is(refusal, core.ErrTokenRevoked)
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
