package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
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
	// Default "__Host-access" and "__Host-refresh"; with Domain the prefix is
	// "__Secure-", and there is none if Insecure. The hybrid transport has no
	// access cookie. Two transports on one host need names that differ.
	AccessName  string
	RefreshName string

	// Domain lets all subdomains of a domain share the cookies, such as
	// "example.com" for app.example.com and id.example.com. It has two labels or
	// more and is the request's host or a parent of it: a login elsewhere fails.
	// Every host of the domain, also one that somebody else runs, can then
	// read, plant and delete the cookies. Default none: the cookies are of one
	// host alone.
	Domain string

	// Partitioned keeps the cookies apart for each site in which a page of this
	// one is embedded (CHIPS). It needs SameSite None in such pages.
	Partitioned bool

	// SameSite is the cookies' attribute. Default Strict in hybrid; Lax in
	// cookie mode, because Strict would greet everyone who follows a link as
	// a stranger. None is for a single-page application on another site,
	// together with TrustedOrigins.
	SameSite http.SameSite

	// TrustedOrigins are the other origins, such as "https://app.example.com",
	// whose requests may use the cookies, as browsers write them: in lower
	// case, without a path and the scheme's own port. An app's shell has a scheme
	// of its own, such as "capacitor://localhost". A first label "*", as in
	// "https://*.preview.example.com", stands for any one label. Default none.
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
	patterns []originPattern // of further origins
	err      error           // the faults of its options

	domain      string
	partitioned bool
	bounced     string // the name of the cookie of a bounce that has arrived
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
		o.AccessName = defaultName("access", o)
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
		o.RefreshName = defaultName("refresh", o)
	}
	if o.SameSite == 0 {
		o.SameSite = sameSite
	}
	c := &cookies{
		access: o.AccessName, refresh: o.RefreshName, sameSite: o.SameSite,
		secure: !o.Insecure, silent: o.SilentReissue, origins: http.NewCrossOriginProtection(),
		domain: o.Domain, partitioned: o.Partitioned, bounced: bouncedName(o),
	}
	for _, n := range []struct{ field, name string }{{"AccessName", o.AccessName}, {"RefreshName", o.RefreshName}} {
		if n.name == "" {
			continue
		}
		if err := checkCookieName(n.name, o); err != nil {
			faults.add("%s %w", n.field, err)
		}
	}
	if o.AccessName == o.RefreshName {
		faults.add("AccessName and RefreshName are both %q", o.RefreshName)
	}
	if o.SilentReissue && o.AccessName == c.bounced {
		faults.add("AccessName is %q, the name of a cookie of silent reissue", o.AccessName)
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
	if err := checkDomainName(o.Domain); err != nil {
		faults.add("Domain %q %w", o.Domain, err)
	}
	if o.Partitioned && o.Insecure {
		faults.add("Partitioned and Insecure are both set: browsers refuse Partitioned without Secure")
	}
	for _, origin := range o.TrustedOrigins {
		if err := c.trust(origin); err != nil {
			faults.add("TrustedOrigins %q %w", origin, err)
		}
	}
	c.err = errors.Join(faults...)
	return Transport{c}
}

func defaultName(name string, o CookieOptions) string {
	switch {
	case o.Insecure:
		return name
	case o.Domain != "":
		return "__Secure-" + name
	}
	return "__Host-" + name
}

// bouncedName returns the name of the cookie of a bounce, empty without silent
// reissue. It is of one host, also with a Domain or a name of one's own, and has
// the prefix that keeps other hosts from planting it.
func bouncedName(o CookieOptions) string {
	name := o.RefreshName + "-bounced"
	switch {
	case !o.SilentReissue:
		return ""
	case o.Insecure:
		return name
	}
	return "__Host-" + strings.TrimPrefix(strings.TrimPrefix(name, "__Host-"), "__Secure-")
}

// checkCookieName refuses names with which browsers or net/http would drop the
// cookie.
func checkCookieName(name string, o CookieOptions) error {
	if len(name) > maxCookieName {
		return fmt.Errorf("has %d bytes, it may have %d", len(name), maxCookieName)
	}
	if err := (&http.Cookie{Name: name, Value: "v"}).Valid(); err != nil {
		return fmt.Errorf("%q is not a cookie name", name)
	}
	has := func(prefix string) bool { // as browsers compare
		return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
	}
	if o.Insecure && (has("__Host-") || has("__Secure-") || has("__Http-")) {
		return fmt.Errorf("%q has a prefix that browsers refuse without Secure", name)
	}
	if o.Domain != "" && (has("__Host-") || has("__Host-Http-")) {
		return fmt.Errorf("%q has a prefix that browsers refuse with a Domain", name)
	}
	return nil
}

// checkDomainName refuses what browsers take for no domain that cookies can be
// shared in. That a domain is a public suffix, such as co.uk, only they know.
func checkDomainName(domain string) error {
	if domain == "" {
		return nil
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInLabel) {
			return errors.New("is not a domain in lower case ASCII, such as example.com")
		}
	}
	if len(labels) < 2 || len(domain) > 253 {
		return errors.New("needs two labels or more, such as example.com")
	}
	if _, err := netip.ParseAddr(domain); err == nil {
		return errors.New("is an address: cookies have no domain there")
	}
	return nil
}
