package config

import (
	"net/http"
	"strings"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// readTransport reads where tokens travel.
func readTransport(e *environment, s *Settings) {
	mode := oneOf(e, "TRANSPORT", choice[string]{"bearer", "bearer"}, choice[string]{"hybrid", "hybrid"}, choice[string]{"cookie", "cookie"})
	o := httpauth.CookieOptions{
		SameSite:      readSameSite(e),
		SilentReissue: e.boolean("SILENT_REISSUE"),
		Insecure:      e.boolean("INSECURE_COOKIES"),
		Domain:        readCookieDomain(e),
		Partitioned:   e.boolean("COOKIE_PARTITIONED"),
	}
	if text := e.getenv("TRUSTED_ORIGINS"); text != "" {
		for origin := range strings.SplitSeq(text, ",") {
			o.TrustedOrigins = append(o.TrustedOrigins, strings.TrimSpace(origin))
		}
	}
	// A setting without effect would leave an operator with something other
	// than was asked for.
	needs := func(set bool, name, transport string) {
		if set {
			e.fault("%s=%s needs TRANSPORT=%s", name, quote(e.getenv(name)), transport)
		}
	}
	if mode != "cookie" {
		needs(o.SilentReissue, "SILENT_REISSUE", "cookie")
		o.SilentReissue = false
	}
	if mode == "bearer" {
		needs(o.SameSite != 0, "COOKIE_SAME_SITE", "hybrid or cookie")
		needs(o.Insecure, "INSECURE_COOKIES", "hybrid or cookie")
		needs(len(o.TrustedOrigins) > 0, "TRUSTED_ORIGINS", "hybrid or cookie")
		needs(o.Domain != "", "COOKIE_DOMAIN", "hybrid or cookie")
		needs(o.Partitioned, "COOKIE_PARTITIONED", "hybrid or cookie")
		return
	}

	if o.SameSite == http.SameSiteNoneMode && o.Insecure {
		e.fault("COOKIE_SAME_SITE=none cannot be used with INSECURE_COOKIES=%s: browsers drop such a cookie unless it is Secure", e.getenv("INSECURE_COOKIES"))
		o.SameSite = 0
	}
	if o.Partitioned && o.Insecure {
		e.fault("COOKIE_PARTITIONED=%s cannot be used with INSECURE_COOKIES=%s: browsers drop such a cookie unless it is Secure", e.getenv("COOKIE_PARTITIONED"), e.getenv("INSECURE_COOKIES"))
		o.Partitioned = false
	}
	construct := httpauth.Hybrid
	if mode == "cookie" {
		construct = httpauth.Cookie
	}
	transport := construct(o)
	if err := transport.Err(); err != nil {
		faults := len(e.faults)
		if refuseOrigins(e, o.TrustedOrigins); len(e.faults) == faults {
			e.fault("TRANSPORT=%s cannot be set up: %v", mode, err)
		}
		return
	}
	s.Transport = transport
	if o.SilentReissue && s.Core.ReuseGrace == core.Strict {
		e.fault("SILENT_REISSUE=true cannot be used with REUSE_GRACE=strict: a browser that sends two requests at once would be logged out")
	}
	if o.Insecure {
		s.warn("INSECURE_COOKIES=true: whoever is on the network can read and plant the cookies; for development only")
	} else {
		s.warn("TRANSPORT=" + mode + ": browsers keep these cookies only over https; for plain http set INSECURE_COOKIES=true")
	}
}

// readSameSite reads the cookies' attribute, of which zero means the
// transport's default.
func readSameSite(e *environment) http.SameSite {
	const name = "COOKIE_SAME_SITE"
	faults := len(e.faults)
	site := oneOf(e, name, choice[http.SameSite]{"strict", http.SameSiteStrictMode},
		choice[http.SameSite]{"lax", http.SameSiteLaxMode}, choice[http.SameSite]{"none", http.SameSiteNoneMode})
	if e.getenv(name) == "" || len(e.faults) > faults {
		return 0
	}
	return site
}

// readCookieDomain reads the domain whose hosts share the cookies. The rule is
// httpauth's; one that it refuses counts as none.
func readCookieDomain(e *environment) string {
	const name = "COOKIE_DOMAIN"
	domain := e.getenv(name)
	if httpauth.Hybrid(httpauth.CookieOptions{Domain: domain}).Err() != nil {
		e.refuse(name, domain, "a domain of two labels or more in lower case ASCII, such as example.com, and no address")
		return ""
	}
	return domain
}

// readLoginPage reads the path of the login page. The rule is httpauth's.
func readLoginPage(e *environment) string {
	const name = "LOGIN_PAGE"
	page := e.getenv(name)
	if (httpauth.Options{LoginPage: page}).Err() != nil {
		e.refuse(name, page, "a path without a query, such as /auth/form")
	}
	return page
}

// refuseOrigins records which of the origins are none.
func refuseOrigins(e *environment, origins []string) {
	for _, origin := range origins {
		if httpauth.Hybrid(httpauth.CookieOptions{TrustedOrigins: []string{origin}}).Err() != nil {
			e.refuse("TRUSTED_ORIGINS", origin,
				"origins separated by commas, such as https://app.example.com: in lower case, without a path and without port 443 of https or 80 of http")
		}
	}
}
