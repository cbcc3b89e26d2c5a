package core_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// newAuthority is what the examples start from: an Authority in memory.
func newAuthority() *core.Authority {
	key, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := core.New(core.Config{
		Issuer:   "https://id.example",
		Audience: []string{"api"},
		Keys:     []core.Key{key},
		Store:    core.NewMemoryStore(core.MemoryOptions{}),
	})
	if err != nil {
		log.Fatal(err)
	}
	return authority
}

func Example() {
	ctx := context.Background()
	authority := newAuthority()

	// At login, once the password has been checked.
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	// With every request.
	claims, err := authority.Verify(ctx, tokens.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Subject(), claims.Generation())
	// When the access token has expired.
	tokens, err = authority.Reissue(ctx, tokens.RefreshToken)
	if err != nil {
		log.Fatal(err)
	}
	// At logout.
	if err := authority.Logout(ctx, tokens.RefreshToken); err != nil {
		log.Fatal(err)
	}
	_, err = authority.Verify(ctx, tokens.AccessToken)
	fmt.Println(err)
	// Output:
	// alice 0
	// ratchet: the access token has been revoked
}

func ExampleNew() {
	_, err := core.New(core.Config{
		Issuer:    "https://id.example",
		Audience:  []string{"api"},
		AccessTTL: 15, // forgot the unit
		Store:     core.NewMemoryStore(core.MemoryOptions{}),
	})
	fmt.Println(err)
	// Output:
	// core: Config.AccessTTL is 15ns, it must be 1s or more
	// core: Config.Keys is empty
}

func ExampleNewMemoryStore() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	key, err := core.NewHMACKey("k", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"}, Keys: []core.Key{key},
		Store: core.NewMemoryStore(core.MemoryOptions{Now: clock}),
		Now:   clock,
	})
	if err != nil {
		log.Fatal(err)
	}
	tokens, err := authority.Issue(context.Background(), core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokens.AccessExpiresAt.Format(time.TimeOnly))
	now = now.Add(10 * time.Minute) // a test moves the clock, it does not wait
	_, err = authority.Verify(context.Background(), tokens.AccessToken)
	fmt.Println(err)
	// Output:
	// 12:10:00
	// ratchet: the access token has expired
}

func ExampleAuthority_Issue() {
	type profile struct {
		Roles []string `json:"roles"`
	}
	authority := newAuthority()
	tokens, err := authority.Issue(context.Background(), core.Login{
		Subject:    "alice",
		Claims:     profile{Roles: []string{"admin"}},
		Device:     core.Device{Name: "Alice's phone"},
		SessionTTL: 12 * time.Hour, // "remember me" was not ticked
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokens.RefreshExpiresAt.Sub(tokens.AccessExpiresAt).Round(time.Hour))

	_, err = authority.Issue(context.Background(), core.Login{Subject: "alice", Claims: map[string]any{"exp": 0}})
	fmt.Println(err)
	// Output:
	// 12h0m0s
	// core: Login.Claims: the name "exp" is reserved
}

func ExampleAuthority_Verify() {
	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{tokens.AccessToken, tokens.RefreshToken, ""} {
		claims, err := authority.Verify(ctx, token)
		if err != nil {
			e := core.AsError(err)
			fmt.Println(e.Status(), e.Code())
			continue
		}
		fmt.Println(claims.Subject())
	}
	// Output:
	// alice
	// 401 token_invalid
	// 401 token_missing
}

func ExampleAuthority_Reissue() {
	ctx := context.Background()
	authority := newAuthority()
	first, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	second, err := authority.Reissue(ctx, first.RefreshToken, core.WithIdempotencyKey("one attempt"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = authority.Reissue(ctx, second.RefreshToken)
	fmt.Println("the newest token:", err)

	// The first token again, long used up: two parties hold the session.
	_, err = authority.Reissue(ctx, first.RefreshToken)
	fmt.Println("an earlier token:", errors.Is(err, core.ErrRefreshInvalid))
	_, err = authority.Verify(ctx, second.AccessToken)
	fmt.Println("the session's access tokens:", err)
	// Output:
	// the newest token: <nil>
	// an earlier token: true
	// the session's access tokens: ratchet: the access token has been revoked
}

func ExampleAuthority_Logout() {
	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(authority.Logout(ctx, tokens.AccessToken))
	fmt.Println(authority.Logout(ctx, tokens.AccessToken)) // what has ended has ended
	_, err = authority.Reissue(ctx, tokens.RefreshToken)
	fmt.Println(errors.Is(err, core.ErrRefreshInvalid))
	// Output:
	// <nil>
	// <nil>
	// true
}

func ExampleAuthority_Sessions() {
	ctx := context.Background()
	authority := newAuthority()
	if _, err := authority.Issue(ctx, core.Login{Subject: "alice", Device: core.Device{Name: "phone"}}); err != nil {
		log.Fatal(err)
	}
	sessions, err := authority.Sessions(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range sessions {
		fmt.Println(s.Device.Name, s.ExpiresAt.Sub(s.LastUsedAt))
	}
	// Output:
	// phone 168h0m0s
}

func ExampleAuthority_Revoke() {
	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(authority.Revoke(ctx, "bob", tokens.SessionID)) // not bob's to end
	fmt.Println(authority.Revoke(ctx, "alice", tokens.SessionID))
	// Output:
	// ratchet: no such session
	// <nil>
}

func ExampleAuthority_RevokeAll() {
	ctx := context.Background()
	authority := newAuthority()
	var current core.Tokens
	for range 3 {
		var err error
		if current, err = authority.Issue(ctx, core.Login{Subject: "alice"}); err != nil {
			log.Fatal(err)
		}
	}
	ended, err := authority.RevokeAll(ctx, "alice", current.SessionID)
	fmt.Println(ended, err)
	_, err = authority.Verify(ctx, current.AccessToken)
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// <nil>
}

// A single access token is revoked without ending the session, for example to
// have its holder pick up new roles at once.
func ExampleAuthority_Blacklist() {
	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	if err := authority.Blacklist(ctx, tokens.AccessToken); err != nil {
		log.Fatal(err)
	}
	_, err = authority.Verify(ctx, tokens.AccessToken)
	fmt.Println(err)
	next, err := authority.Reissue(ctx, tokens.RefreshToken)
	if err != nil {
		log.Fatal(err)
	}
	_, err = authority.Verify(ctx, next.AccessToken)
	fmt.Println("the next one:", err)
	// Output:
	// ratchet: the access token has been revoked
	// the next one: <nil>
}

func ExampleAuthority_Block() {
	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "mallory"})
	if err != nil {
		log.Fatal(err)
	}
	if err := authority.Block(ctx, "mallory", time.Now().Add(24*time.Hour)); err != nil {
		log.Fatal(err)
	}
	_, err = authority.Verify(ctx, tokens.AccessToken)
	fmt.Println(err)
	_, err = authority.Issue(ctx, core.Login{Subject: "mallory"})
	fmt.Println(err)
	// Output:
	// ratchet: the access token has been revoked
	// ratchet: the user is blocked
}

func ExampleAuthority_SetKeys() {
	ctx := context.Background()
	authority := newAuthority() // with the key 2026-01
	before, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	retiring, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	signing, err := core.NewHMACKey("2026-02", []byte("another 32 bytes, just as random"))
	if err != nil {
		log.Fatal(err)
	}
	if err := authority.SetKeys([]core.Key{signing, retiring}, nil); err != nil {
		log.Fatal(err)
	}
	_, err = authority.Verify(ctx, before.AccessToken)
	fmt.Println("while the old key retires:", err)
	if err := authority.SetKeys([]core.Key{signing}, nil); err != nil {
		log.Fatal(err)
	}
	_, err = authority.Verify(ctx, before.AccessToken)
	fmt.Println("once it is gone:", errors.Is(err, core.ErrTokenInvalid))
	// Output:
	// while the old key retires: <nil>
	// once it is gone: true
}

func ExampleAuthority_JWKS() {
	// The key of RFC 8037, appendix A.
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		log.Fatal(err)
	}
	signing, err := core.NewPrivateKey("2026-01", ed25519.NewKeyFromSeed(seed))
	if err != nil {
		log.Fatal(err)
	}
	refresh, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"},
		Keys: []core.Key{signing}, RefreshKeys: []core.Key{refresh},
		Store: core.NewMemoryStore(core.MemoryOptions{}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", authority.JWKS())
	// Output:
	// {"keys":[{"kty":"OKP","kid":"2026-01","alg":"EdDSA","use":"sig","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
}

func ExampleClaimsAs() {
	type profile struct {
		Roles []string `json:"roles"`
	}
	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice", Claims: profile{Roles: []string{"user", "admin"}}})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := authority.Verify(ctx, tokens.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	p, err := core.ClaimsAs[profile](claims)
	fmt.Println(p.Roles, err)
	// Output: [user admin] <nil>
}
