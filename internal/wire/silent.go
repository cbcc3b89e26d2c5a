package wire

import (
	"errors"
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// reissueSilently reissues on the way for a request whose access token is
// missing or has expired, and lets it pass with the new one. Of a burst of
// such requests one rotates and the others get the same pair. If the refresh
// token is refused, the answer is the refusal of the access token, and no
// cookie is cleared: another request may just have set a better one.
func (a *Auth) reissueSilently(w http.ResponseWriter, r *http.Request, refusal error) (Admission, error) {
	if !errors.Is(refusal, core.ErrTokenMissing) && !errors.Is(refusal, core.ErrTokenExpired) || !a.sentNoBearer(r) {
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
	tokens, err := a.authority.Reissue(limited.Context(), refresh.token, core.WithAccessToken(access.token), core.WithTokenLimits(a.tokenLimits()))
	if errors.Is(err, core.ErrRefreshInvalid) || errors.Is(err, core.ErrRefreshMissing) {
		return Admission{}, refusal
	}
	if err != nil {
		return Admission{}, err
	}
	// The cookies go out whatever comes now: the old refresh token is used up.
	NoStore(w.Header())
	a.setCookies(w, tokens)
	claims, err := a.authority.Verify(limited.Context(), tokens.AccessToken)
	if err != nil {
		return Admission{}, err
	}
	next := r.WithContext(core.NewContext(noteArrival(r.Context(), arrival), claims))
	next.Header = a.cookies.renew(r.Header, tokens)
	return Admission{next, true}, nil
}

// mayReissue reports whether a request may be reissued on the way. Only the
// application's own pages may, and a link that somebody follows: a top-level
// navigation by GET.
func (c *cookies) mayReissue(r *http.Request) bool {
	if c.sameOrigin(r) == nil {
		return true
	}
	h := r.Header
	return r.Method == http.MethodGet && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document"
}
