package clients_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// transports are the values of TRANSPORT.
var transports = []string{"bearer", "hybrid", "cookie"}

// with returns the environment of a program with a transport for a browser on
// plain http.
func with(transport string, more ...string) []string {
	environ := append(slices.Clone(more), "TRANSPORT="+transport)
	if transport != "bearer" {
		environ = append(environ, "INSECURE_COOKIES=true")
	}
	return environ
}

const (
	strict = "REUSE_GRACE=strict"
	theft  = "reason=reuse" // what the log says when a refresh token is presented twice
)

// TestSessions has Chromium log in through the demo page with each transport,
// each on another program. A refresh token is stolen, and pages of other origins
// try what they can.
func TestSessions(t *testing.T) {
	browser := chromium(t)
	for i, transport := range transports {
		name := programs[i+1]
		t.Run(name+"/"+transport, func(t *testing.T) {
			t.Parallel()
			p := start(t, name, with(transport, strict)...)
			runNode(t, "sessions.test.mjs", browser, "TRANSPORT="+transport, "RATCHET_URL="+p.url)
			if got := strings.Count(p.log.String(), theft); got != 1 {
				t.Errorf("the log tells of %d thefts, want 1", got)
			}
		})
	}
}

// TestOrigins has Chromium visit two programs, which are one service on one
// Redis but two origins to a browser. It keeps cookies by host, whatever the
// port, and storage by origin. A refresh token of the one is presented twice to
// the other.
func TestOrigins(t *testing.T) {
	browser := chromium(t)
	environ := []string{"REDIS_URL=" + startRedis(t), "SIGNING_SECRET=" + strings.Repeat("s", 32), strict}
	for i, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			at := start(t, programs[i], with(transport, environ...)...)
			elsewhere := start(t, programs[i+1], with(transport, environ...)...)
			runNode(t, "origins.test.mjs", browser, "TRANSPORT="+transport, "RATCHET_URL="+at.url, "ELSEWHERE_URL="+elsewhere.url)
			if here, there := strings.Count(at.log.String(), theft), strings.Count(elsewhere.log.String(), theft); here != 0 || there != 1 {
				t.Errorf("the logs tell of %d and %d thefts, want 0 and 1", here, there)
			}
		})
	}
}

// TestSiblings has Chromium visit two hosts of one domain, each a program, which
// share a login by COOKIE_DOMAIN. Chromium finds every name below localhost here.
func TestSiblings(t *testing.T) {
	browser := chromium(t)
	const domain = "app.localhost"
	environ := with("cookie", "REDIS_URL="+startRedis(t), "SIGNING_SECRET="+strings.Repeat("s", 32), "COOKIE_DOMAIN="+domain)
	at, sibling := start(t, "gin-app", environ...), start(t, "http-app", environ...)
	host := func(p *program, name string) string { return strings.Replace(p.url, "127.0.0.1", name+"."+domain, 1) }
	runNode(t, "siblings.test.mjs", browser, "TRANSPORT=cookie", "COOKIE_DOMAIN="+domain,
		"RATCHET_URL="+host(at, "a"), "ELSEWHERE_URL="+host(sibling, "b"))
}

// TestClient has Chromium use ratchet.js and the page in ways that no framework
// makes a difference to, with each transport once.
func TestClient(t *testing.T) {
	browser := chromium(t)
	for i, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			p := start(t, programs[i%len(programs)], with(transport, strict)...)
			runNode(t, "client.test.mjs", browser, "TRANSPORT="+transport, "RATCHET_URL="+p.url)
			if got := strings.Count(p.log.String(), theft); got != 1 {
				t.Errorf("the log tells of %d thefts, want 1", got)
			}
		})
	}
}

// TestStory has Chromium play all that the demo page has to show, with each
// transport on a program of its own.
func TestStory(t *testing.T) {
	browser := chromium(t)
	for transport, name := range map[string]string{"bearer": "gin-app", "hybrid": "http-app", "cookie": "echo5-app"} {
		t.Run(name+"/"+transport, func(t *testing.T) {
			t.Parallel()
			p := start(t, name, with(transport)...)
			runNode(t, "story.test.mjs", browser, "TRANSPORT="+transport, "RATCHET_URL="+p.url)
			want := 0
			if transport == "bearer" {
				want = 2 // the last test steals as well
			}
			if got := strings.Count(p.log.String(), theft); got != want {
				t.Errorf("the log tells of %d thefts, want %d", got, want)
			}
		})
	}
}

// TestSecureCookies has Chromium log in over https, where cookies keep their
// own names and Secure.
func TestSecureCookies(t *testing.T) {
	browser := chromium(t)
	for i, transport := range []string{"hybrid", "cookie"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			p := start(t, programs[i], "TRANSPORT="+transport)
			target, err := url.Parse(p.url)
			if err != nil {
				t.Fatal(err)
			}
			proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
			defer proxy.Close()
			runNode(t, "secure.test.mjs", browser, "TRANSPORT="+transport, "RATCHET_URL="+proxy.URL)
		})
	}
}

// TestBounce has pages of other origins make Chromium ask for something, by
// every means there is, and cancel it before the answer comes. REUSE_GRACE is so
// short that a session which moved on by that would be taken for stolen.
func TestBounce(t *testing.T) {
	browser := chromium(t)
	for _, name := range []string{"gin-app", "echo-app"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, name, with("cookie", "SILENT_REISSUE=true", "REUSE_GRACE=1ms")...)
			runNode(t, "bounce.test.mjs", browser, "TRANSPORT=cookie", "RATCHET_URL="+p.url)
			if strings.Contains(p.log.String(), theft) {
				t.Error("the user was taken for a thief")
			}
		})
	}
}

// TestForms has Chromium, with scripts switched off, log in and out by the form of
// two programs, of which one reissues on the way.
func TestForms(t *testing.T) {
	browser := chromium(t)
	for name, silent := range map[string]string{"gin-app": "true", "http-app": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, name, with("cookie", "LOGIN_PAGE=/auth/form", "SILENT_REISSUE="+silent)...)
			runNode(t, "forms.test.mjs", browser, "SILENT_REISSUE="+silent, "RATCHET_URL="+p.url)
			if strings.Contains(p.log.String(), theft) {
				t.Error("the user was taken for a thief")
			}
		})
	}
}

// TestLifetimes has Chromium stay logged in, in two tabs, while access tokens
// expire, with all transports at once: most of the time it waits. With
// REUSE_GRACE=strict a refresh token that is presented twice counts as theft.
// Silent reissues need the grace: requests that are on the way together carry
// the same cookies.
func TestLifetimes(t *testing.T) {
	browser := chromium(t)
	for _, name := range []string{"http-app", "echo5-app"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const short = "ACCESS_TTL=5s"
			running := map[string]*program{"silent": start(t, name, with("cookie", short, "SILENT_REISSUE=true")...)}
			for _, transport := range transports {
				running[transport] = start(t, name, with(transport, short, strict)...)
			}
			urls := make(map[string]string)
			for setting, p := range running {
				urls[setting] = p.url
			}
			list, err := json.Marshal(urls)
			if err != nil {
				t.Fatal(err)
			}
			runNode(t, "lifetimes.test.mjs", browser, "RATCHET_URLS="+string(list))
			for setting, p := range running {
				if strings.Contains(p.log.String(), theft) {
					t.Errorf("%s: the page was taken for a thief", setting)
				}
			}
		})
	}
}
