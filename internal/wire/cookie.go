package wire

import (
	"fmt"
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// maxCookie is how many bytes a cookie's name and value may have together.
// Browsers drop a cookie of more than 4096 bytes, its attributes included.
const maxCookie = 3800

// readCookie returns the cookie of a name. Two cookies of one name are two
// credentials, of which a subdomain or a page on plain http may have planted
// one.
func readCookie(r *http.Request, name string) (credential, error) {
	switch found := r.CookiesNamed(name); len(found) {
	case 0:
		return credential{}, nil
	case 1:
		return credential{token: found[0].Value, presented: true}, nil
	}
	return credential{}, fmt.Errorf("%w: two cookies named %s", core.ErrRequestInvalid, name)
}

// readAccess returns the access token of the header or the cookie, whichever
// is there. A cookie counts only where a page of another origin could not have
// made the browser send it for its own ends.
func (c *cookies) readAccess(r *http.Request, header credential) (credential, error) {
	if c.access == "" {
		return header, nil
	}
	cookie, err := readCookie(r, c.access)
	if err != nil || !cookie.presented {
		return header, err
	}
	if header.presented {
		return credential{}, fmt.Errorf("%w: an access token in the header and in a cookie", core.ErrRequestInvalid)
	}
	return cookie, c.checkOrigin(r)
}

// write sets the cookies of a pair of tokens. They live as long as the refresh
// token, so never past the session's end: an access token that has expired
// still shows which session a reissue belongs to.
func (c *cookies) write(w http.ResponseWriter, t core.Tokens, now time.Time) {
	age := int(remaining(t.RefreshExpiresAt, now))
	if c.access != "" {
		http.SetCookie(w, c.cookie(c.access, t.AccessToken, age))
	}
	http.SetCookie(w, c.cookie(c.refresh, t.RefreshToken, age))
}

// clear removes the cookies. Only a logout does: whoever loses a race must not
// take the winner's cookies away.
func (c *cookies) clear(w http.ResponseWriter) {
	if c.access != "" {
		http.SetCookie(w, c.cookie(c.access, "", -1))
	}
	http.SetCookie(w, c.cookie(c.refresh, "", -1))
}

func (c *cookies) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.secure, HttpOnly: true, SameSite: c.sameSite,
	}
}

// fit returns an error if browsers would not keep the pair.
func (c *cookies) fit(t core.Tokens) error {
	size := len(c.refresh) + len(t.RefreshToken)
	if c.access != "" {
		size = max(size, len(c.access)+len(t.AccessToken))
	}
	if size > maxCookie {
		return fmt.Errorf("wire: a cookie would have %d bytes, browsers keep %d: the custom claims are too large", size, maxCookie)
	}
	return nil
}

// checkOrigin refuses a state-changing request from another origin.
func (c *cookies) checkOrigin(r *http.Request) error {
	if err := c.origins.Check(r); err != nil {
		return fmt.Errorf("%w: %w", core.ErrCrossOrigin, err)
	}
	return nil
}
