package core_test

import (
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// TestUserAgents checks that the browsers most in use can be told apart in a
// list of sessions, though little of their user agent is kept.
func TestUserAgents(t *testing.T) {
	agents := map[string]string{
		"Chrome on Windows":  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
		"Edge on Windows":    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
		"Opera on Windows":   "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 OPR/131.0.0.0",
		"Firefox on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:151.0) Gecko/20100101 Firefox/151.0",
		"Safari on a Mac":    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
		"Chrome on Android":  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
		"Safari on iPhone":   "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
		"Samsung Internet":   "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
	}
	kept := make(map[string]string)
	for name, agent := range agents {
		w := newWorld(t)
		if _, err := w.Issue(t.Context(), core.Login{Subject: "alice", Device: core.Device{UserAgent: agent}}); err != nil {
			t.Fatal(err)
		}
		got := w.sessions(t, "alice")[0].Device.UserAgent
		if other, again := kept[got]; again {
			t.Errorf("%s and %s are both %q", name, other, got)
		}
		kept[got] = name
		if len(got) > 64 || strings.Contains(got, "Mozilla") || strings.Contains(got, "KHTML") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// TestOtherAgents checks what is kept of a user agent that is no browser's.
func TestOtherAgents(t *testing.T) {
	long := strings.Repeat("a", 100)
	for agent, want := range map[string]string{
		"curl/8.9.1":                           "curl/8.9.1",
		"Mozilla/5.0 (Tiny) x/1":               "Mozilla/5.0 (Tiny) x/1",
		long:                                   long[:64],
		"Mozilla/5.0 " + long:                  long[:64],
		"Mozilla/5.0 (X) AppleWebKit/" + long:  "(X) AppleWebKit/" + long[:48],
		strings.Repeat(" AppleWebKit/", 10000): strings.Repeat(" AppleWebKit/", 10000)[:64],
	} {
		w := newWorld(t)
		if _, err := w.Issue(t.Context(), core.Login{Subject: "alice", Device: core.Device{UserAgent: agent}}); err != nil {
			t.Fatal(err)
		}
		if got := w.sessions(t, "alice")[0].Device.UserAgent; got != want {
			t.Errorf("%.60q: got %q, want %q", agent, got, want)
		}
	}
}

// A field is cut between characters, and no sooner than it must be.
func TestDeviceIsCut(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ name, text, want string }{
		{"64 bytes", strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{"65 bytes", strings.Repeat("x", 65), strings.Repeat("x", 64)},
		{"two-byte character across", strings.Repeat("x", 63) + "éé", strings.Repeat("x", 63)},
		{"two-byte character up to the edge", strings.Repeat("x", 62) + "éx", strings.Repeat("x", 62) + "é"},
		{"three-byte character across by one", strings.Repeat("x", 62) + "€", strings.Repeat("x", 62)},
		{"three-byte character across by two", strings.Repeat("x", 63) + "€", strings.Repeat("x", 63)},
		{"three-byte character up to the edge", strings.Repeat("x", 61) + "€x", strings.Repeat("x", 61) + "€"},
		{"four-byte characters", strings.Repeat("😀", 17), strings.Repeat("😀", 16)},
		{"four-byte character across by one", strings.Repeat("x", 61) + "😀", strings.Repeat("x", 61)},
		{"four-byte character across by three", strings.Repeat("x", 63) + "😀", strings.Repeat("x", 63)},
		{"not UTF-8", "a\xffb\xc3", "ab"},
		{"continuation bytes only", strings.Repeat("\x80", 100), ""},
		{"U+FFFD itself", strings.Repeat("x", 61) + "\ufffd", strings.Repeat("x", 61) + "\ufffd"},
		{"U+FFFD across", strings.Repeat("x", 62) + "\ufffd", strings.Repeat("x", 62)},
	} {
		t.Run(test.name, func(t *testing.T) {
			pair := w.issue(t, core.Login{Subject: "alice", Device: core.Device{Name: test.text}})
			for _, s := range w.sessions(t, "alice") {
				if s.ID == pair.SessionID && s.Device.Name != test.want {
					t.Errorf("got %q, want %q", s.Device.Name, test.want)
				}
			}
		})
	}
}
