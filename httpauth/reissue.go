package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// Reissue exchanges the refresh token in the body, JSON or form, or with cookies
// the one in the cookie, for the next pair of tokens, and answers with it.
func (f *Face) Reissue(w http.ResponseWriter, r *http.Request) error {
	tokens, err := f.Renew(w, r)
	if err != nil {
		return err
	}
	return f.answerTokens(w, tokens)
}

// Renew is [Face.Reissue] without an answer: it moves the session on and sets the
// cookies and headers of the transport, but writes neither a status nor a body.
func (f *Face) Renew(w http.ResponseWriter, r *http.Request) (core.Tokens, error) {
	if err := allow(w, r, http.MethodPost); err != nil {
		return core.Tokens{}, err
	}
	if f.cookies != nil {
		if err := f.cookies.checkOrigin(r); err != nil {
			return core.Tokens{}, err
		}
	}
	body, err := readParams(r, paramGrantType, paramRefreshToken, paramAccessToken)
	if err != nil {
		return core.Tokens{}, err
	}
	if err := f.checkDomain(r); err != nil {
		return core.Tokens{}, err
	}
	r, cancel := limited(r)
	defer cancel()
	tokens, err := f.exchange(r, body)
	if err != nil {
		return core.Tokens{}, asGrant(err, body.form)
	}
	f.carry(w, tokens)
	return tokens, nil
}

// exchange exchanges the refresh token that a request presents.
func (f *Face) exchange(r *http.Request, body params) (core.Tokens, error) {
	if grant := body.get(paramGrantType); body.form || grant != "" {
		if err := checkGrant(grant); err != nil {
			return core.Tokens{}, err
		}
	}
	if v := f.reissueBefore(r); v != nil {
		// Middleware has just done it. To go on from there would make a theft of
		// another tab that comes with the same cookie.
		if m := body.get(paramRefreshToken); m != "" && m != v.presented && m != v.tokens.RefreshToken {
			return core.Tokens{}, fmt.Errorf("%w: cookie and body disagree", core.ErrRequestInvalid)
		}
		return v.tokens, nil
	}
	p, err := f.read(r)
	if err != nil {
		return core.Tokens{}, err
	}
	refresh, err := f.refreshToken(&p, body)
	if err != nil {
		return core.Tokens{}, err
	}
	access, err := f.companion(&p, body)
	if err != nil {
		return core.Tokens{}, err
	}
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return core.Tokens{}, err
	}
	return f.authority.Reissue(r.Context(), refresh, core.WithAccessToken(access), core.WithIdempotencyKey(key), core.WithTokenLimits(f.tokenLimits()), core.WithIP(peer(r)))
}

// asGrant returns a refusal as the client expects it. RFC 6749, section 5.2: one
// that sends a form is an OAuth client, for which a refused grant is a 400
// without a challenge.
func asGrant(err error, form bool) error {
	switch {
	case form && errors.Is(err, core.ErrRefreshInvalid):
		return fmt.Errorf("%w: %w", core.ErrGrantInvalid, err)
	case form && errors.Is(err, core.ErrRefreshMissing):
		return fmt.Errorf("%w: %w", core.ErrGrantMissing, err)
	}
	return err
}

// refreshToken returns the refresh token to exchange. With cookies it is the
// cookie's, and a body that names another contradicts it.
func (f *Face) refreshToken(p *presented, body params) (string, error) {
	member := body.get(paramRefreshToken)
	if f.cookies == nil {
		return member, nil
	}
	if err := p.refresh.once(); err != nil {
		return "", err
	}
	if p.refresh.presented && member != "" && member != p.refresh.token {
		return "", fmt.Errorf("%w: cookie and body disagree", core.ErrRequestInvalid)
	}
	return p.refresh.token, nil
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
func (f *Face) companion(p *presented, body params) (string, error) {
	if err := p.accessOnce(); err != nil {
		return "", err
	}
	member := credential{token: body.get(paramAccessToken)}
	member.presented = member.token != ""
	var found credential
	for _, c := range []credential{p.bearer, member, p.access} {
		switch {
		case !c.presented:
		case !found.presented:
			found = c
		case c.token != found.token && f.authority.BindAccessToken():
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
