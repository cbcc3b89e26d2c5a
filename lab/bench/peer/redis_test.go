package peer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
)

func TestBlacklist(t *testing.T) {
	l := peer.NewBlacklist(redistest.Start(t).Client(t))
	if err := l.Revoke(t.Context(), "one.0", time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(t.Context(), "one.0"); !errors.Is(err, peer.ErrRevoked) {
		t.Errorf("a revoked token: got %v, want %v", err, peer.ErrRevoked)
	}
	if err := l.Check(t.Context(), "two.0"); err != nil {
		t.Errorf("another token: got %v, want nil", err)
	}
}

// Each rotation gives a pair that goes on, and refuses what has been used and
// what is none of its own.
func TestRotations(t *testing.T) {
	accessKey, refreshKey := fixture.Secret(), fixture.Secret()
	client := redistest.Start(t).Client(t)
	r := peer.NewRotator(client, accessKey, refreshKey)
	stranger := peer.NewRotator(client, accessKey, fixture.Secret())
	parser := peer.NewParser("HS256", accessKey)

	rotations := map[string]func(context.Context, string) (peer.Tokens, error){
		"GET+DEL+SET": r.GetDelSet,
		"WATCH/MULTI": r.WatchMulti,
	}
	for name, rotate := range rotations {
		t.Run(name, func(t *testing.T) {
			client.FlushAll(t.Context())
			first, err := r.Login(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			tokens := first
			for generation := int64(1); generation <= 3; generation++ {
				if tokens, err = rotate(t.Context(), tokens.Refresh); err != nil {
					t.Fatal(err)
				}
				c, err := parser.Parse(tokens.Access)
				if err != nil {
					t.Fatal(err)
				}
				if c.Subject != "alice" || c.Generation != generation {
					t.Errorf("got generation %d of %q, want %d of alice", c.Generation, c.Subject, generation)
				}
			}
			if n := client.DBSize(t.Context()).Val(); n != 1 {
				t.Errorf("got %d keys after three rotations, want the last token's", n)
			}
			if _, err := rotate(t.Context(), first.Refresh); !errors.Is(err, peer.ErrUsed) {
				t.Errorf("a used token: got %v, want %v", err, peer.ErrUsed)
			}
			forged, err := stranger.Login(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rotate(t.Context(), forged.Refresh); err == nil {
				t.Error("a token signed with another key was accepted")
			}
			if _, err := rotate(t.Context(), tokens.Access); err == nil {
				t.Error("an access token was accepted")
			}
		})
	}
}
