package peer

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrRevoked is for a token that is on the blacklist.
var ErrRevoked = errors.New("peer: the token has been revoked")

// Blacklist is the usual hand-written one: a key for each revoked token, by
// its jti, that goes with the token, and an EXISTS at each request.
type Blacklist struct{ client redis.UniversalClient }

// NewBlacklist returns a Blacklist on the client.
func NewBlacklist(client redis.UniversalClient) *Blacklist { return &Blacklist{client} }

// Revoke puts a token on the blacklist for the rest of its life.
func (l *Blacklist) Revoke(ctx context.Context, tokenID string, ttl time.Duration) error {
	return l.client.Set(ctx, blacklistKey(tokenID), 1, ttl).Err()
}

// Check returns [ErrRevoked] for a token that is on the blacklist.
func (l *Blacklist) Check(ctx context.Context, tokenID string) error {
	n, err := l.client.Exists(ctx, blacklistKey(tokenID)).Result()
	if err != nil {
		return err
	}
	if n > 0 {
		return ErrRevoked
	}
	return nil
}

func blacklistKey(tokenID string) string { return "blacklist:" + tokenID }
