package suite_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
)

// rotation is one way to exchange refresh tokens.
type rotation struct {
	name string
	// login returns the refresh token of a new session.
	login func(ctx context.Context, subject string) (string, error)
	// reissue exchanges a refresh token for the next.
	reissue func(ctx context.Context, refresh string) (string, error)
}

// roundTripsUnit is the unit of what a reissue asks of Redis.
const roundTripsUnit = "roundtrips/op"

// BenchmarkReissue compares a reissue with the two usual hand-written ones, at
// several numbers of callers at once, each with a session of its own. All read
// a signed refresh token and sign an access and a refresh token.
func BenchmarkReissue(b *testing.B) {
	server := redistest.Start(b)
	var trips roundTrips
	rotations := rotations(b, server, &trips)
	for _, callers := range []int{1, 16, 64, 256} {
		for _, r := range rotations {
			b.Run(fmt.Sprintf("%d/%s", callers, r.name), func(b *testing.B) {
				tokens := make([]string, callers)
				err := spread(b.Context(), callers, func(ctx context.Context, i int) (err error) {
					tokens[i], err = r.login(ctx, fmt.Sprintf("user-%06d", i))
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				ctx := b.Context()
				inParallel(b, callers, func(w int) (err error) {
					tokens[w], err = r.reissue(ctx, tokens[w])
					return err
				})
				const counted = 10
				before := trips.n.Load()
				for range counted {
					if tokens[0], err = r.reissue(ctx, tokens[0]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(trips.n.Load()-before)/counted, roundTripsUnit)
			})
		}
	}
}

func rotations(b *testing.B, server *redistest.Server, trips *roundTrips) []rotation {
	client := newClient(b, server)
	client.AddHook(trips)
	authority := fixture.Authority(b, newStoreOn(b, client), fixture.HS256(b))
	peerClient := newClient(b, server)
	peerClient.AddHook(trips)
	rotator := peer.NewRotator(peerClient, fixture.Secret(), fixture.Secret())
	peerLogin := func(ctx context.Context, subject string) (string, error) {
		tokens, err := rotator.Login(ctx, subject)
		return tokens.Refresh, err
	}
	return []rotation{
		{
			name: "ours",
			login: func(ctx context.Context, subject string) (string, error) {
				tokens, err := authority.Issue(ctx, core.Login{Subject: subject})
				return tokens.RefreshToken, err
			},
			reissue: func(ctx context.Context, refresh string) (string, error) {
				tokens, err := authority.Reissue(ctx, refresh)
				return tokens.RefreshToken, err
			},
		},
		{
			name:  "GET+DEL+SET",
			login: peerLogin,
			reissue: func(ctx context.Context, refresh string) (string, error) {
				tokens, err := rotator.GetDelSet(ctx, refresh)
				return tokens.Refresh, err
			},
		},
		{
			name:  "WATCH+MULTI",
			login: peerLogin,
			reissue: func(ctx context.Context, refresh string) (string, error) {
				tokens, err := rotator.WatchMulti(ctx, refresh)
				return tokens.Refresh, err
			},
		},
	}
}
