package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Transport says where tokens travel. The zero value is the bearer transport:
// the access token comes in the Authorization header, and both tokens go out in
// JSON bodies. [Hybrid] and [Cookie] make the others. A Transport is immutable
// and may serve any number of faces.
type Transport struct{ cookies *cookies }

// Err reports every fault of the options that made the transport, each with the
// name of its field. [New] reports them as well.
func (t Transport) Err() error {
	if t.cookies == nil {
		return nil
	}
	return t.cookies.err
}

// CookieOptions configures a transport with cookies. The zero value is ready
// to use over https.
type CookieOptions struct {
	// AccessName and RefreshName name the cookies, in 64 bytes at most.
	// Default "__Host-access" and "__Host-refresh", without the prefix if
	// Insecure. The hybrid transport has no access cookie.
	AccessName  string
	RefreshName string

	// SameSite is the cookies' attribute. Default Strict in hybrid; Lax in
	// cookie mode, because Strict would greet everyone who follows a link as
	// a stranger. None is for a single-page application on another site,
	// together with TrustedOrigins.
	SameSite http.SameSite

	// TrustedOrigins are the other origins, such as "https://app.example.com",
	// whose requests may use the cookies, as browsers write them: in lower
	// case, without a path and the scheme's own port. Default none.
	TrustedOrigins []string

	// SilentReissue, in cookie mode, reissues on the way: a request whose
	// access token is missing or has expired, but whose refresh token is
	// good, is served and answered with new cookies. Of requests in parallel
	// each presents the same refresh token, so it does not go together with
	// [core.Strict].
	SilentReissue bool

	// Insecure drops Secure and the prefix "__Host-", which browsers refuse
	// on plain http. It is for development: whoever is on the network between
	// can then read and plant the cookies.
	Insecure bool
}

// maxCookieName is how many bytes of a cookie a name may take from its token.
const maxCookieName = 64

// cookies is a transport with cookies.
type cookies struct {
	access   string // the access cookie's name, empty in hybrid
	refresh  string
	sameSite http.SameSite
	secure   bool
	silent   bool
	origins  *http.CrossOriginProtection
	err      error // the faults of its options
}

// Hybrid returns the hybrid transport: the access token in the body and the
// Authorization header of the answer, the refresh token in a cookie only.
func Hybrid(o CookieOptions) Transport {
	var faults faults
	if o.AccessName != "" {
		faults.add("AccessName is set: the hybrid transport has no access cookie")
		o.AccessName = ""
	}
	if o.SilentReissue {
		faults.add("SilentReissue is set: it needs the cookie transport")
	}
	return newTransport(o, http.SameSiteStrictMode, faults)
}

// Cookie returns the cookie transport: both tokens in cookies, none in a body. A
// Bearer header is accepted as well.
func Cookie(o CookieOptions) Transport {
	if o.AccessName == "" {
		o.AccessName = defaultName("access", o.Insecure)
	}
	return newTransport(o, http.SameSiteLaxMode, nil)
}

// faults are what is wrong with the options of a transport.
type faults []error

func (f *faults) add(format string, args ...any) {
	*f = append(*f, fmt.Errorf("httpauth: CookieOptions."+format, args...))
}

func newTransport(o CookieOptions, sameSite http.SameSite, faults faults) Transport {
	if o.RefreshName == "" {
		o.RefreshName = defaultName("refresh", o.Insecure)
	}
	if o.SameSite == 0 {
		o.SameSite = sameSite
	}
	c := &cookies{
		access: o.AccessName, refresh: o.RefreshName, sameSite: o.SameSite,
		secure: !o.Insecure, silent: o.SilentReissue, origins: http.NewCrossOriginProtection(),
	}
	for _, n := range []struct{ field, name string }{{"AccessName", o.AccessName}, {"RefreshName", o.RefreshName}} {
		if n.name == "" {
			continue
		}
		if err := checkCookieName(n.name, o.Insecure); err != nil {
			faults.add("%s %w", n.field, err)
		}
	}
	if o.AccessName == o.RefreshName {
		faults.add("AccessName and RefreshName are both %q", o.RefreshName)
	}
	switch o.SameSite {
	case http.SameSiteStrictMode, http.SameSiteLaxMode:
	case http.SameSiteNoneMode:
		if o.Insecure {
			faults.add("SameSite is None and Insecure is set: browsers refuse None without Secure")
		}
	default:
		faults.add("SameSite has the unknown value %d", o.SameSite)
	}
	for _, origin := range o.TrustedOrigins {
		if err := checkOriginName(origin); err != nil {
			faults.add("TrustedOrigins %q %w", origin, err)
		} else if err := c.origins.AddTrustedOrigin(origin); err != nil {
			faults.add("TrustedOrigins %w", err)
		}
	}
	c.err = errors.Join(faults...)
	return Transport{c}
}

func defaultName(name string, insecure bool) string {
	if insecure {
		return name
	}
	return "__Host-" + name
}

// checkCookieName refuses names with which browsers or net/http would drop the
// cookie.
func checkCookieName(name string, insecure bool) error {
	if len(name) > maxCookieName {
		return fmt.Errorf("has %d bytes, it may have %d", len(name), maxCookieName)
	}
	if err := (&http.Cookie{Name: name, Value: "v"}).Valid(); err != nil {
		return fmt.Errorf("%q is not a cookie name", name)
	}
	for _, prefix := range []string{"__Host-", "__Secure-", "__Http-"} {
		if insecure && len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) { // as browsers compare
			return fmt.Errorf("%q has a prefix that browsers refuse without Secure", name)
		}
	}
	return nil
}

// checkOriginName refuses an origin that no browser would send so (RFC 6454,
// section 6.2): it would never match.
func checkOriginName(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
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

func notInHost(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune(".-_:[]", c))
}
