package peer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/redis/go-redis/v9"
)

// ErrUsed is for a refresh token that is not in Redis: used or never issued.
var ErrUsed = errors.New("peer: the refresh token is not in Redis")

const (
	issuer     = "bench"
	audience   = "api"
	accessTTL  = 10 * time.Minute
	refreshTTL = 7 * 24 * time.Hour
	sessionTTL = 30 * 24 * time.Hour
)

// Rotator is the usual hand-written rotation of refresh tokens: a key in Redis
// for each refresh token that may be used, by its jti. Both kinds of token are
// JWTs of the same claims as core's, signed by HS256 with a key each.
type Rotator struct {
	client     redis.UniversalClient
	accessKey  []byte
	refreshKey []byte
	parser     *Parser
}

// NewRotator returns a Rotator that signs with the two secrets.
func NewRotator(client redis.UniversalClient, accessKey, refreshKey []byte) *Rotator {
	return &Rotator{
		client: client, accessKey: accessKey, refreshKey: refreshKey,
		parser: NewParser("HS256", refreshKey),
	}
}

// Tokens are a pair of tokens.
type Tokens struct{ Access, Refresh string }

// refreshClaims are the claims of a refresh token: core's, with a jti, which
// names the key in Redis, for the seed.
type refreshClaims struct {
	jwt.RegisteredClaims

	SessionID  string `json:"sid"`
	Generation int64  `json:"gen"`
	AuthTime   int64  `json:"auth_time"`
}

// record is what Redis keeps for a refresh token.
type record struct {
	Subject    string `json:"sub"`
	SessionID  string `json:"sid"`
	Generation int64  `json:"gen"`
	AuthTime   int64  `json:"auth_time"`
	End        int64  `json:"end"`
}

// Login returns the first pair of a session.
func (r *Rotator) Login(ctx context.Context, subject string) (Tokens, error) {
	now := time.Now()
	next := record{Subject: subject, SessionID: rand.Text(), AuthTime: now.Unix(), End: now.Add(sessionTTL).Unix()}
	id, value, tokens, err := r.mint(next)
	if err != nil {
		return Tokens{}, err
	}
	return tokens, r.client.Set(ctx, refreshKey(id), value, refreshTTL).Err()
}

// GetDelSet exchanges a refresh token in three round trips, which nothing
// holds together: two callers at once both succeed.
func (r *Rotator) GetDelSet(ctx context.Context, refresh string) (Tokens, error) {
	var claims refreshClaims
	if err := r.parser.parse(refresh, &claims); err != nil {
		return Tokens{}, err
	}
	old := refreshKey(claims.ID)
	id, value, tokens, err := r.advance(r.client.Get(ctx, old).Bytes())
	if err != nil {
		return Tokens{}, err
	}
	if err := r.client.Del(ctx, old).Err(); err != nil {
		return Tokens{}, err
	}
	return tokens, r.client.Set(ctx, refreshKey(id), value, refreshTTL).Err()
}

// WatchMulti exchanges a refresh token by optimistic locking: of two callers
// at once one succeeds.
func (r *Rotator) WatchMulti(ctx context.Context, refresh string) (Tokens, error) {
	var claims refreshClaims
	if err := r.parser.parse(refresh, &claims); err != nil {
		return Tokens{}, err
	}
	var tokens Tokens
	old := refreshKey(claims.ID)
	err := r.client.Watch(ctx, func(tx *redis.Tx) error {
		id, value, minted, err := r.advance(tx.Get(ctx, old).Bytes())
		if err != nil {
			return err
		}
		tokens = minted
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, old)
			p.Set(ctx, refreshKey(id), value, refreshTTL)
			return nil
		})
		return err
	}, old)
	if err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// advance mints the pair that follows a record as it was read from Redis.
func (r *Rotator) advance(value []byte, err error) (string, []byte, Tokens, error) {
	if errors.Is(err, redis.Nil) {
		return "", nil, Tokens{}, ErrUsed
	}
	if err != nil {
		return "", nil, Tokens{}, err
	}
	var s record
	if err := json.Unmarshal(value, &s); err != nil {
		return "", nil, Tokens{}, fmt.Errorf("peer: read the record: %w", err)
	}
	s.Generation++
	return r.mint(s)
}

// mint signs the pair of a record. It returns the refresh token's id and the
// record as it is to be stored under it.
func (r *Rotator) mint(s record) (id string, value []byte, tokens Tokens, err error) {
	now := time.Now()
	id = rand.Text()
	if value, err = json.Marshal(s); err != nil {
		return "", nil, Tokens{}, err
	}
	tokens.Access, err = sign(r.accessKey, &Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: s.Subject,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(accessTTL)),
			ID: s.SessionID + "." + strconv.FormatInt(s.Generation, 10),
		},
		SessionID: s.SessionID, Generation: s.Generation, AuthTime: s.AuthTime,
	})
	if err != nil {
		return "", nil, Tokens{}, err
	}
	tokens.Refresh, err = sign(r.refreshKey, &refreshClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{"reissue"}, Subject: s.Subject,
			ExpiresAt: jwt.NewNumericDate(time.Unix(s.End, 0)), ID: id,
		},
		SessionID: s.SessionID, Generation: s.Generation, AuthTime: s.AuthTime,
	})
	if err != nil {
		return "", nil, Tokens{}, err
	}
	return id, value, tokens, nil
}

func sign(key []byte, claims jwt.Claims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	t.Header["kid"] = "bench"
	return t.SignedString(key)
}

func refreshKey(tokenID string) string { return "refresh:" + tokenID }
