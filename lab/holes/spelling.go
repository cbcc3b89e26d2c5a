package holes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// spellings returns other texts of a token's bytes, those that some decoder
// takes for them. twin adds the other signature that ES256 has of the same
// text.
func spellings(f *fleet, token string, twin bool) []string {
	f.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	segments := strings.Split(token, ".")
	var list []string
	add := func(i int, segment string) {
		changed := slices.Clone(segments)
		changed[i] = segment
		list = append(list, strings.Join(changed, "."))
	}
	for i, segment := range segments {
		same := decode(f, segment)
		for _, c := range alphabet {
			other := segment[:len(segment)-1] + string(c)
			if other != segment && string(decode(f, other)) == string(same) {
				add(i, other)
			}
		}
		for _, tail := range []string{"=", "==", "\n", "\r\n", " "} {
			add(i, segment+tail)
		}
		add(i, segment[:3]+"\n"+segment[3:])
		add(i, strings.NewReplacer("-", "+", "_", "/").Replace(segment))
	}
	list = slices.DeleteFunc(list, func(s string) bool { return s == token })
	if twin {
		add(2, base64.RawURLEncoding.EncodeToString(twinSignature(decode(f, segments[2]))))
	}
	if len(list) < 15 {
		f.Fatalf("there are only %d spellings", len(list))
	}
	return list
}

// twinSignature returns (r, n-s) of an ES256 signature (r, s): both are good.
func twinSignature(signature []byte) []byte {
	s := new(big.Int).SetBytes(signature[32:])
	twin := slices.Clone(signature)
	s.Sub(elliptic.P256().Params().N, s).FillBytes(twin[32:])
	return twin
}

func decode(f *fleet, segment string) []byte {
	f.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		f.Fatal(err)
	}
	return decoded
}

// withES256 signs access tokens with a new ES256 key.
func withES256(f *fleet) func(*core.Config) {
	f.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	key, err := core.NewPrivateKey("e", private)
	if err != nil {
		f.Fatal(err)
	}
	return func(c *core.Config) { c.RefreshKeys, c.Keys = refreshKeys(f), []core.Key{key} }
}

func refreshKeys(f *fleet) []core.Key {
	f.Helper()
	key, err := core.NewHMACKey("r", []byte("another secret of 32 bytes......"))
	if err != nil {
		f.Fatal(err)
	}
	return []core.Key{key}
}
