package core

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
)

// jwk is a public key in the form of RFC 7517, with the parameters of RFC
// 7518, section 6, and RFC 8037, section 2.
type jwk struct {
	KeyType   string `json:"kty"`
	ID        string `json:"kid"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
}

// jwks returns the set's public keys as a JWK Set, in the order of their ids.
// HMAC keys have no public half and never appear.
func (s keyset) jwks() ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		k := s.byID[id]
		public := jwk{ID: id, Algorithm: k.method.Alg(), Use: "sig"}
		encode := base64.RawURLEncoding.EncodeToString
		switch p := k.verify().(type) {
		case ed25519.PublicKey:
			public.KeyType, public.Curve, public.X = "OKP", "Ed25519", encode(p)
		case *ecdsa.PublicKey:
			// NewPublicKey has made sure that the point is on the curve.
			point, _ := p.ECDH()
			xy := point.Bytes()[1:] // uncompressed: 4, x, y
			public.KeyType, public.Curve = "EC", "P-256"
			public.X, public.Y = encode(xy[:32]), encode(xy[32:])
		case *rsa.PublicKey:
			public.KeyType = "RSA"
			public.N, public.E = encode(p.N.Bytes()), encode(big.NewInt(int64(p.E)).Bytes())
		default:
			continue
		}
		set.Keys = append(set.Keys, public)
	}
	return json.Marshal(set)
}
