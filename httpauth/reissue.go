package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// Reissue exchanges the refresh token in the body, JSON or form, or with
// cookies the one in the cookie, for the next pair of tokens.
func (a *Auth) Reissue(w http.ResponseWriter, r *http.Request) {
	if !a.allow(w, r, http.MethodPost) {
		return
	}
	if a.cookies != nil {
		if err := a.cookies.checkOrigin(r); err != nil {
			a.Error(w, r, err)
			return
		}
	}
	body, err := readParams(r, paramGrantType, paramRefreshToken, paramAccessToken)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	r, cancel := limit(r)
	defer cancel()
	tokens, err := a.reissue(r, body)
	if err != nil {
		a.refuseReissue(w, r, body.form, err)
		return
	}
	a.writeTokens(w, r, tokens)
}

func (a *Auth) reissue(r *http.Request, body params) (core.Tokens, error) {
	if grant := body.get(paramGrantType); body.form || grant != "" {
		if err := checkGrant(grant); err != nil {
			return core.Tokens{}, err
		}
	}
	if o, ok := reissuedOnTheWay(r); ok && o.auth == a {
		// Middleware has just done it. To go on from there would make a theft of
		// another tab that comes with the same cookie.
		if m := body.get(paramRefreshToken); m != "" && m != o.presented && m != o.tokens.RefreshToken {
			return core.Tokens{}, fmt.Errorf("%w: cookie and body disagree", core.ErrRequestInvalid)
		}
		return o.tokens, nil
	}
	refresh, err := a.refreshToken(r, body)
	if err != nil {
		return core.Tokens{}, err
	}
	access, err := a.companion(r, body)
	if err != nil {
		return core.Tokens{}, err
	}
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return core.Tokens{}, err
	}
	return a.authority.Reissue(r.Context(), refresh, core.WithAccessToken(access), core.WithIdempotencyKey(key), core.WithTokenLimits(a.tokenLimits()))
}

// refreshToken returns the refresh token to exchange. With cookies it is the
// cookie's, and a body that names another contradicts it.
func (a *Auth) refreshToken(r *http.Request, body params) (string, error) {
	member := body.get(paramRefreshToken)
	if a.cookies == nil {
		return member, nil
	}
	cookie, err := readCookie(r, a.cookies.refresh)
	if err != nil {
		return "", err
	}
	if cookie.presented && member != "" && member != cookie.token {
		return "", fmt.Errorf("%w: cookie and body disagree", core.ErrRequestInvalid)
	}
	return cookie.token, nil
}

// refuseReissue answers a failed reissue. RFC 6749, section 5.2: a client that
// sends a form is an OAuth client, for which a refused grant is a 400 without
// a challenge.
func (a *Auth) refuseReissue(w http.ResponseWriter, r *http.Request, form bool, err error) {
	if form && (errors.Is(err, core.ErrRefreshInvalid) || errors.Is(err, core.ErrRefreshMissing)) {
		a.writeFault(w, r, core.AsError(err), http.StatusBadRequest)
		return
	}
	a.Error(w, r, err)
}

func checkGrant(grantType string) error {
	switch grantType {
	case "refresh_token":
		return nil
	case "":
		return fmt.Errorf("%w: %s is missing", core.ErrRequestInvalid, paramGrantType)
	}
	return core.ErrUnsupportedGrantType
}

// companion returns the access token that came along with a refresh token, in
// the header, the body or a cookie. Only an Authority that binds the two looks
// at it, and only then do two that differ contradict each other.
func (a *Auth) companion(r *http.Request, body params) (string, error) {
	header, err := readBearer(r.Header)
	if err != nil {
		return "", err
	}
	var cookie credential
	if a.cookies != nil {
		if cookie, err = readCookie(r, a.cookies.access); err != nil {
			return "", err
		}
	}
	member := credential{token: body.get(paramAccessToken)}
	member.presented = member.token != ""
	var found credential
	for _, c := range []credential{header, member, cookie} {
		switch {
		case !c.presented:
		case !found.presented:
			found = c
		case c.token != found.token && a.authority.BindAccessToken():
			return "", fmt.Errorf("%w: two access tokens that differ", core.ErrRequestInvalid)
		}
	}
	return found.token, nil
}

// maxIdempotencyKey is core's limit in bytes.
const maxIdempotencyKey = 255

// idempotencyKey returns the Idempotency-Key, which the draft
// (draft-ietf-httpapi-idempotency-key-header) has in double quotes and many
// clients have not.
func idempotencyKey(h http.Header) (string, error) {
	lines := h["Idempotency-Key"]
	if len(lines) == 0 {
		return "", nil
	}
	if len(lines) > 1 {
		return "", fmt.Errorf("%w: two Idempotency-Key headers", core.ErrRequestInvalid)
	}
	key := lines[0]
	if len(key) >= 2 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1]
	}
	return key, nil
}
