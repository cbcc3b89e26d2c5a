package core_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ratchetauth/ratchet/core"
)

// A server that is neither Gin nor Echo, such as one of gRPC, verifies the
// token itself and hands the claims on.
func ExampleNewContext() {
	greet := func(ctx context.Context) string {
		claims, ok := core.FromContext(ctx)
		if !ok {
			return "hello stranger"
		}
		return "hello " + claims.Subject()
	}

	ctx := context.Background()
	authority := newAuthority()
	tokens, err := authority.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := authority.Verify(ctx, tokens.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greet(ctx))
	fmt.Println(greet(core.NewContext(ctx, claims)))
	// Output:
	// hello stranger
	// hello alice
}

// Roles that change take effect at the next reissue.
func ExampleConfig_loadClaims() {
	type profile struct {
		Roles []string `json:"roles"`
	}
	roles := map[string][]string{"alice": {"user"}} // a table of users
	key, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"}, Keys: []core.Key{key},
		Store: core.NewMemoryStore(core.MemoryOptions{}),
		LoadClaims: func(_ context.Context, request core.ClaimsRequest) (any, error) {
			r, ok := roles[request.Subject]
			if !ok {
				return nil, core.ErrUserGone
			}
			return profile{Roles: r}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	show := func(accessToken string) {
		claims, err := authority.Verify(context.Background(), accessToken)
		if err != nil {
			log.Fatal(err)
		}
		p, err := core.ClaimsAs[profile](claims)
		fmt.Println(p.Roles, err)
	}

	tokens, err := authority.Issue(context.Background(), core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	show(tokens.AccessToken)
	roles["alice"] = []string{"user", "admin"}
	if tokens, err = authority.Reissue(context.Background(), tokens.RefreshToken); err != nil {
		log.Fatal(err)
	}
	show(tokens.AccessToken)
	delete(roles, "alice")
	_, err = authority.Reissue(context.Background(), tokens.RefreshToken)
	fmt.Println(err)
	// Output:
	// [user] <nil>
	// [user admin] <nil>
	// ratchet: the refresh token is invalid, expired or revoked: ratchet: the user is gone
}
