package core_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// TestParseJWKS checks that an Authority which only verifies accepts the tokens of
// another, by the set that the other publishes.
func TestParseJWKS(t *testing.T) {
	issuer := newWorld(t, func(c *core.Config) {
		c.Keys = []core.Key{
			must(core.NewPrivateKey("ed", edPrivate())), must(core.NewPrivateKey("es", ecPrivate())), must(core.NewPrivateKey("rs", rsaPrivate())),
		}
		c.RefreshKeys = []core.Key{hmacKey(t, "refresh", hmacSecret)}
	})
	keys, err := core.ParseJWKS(issuer.JWKS())
	if err != nil || len(keys) != 3 {
		t.Fatalf("got %v and the error %v, want 3 keys", keys, err)
	}
	verifier := newWorld(t, func(c *core.Config) { c.Keys, c.Store, c.Now = keys, issuer.config.Store, issuer.clock.Now })
	for _, private := range issuer.config.Keys {
		if err := issuer.SetKeys(append([]core.Key{private}, others(issuer.config.Keys, private)...), issuer.config.RefreshKeys); err != nil {
			t.Fatal(err)
		}
		pair := issuer.login(t, "alice")
		if _, err := verifier.Verify(t.Context(), pair.AccessToken); err != nil {
			t.Errorf("a token of the key %s: got %v", private.ID(), err)
		}
	}
	if _, err := verifier.Issue(t.Context(), core.Login{Subject: "alice"}); err == nil {
		t.Error("keys of a set sign")
	}
}

func others(keys []core.Key, not core.Key) (list []core.Key) {
	for _, k := range keys {
		if k.ID() != not.ID() {
			list = append(list, k)
		}
	}
	return list
}

// The key of RFC 8037, appendix A.2, and others that are malformed or not ours.
const (
	jwkEd  = `{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	jwkEC  = `{"kty":"EC","crv":"P-256","kid":"ec","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
	jwkOct = `{"kty":"oct","kid":"h","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`
)

func TestParseJWKSFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		set  string
		want int // keys; 0: an error
	}{
		"two kinds":                    {`{"keys":[` + jwkEd + `,` + jwkEC + `]}`, 2},
		"members that are not known":   {`{"keys":[` + strings.Replace(jwkEd, `{`, `{"x5t":"a",`, 1) + `],"a":1}`, 1},
		"others are ignored":           {`{"keys":[{"kty":"X"},{"kty":"EC","crv":"P-521","kid":"a"},` + jwkEd + `]}`, 1},
		"another algorithm is ignored": {`{"keys":[` + strings.Replace(jwkEC, `{`, `{"alg":"ES256K",`, 1) + `,` + jwkEd + `]}`, 1},
		"an encryption key is ignored": {`{"keys":[` + strings.Replace(jwkEC, `{`, `{"use":"enc",`, 1) + `,` + jwkEd + `]}`, 1},
		"a key for other operations":   {`{"keys":[` + strings.Replace(jwkEC, `{`, `{"key_ops":["deriveKey"],`, 1) + `,` + jwkEd + `]}`, 1},
		"none that is ours":            {`{"keys":[{"kty":"X"}]}`, 0},
		"empty":                        {`{"keys":[]}`, 0},
		"no keys":                      {`{}`, 0},
		"not JSON":                     {`{`, 0},
		"an HMAC secret":               {`{"keys":[` + jwkEd + `,` + jwkOct + `]}`, 0},
		"a private key":                {`{"keys":[` + strings.Replace(jwkEd, `{`, `{"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",`, 1) + `]}`, 0},
		"one kid twice":                {`{"keys":[` + jwkEd + `,` + strings.Replace(jwkEC, `"ec"`, `"ed"`, 1) + `]}`, 0},
		"no kid":                       {`{"keys":[` + strings.Replace(jwkEd, `"kid":"ed",`, ``, 1) + `]}`, 0},
		"a short x":                    {`{"keys":[` + strings.Replace(jwkEC, `MKBC`, ``, 1) + `]}`, 0},
		"no y":                         {`{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"}]}`, 0},
		"a point off the curve":        {`{"keys":[` + strings.Replace(jwkEC, `4Etl`, `5Etl`, 1) + `]}`, 0},
		"padded":                       {`{"keys":[` + strings.Replace(jwkEd, `HURo"`, `HURo="`, 1) + `]}`, 0},
		"a short RSA modulus":          {`{"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}]}`, 0},
		"a huge RSA exponent":          {`{"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQABAQABAQAB"}]}`, 0},
		"an RSA key of nothing":        {`{"keys":[{"kty":"RSA","kid":"r"}]}`, 0},
		"too many":                     {`{"keys":[` + strings.Repeat(`{"kty":"X"},`, 100) + jwkEd + `]}`, 0},
		"too long":                     {`{"keys":[` + jwkEd + `]}` + strings.Repeat(" ", 64<<10), 0},
	} {
		keys, err := core.ParseJWKS([]byte(tt.set))
		if len(keys) != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("%s: got %v and the error %v, want %d keys", name, keys, err, tt.want)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "core: ") || strings.Contains(err.Error(), "AyM1Sys") || errors.Is(err, core.ErrInternal)) {
			t.Errorf("%s: got the error %v", name, err)
		}
	}
}

func ExampleParseJWKS() {
	set := []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	keys, err := core.ParseJWKS(set) // what another service answers from /.well-known/jwks.json
	if err != nil {
		log.Fatal(err)
	}
	_, err = core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"orders"}, Keys: keys,
		Store: core.NewMemoryStore(core.MemoryOptions{}), // in earnest the issuer's, to see what it revokes
	})
	fmt.Println(keys[0].ID(), keys[0].Algorithm(), err)
	// Output: one EdDSA <nil>
}
