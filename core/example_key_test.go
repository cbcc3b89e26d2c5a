package core_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log"

	"github.com/ratchetauth/ratchet/core"
)

func ExampleNewHMACKey() {
	// As printed once by: openssl rand -base64 32
	secret, err := base64.StdEncoding.DecodeString("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if err != nil {
		log.Fatal(err)
	}
	key, err := core.NewHMACKey("2026-01", secret)
	fmt.Println(key.ID(), key.Algorithm(), err)
	_, err = core.NewHMACKey("2026-01", []byte("wonderland"))
	fmt.Println(err)
	// Output:
	// 2026-01 HS256 <nil>
	// core: key "2026-01": the secret has 10 bytes, HS256 needs 32
}

func ExampleNewPrivateKey() {
	// Usually read from a file or a hardware module: the private key alone
	// decides the algorithm.
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signing, err := core.NewPrivateKey("2026-01", signer)
	if err != nil {
		log.Fatal(err)
	}
	refresh, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"},
		Keys:        []core.Key{signing},
		RefreshKeys: []core.Key{refresh}, // required with asymmetric keys
		Store:       core.NewMemoryStore(core.MemoryOptions{}),
	})
	fmt.Println(signing.Algorithm(), err)
	// Output: ES256 <nil>
}

// A service that only verifies access tokens has the public key alone. It
// shares the store of the service that issues them, for the blacklist.
func ExampleNewPublicKey() {
	ctx := context.Background()
	store := core.NewMemoryStore(core.MemoryOptions{}) // redisstore.New for two processes
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	issuer := newIssuer(signer, store)

	public, err := core.NewPublicKey("2026-01", signer.Public())
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"},
		Keys:  []core.Key{public},
		Store: store,
	})
	if err != nil {
		log.Fatal(err)
	}

	tokens, err := issuer.Issue(ctx, core.Login{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(ctx, tokens.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Subject())
	_, err = verifier.Issue(ctx, core.Login{Subject: "alice"})
	fmt.Println(err)
	if err := issuer.Logout(ctx, tokens.RefreshToken); err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(ctx, tokens.AccessToken)
	fmt.Println(err)
	// Output:
	// alice
	// core: Issue: Config.Keys only verify
	// ratchet: the access token has been revoked
}

// newIssuer returns an Authority that signs with the private key.
func newIssuer(signer crypto.Signer, store core.Store) *core.Authority {
	signing, err := core.NewPrivateKey("2026-01", signer)
	if err != nil {
		log.Fatal(err)
	}
	refresh, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"},
		Keys: []core.Key{signing}, RefreshKeys: []core.Key{refresh},
		Store: store,
	})
	if err != nil {
		log.Fatal(err)
	}
	return issuer
}
