package core_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// An event of a token names the token's generation, the first too, and what
// judges a reuse or a replay.
func TestEventInLog(t *testing.T) {
	for name, tt := range map[string]struct {
		event core.Event
		want  string
	}{
		"reissue": {core.Event{Type: core.SessionReissued, Subject: "alice", SessionID: "s", Reason: "rotated"},
			"event.type=session-reissued event.subject=alice event.session=s event.reason=rotated event.generation=0 event.distance=0 event.age=0s"},
		"replay": {core.Event{Type: core.SessionReplayed, Generation: 3, Distance: 1, Age: time.Second, Reason: "replayed"},
			"event.type=session-replayed event.reason=replayed event.generation=3 event.distance=1 event.age=1s"},
		"reuse": {core.Event{Type: core.SessionRevoked, Reason: "reuse", Distance: 2, Age: time.Hour},
			"event.type=session-revoked event.reason=reuse event.generation=0 event.distance=2 event.age=1h0m0s"},
		"logout": {core.Event{Type: core.SessionRevoked, Reason: "logout", SessionID: "s"},
			"event.type=session-revoked event.session=s event.reason=logout"},
		"blacklisted": {core.Event{Type: core.TokenBlacklisted, SessionID: "s"},
			"event.type=token-blacklisted event.session=s event.generation=0"},
		"login": {core.Event{Type: core.SessionEstablished, Device: core.Device{Name: "phone", UserAgent: "app", IP: "192.0.2.1"}},
			"event.type=session-established event.device=phone event.user_agent=app event.ip=192.0.2.1"},
		"store": {core.Event{Type: core.StoreFailed, Reason: "reissue", Err: errors.New("it broke")},
			`event.type=store-failed event.reason=reissue event.error="it broke"`},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
				if len(groups) == 0 {
					return slog.Attr{}
				}
				return a
			}}
			slog.New(slog.NewTextHandler(&log, options)).Info("", "event", tt.event)
			if got := bytes.TrimSpace(log.Bytes()); string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
