package core

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"math/big"
)

// remoteMethod signs with a key that never leaves its hardware or service: all
// there is is a crypto.Signer, and golang-jwt wants the private key itself.
// Verification is golang-jwt's.
type remoteMethod struct{ signingMethod }

// Sign signs as the JWS algorithms do (RFC 7518, sections 3.3 and 3.4; RFC
// 8037, section 3.1).
func (m remoteMethod) Sign(text string, k any) ([]byte, error) {
	signer := k.(crypto.Signer)
	if _, ok := signer.Public().(ed25519.PublicKey); ok {
		return signer.Sign(rand.Reader, []byte(text), crypto.Hash(0))
	}
	digest := sha256.Sum256([]byte(text))
	signature, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	if _, ok := signer.Public().(*ecdsa.PublicKey); !ok {
		return signature, nil
	}
	var point struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(signature, &point); err != nil || len(rest) > 0 ||
		point.R.Sign() < 0 || point.S.Sign() < 0 || point.R.BitLen() > 256 || point.S.BitLen() > 256 {
		return nil, errors.New("the signer returned no ASN.1 ECDSA signature")
	}
	fixed := make([]byte, 64)
	point.R.FillBytes(fixed[:32])
	point.S.FillBytes(fixed[32:])
	return fixed, nil
}
