package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Transport says where tokens travel. The zero value is the bearer transport:
// the access token in the Authorization header, both tokens in JSON bodies.
// Make the others with [NewHybrid] and [NewCookie]; a value is immutable and
// may serve any number of Auths.
type Transport struct{ cookies *cookies }

// CookieOptions configures a transport with cookies. The zero value is ready
// to use over https.
type CookieOptions struct {
	// AccessName and RefreshName name the cookies. Default "__Host-access"
	// and "__Host-refresh", without the prefix if Insecure.
	AccessName  string
	RefreshName string

	// SameSite is the cookies' attribute. Default Strict in hybrid; Lax in
	// cookie mode, because Strict would greet everyone who follows a link as
	// a stranger. None is for a single-page application on another site,
	// together with TrustedOrigins.
	SameSite http.SameSite

	// TrustedOrigins are the other origins, such as "https://app.example.com",
	// whose requests may use the cookies. Default none.
	TrustedOrigins []string

	// SilentReissue, in cookie mode, reissues on the way: a request whose
	// access token is missing or has expired, but whose refresh token is
	// good, is served and answered with new cookies.
	SilentReissue bool

	// Insecure drops Secure and the prefix "__Host-", which browsers refuse
	// on plain http. It is for development: whoever is on the network between
	// can then read and plant the cookies.
	Insecure bool
}

// cookies is a transport with cookies.
type cookies struct {
	access   string // the access cookie's name, empty in hybrid
	refresh  string
	sameSite http.SameSite
	secure   bool
	silent   bool
	origins  *http.CrossOriginProtection
}

// NewHybrid returns the hybrid transport: the access token in the body and the
// Authorization header of the answer, the refresh token in a cookie only.
func NewHybrid(o CookieOptions) (Transport, error) {
	if o.AccessName != "" {
		return Transport{}, errors.New("CookieOptions.AccessName is set: the hybrid transport has no access cookie")
	}
	if o.SilentReissue {
		return Transport{}, errors.New("CookieOptions.SilentReissue is set: it needs the cookie transport")
	}
	return newTransport(o, http.SameSiteStrictMode)
}

// NewCookie returns the cookie transport: both tokens in cookies, none in a
// body. A Bearer header is accepted as well.
func NewCookie(o CookieOptions) (Transport, error) {
	if o.AccessName == "" {
		o.AccessName = defaultName("access", o.Insecure)
	}
	return newTransport(o, http.SameSiteLaxMode)
}

func newTransport(o CookieOptions, sameSite http.SameSite) (Transport, error) {
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
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("CookieOptions."+format, args...))
	}
	for field, name := range map[string]string{"AccessName": o.AccessName, "RefreshName": o.RefreshName} {
		if name == "" {
			continue
		}
		if err := (&http.Cookie{Name: name, Value: "v"}).Valid(); err != nil {
			fault("%s %q is no cookie name", field, name)
		}
		if o.Insecure && (hasPrefix(name, "__Host-") || hasPrefix(name, "__Secure-")) {
			fault("%s %q has a prefix that browsers refuse without Secure", field, name)
		}
	}
	if o.AccessName == o.RefreshName {
		fault("AccessName and RefreshName are both %q", o.RefreshName)
	}
	switch o.SameSite {
	case http.SameSiteStrictMode, http.SameSiteLaxMode:
	case http.SameSiteNoneMode:
		if o.Insecure {
			fault("SameSite is None and Insecure is set: browsers refuse None without Secure")
		}
	default:
		fault("SameSite has the unknown value %d", o.SameSite)
	}
	for _, origin := range o.TrustedOrigins {
		if err := c.origins.AddTrustedOrigin(origin); err != nil {
			fault("TrustedOrigins: %w", err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return Transport{}, err
	}
	return Transport{c}, nil
}

func defaultName(name string, insecure bool) string {
	if insecure {
		return name
	}
	return "__Host-" + name
}

// hasPrefix ignores case, as browsers do with these prefixes.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}
