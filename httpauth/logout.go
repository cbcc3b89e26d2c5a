package httpauth

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/ratchetauth/ratchet/core"
)

// Logout ends the session of every token that the request names, in the
// Authorization header, in cookies and in the body, JSON or form (RFC 7009,
// section 2.1), and answers {}. A worthless token, or none at all, is no error: the
// client is logged out. If the store fails the answer is an error and a retry
// ends what is left.
func (f *Face) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := f.End(w, r); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct{}{})
}

// End is [Face.Logout] without an answer: it ends the sessions and clears the
// cookies, but writes neither a status nor a body.
func (f *Face) End(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodPost); err != nil {
		return err
	}
	tokens, err := f.tokensToEnd(r)
	if err != nil {
		return err
	}
	r, cancel := limited(r)
	defer cancel()
	if err := f.endEach(r, tokens); err != nil {
		return err
	}
	NoStore(w.Header())
	f.clearCookies(w)
	return nil
}

// endEach ends the sessions of the tokens. The first failure is the answer: to
// wait for a failing store once for each token would take too long.
func (f *Face) endEach(r *http.Request, tokens []string) error {
	for _, token := range tokens {
		if err := f.authority.Logout(r.Context(), token); err != nil {
			return err
		}
	}
	return nil
}

// tokensToEnd returns all tokens of a request to log out, each once.
func (f *Face) tokensToEnd(r *http.Request) ([]string, error) {
	p, err := f.read(r)
	if err == nil {
		err = p.bearer.once()
	}
	if err != nil {
		return nil, err
	}
	if f.cookies != nil {
		if err := f.cookies.checkOrigin(r); err != nil {
			return nil, err
		}
		f.logTwice(r, &p)
	}
	body, err := readParams(r, paramToken, paramRefreshToken, paramAccessToken)
	if err != nil {
		return nil, err
	}
	return appendNew(p.inCookies(), p.bearer.token, body.get(paramToken), body.get(paramRefreshToken), body.get(paramAccessToken)), nil
}

// LogoutAll ends all of the caller's sessions, with ?keep=current all but the
// caller's own, and answers how many it ended.
func (f *Face) LogoutAll(w http.ResponseWriter, r *http.Request) error {
	return f.byCaller(w, r, func(r *http.Request, caller *core.Claims) error {
		keep, err := readKeep(r, caller)
		if err != nil {
			return err
		}
		ended, err := f.authority.RevokeAll(r.Context(), caller.Subject(), keep...)
		if err != nil {
			return err
		}
		if len(keep) == 0 {
			f.clearCookies(w)
		}
		return writeJSON(w, http.StatusOK, endedAnswer{ended})
	}, http.MethodPost)
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
