package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// maxOrigin is how many bytes an Origin may have: a scheme, a host of 253 bytes
// and a port fit.
const maxOrigin = 512

// checkOrigin refuses a state-changing request from another origin. The
// handshake of a WebSocket is one, though it is a GET (RFC 6455, section
// 4.1): what follows may change anything, and browsers let any page begin it.
func (c *cookies) checkOrigin(r *http.Request) error {
	if len(r.Header.Get("Origin")) > maxOrigin {
		return core.ErrCrossOrigin
	}
	check := c.origins.Check
	if r.Header.Get("Upgrade") != "" {
		check = c.sameOrigin
	}
	if err := check(r); err != nil && !c.trusts(r) {
		return fmt.Errorf("%w: %w", core.ErrCrossOrigin, err)
	}
	return nil
}

// sameOrigin checks the origin of a request whatever its method.
func (c *cookies) sameOrigin(r *http.Request) error {
	asPost := *r
	asPost.Method = http.MethodPost // the protection lets safe methods pass unseen
	if err := c.origins.Check(&asPost); err != nil && !c.trusts(r) {
		return err
	}
	return nil
}

// trusts reports whether a request comes from an origin that a pattern admits.
func (c *cookies) trusts(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	for _, p := range c.patterns {
		if p.matches(origin) {
			return true
		}
	}
	return false
}

// originPattern is an origin whose first label may be any.
type originPattern struct {
	before string // scheme://
	after  string // .preview.example.com, with a port if there is one
}

func (p originPattern) matches(origin string) bool {
	rest, ok := strings.CutPrefix(origin, p.before)
	if !ok {
		return false
	}
	label, ok := strings.CutSuffix(rest, p.after)
	return ok && label != "" && !strings.ContainsFunc(label, notInLabel)
}

// trust admits an origin of CookieOptions.TrustedOrigins.
func (c *cookies) trust(origin string) error {
	before, after, found := strings.Cut(origin, "://*.")
	if !found {
		if err := checkOriginName(origin); err != nil {
			return err
		}
		return c.origins.AddTrustedOrigin(origin)
	}
	if strings.Contains(after, "*") {
		return errors.New("has two stars, it may have one, in place of the first label")
	}
	if err := checkOriginName(before + "://" + after); err != nil {
		return err
	}
	if host, _, _ := strings.Cut(after, ":"); !strings.Contains(host, ".") {
		return errors.New("admits a whole top-level domain; want two labels or more behind the star")
	}
	c.patterns = append(c.patterns, originPattern{before + "://", "." + after})
	return nil
}

// checkOriginName refuses an origin that no browser would send so (RFC 6454,
// section 6.2): it would never match.
func checkOriginName(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return errors.New("is not an origin; want scheme://host[:port], such as https://app.example.com")
	}
	if strings.ContainsFunc(u.Host, notInHost) {
		return errors.New("has a host that is not in lower case ASCII")
	}
	if strings.HasSuffix(u.Host, ":") || u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		return errors.New("has a port that browsers leave out")
	}
	return nil
}

func notInHost(c rune) bool { return notInLabel(c) && !strings.ContainsRune(".:[]", c) }

func notInLabel(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_')
}
