package httpauth

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// Logout ends the session of every token that the request names, in the
// Authorization header and in the body, JSON or form (RFC 7009, section 2.1).
// A token that is good for nothing, or none at all, is no error: the client is
// logged out. If the store fails the answer is an error and a retry ends what
// is left.
func (a *Auth) Logout(w http.ResponseWriter, r *http.Request) {
	if !a.allow(w, r, http.MethodPost) {
		return
	}
	tokens, err := a.readTokens(r)
	r, cancel := limit(r)
	defer cancel()
	if err == nil {
		err = a.logout(r, tokens)
	}
	if err != nil {
		a.Error(w, r, err)
		return
	}
	if a.cookies != nil {
		a.cookies.clear(w)
	}
	a.writeJSON(w, r, http.StatusOK, struct{}{})
}

// logout ends the sessions of the tokens. The first failure is the answer: to
// wait for a failing store once for each token would take too long.
func (a *Auth) logout(r *http.Request, tokens []string) error {
	for _, token := range tokens {
		if err := a.authority.Logout(r.Context(), token); err != nil {
			return err
		}
	}
	return nil
}

// cookieTokens returns the tokens in the request's cookies. It refuses a
// request of another origin.
func (a *Auth) cookieTokens(r *http.Request) ([]string, error) {
	if a.cookies == nil {
		return nil, nil
	}
	if err := a.cookies.checkOrigin(r); err != nil {
		return nil, err
	}
	var tokens []string
	for _, name := range []string{a.cookies.access, a.cookies.refresh} {
		cookie, err := readCookie(r, name)
		if err != nil {
			return nil, err
		}
		if cookie.token != "" {
			tokens = append(tokens, cookie.token)
		}
	}
	return tokens, nil
}

// readTokens returns all tokens of a request to log out, each once.
func (a *Auth) readTokens(r *http.Request) ([]string, error) {
	tokens, err := a.cookieTokens(r)
	if err != nil {
		return nil, err
	}
	header, err := readBearer(r.Header)
	if err != nil {
		return nil, err
	}
	body, err := readParams(r, paramToken, paramRefreshToken, paramAccessToken)
	if err != nil {
		return nil, err
	}
	for _, token := range []string{header.token, body.get(paramToken), body.get(paramRefreshToken), body.get(paramAccessToken)} {
		if token != "" && !slices.Contains(tokens, token) {
			tokens = append(tokens, token)
		}
	}
	return tokens, nil
}

// LogoutAll ends all of the caller's sessions, with ?keep=current all but the
// caller's own, and answers how many it ended.
func (a *Auth) LogoutAll(w http.ResponseWriter, r *http.Request) {
	if !a.allow(w, r, http.MethodPost) {
		return
	}
	r, caller, err := a.caller(w, r)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	r, cancel := limit(r)
	defer cancel()
	keep, err := readKeep(r, caller)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	ended, err := a.authority.RevokeAll(r.Context(), caller.Subject(), keep...)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	if a.cookies != nil && len(keep) == 0 {
		a.cookies.clear(w)
	}
	a.writeJSON(w, r, http.StatusOK, endedAnswer{ended})
}

// endedAnswer says how many sessions a request has ended.
type endedAnswer struct {
	Ended int `json:"ended"`
}

// readKeep returns the ids of the sessions that the query asks to keep.
func readKeep(r *http.Request, caller *core.Claims) ([]string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: query: %w", core.ErrRequestInvalid, err)
	}
	switch keep := query["keep"]; {
	case len(keep) == 0:
		return nil, nil
	case len(keep) == 1 && keep[0] == "current":
		return []string{caller.SessionID()}, nil
	}
	return nil, fmt.Errorf(`%w: keep may only be "current", once`, core.ErrRequestInvalid)
}
