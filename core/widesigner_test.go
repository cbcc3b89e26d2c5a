package core_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"io"
	"math/big"
)

// wideSigner is an RSA key of any size made of many small primes. It takes no
// time to make, is of no use against an attacker, and signs as RFC 8017,
// section 8.2, says.
type wideSigner struct {
	public *rsa.PublicKey
	primes []widePrime
}

// widePrime is a prime with its part of the private key and of the Chinese
// remainder theorem.
type widePrime struct{ p, exponent, product, inverse *big.Int }

func newWideSigner(bits int) *wideSigner {
	const size = 128
	e, one := big.NewInt(65537), big.NewInt(1)
	n, phi := big.NewInt(1), big.NewInt(1)
	var primes []*big.Int
	for len(primes) < bits/size {
		candidate := make([]byte, size/8)
		rand.Read(candidate)
		candidate[0], candidate[15] = 0xff, candidate[15]|1 // the product of many keeps its length
		p := new(big.Int).SetBytes(candidate)
		totient := new(big.Int).Sub(p, one)
		if !p.ProbablyPrime(20) || new(big.Int).Mod(totient, e).Sign() == 0 || new(big.Int).Mod(n, p).Sign() == 0 {
			continue
		}
		primes = append(primes, p)
		n.Mul(n, p)
		phi.Mul(phi, totient)
	}
	w := &wideSigner{public: &rsa.PublicKey{N: n, E: 65537}}
	d, product := new(big.Int).ModInverse(e, phi), big.NewInt(1)
	for _, p := range primes {
		w.primes = append(w.primes, widePrime{
			p:        p,
			exponent: new(big.Int).Mod(d, new(big.Int).Sub(p, one)),
			product:  new(big.Int).Set(product),
			inverse:  new(big.Int).ModInverse(product, p),
		})
		product.Mul(product, p)
	}
	return w
}

// Public implements [crypto.Signer].
func (w *wideSigner) Public() crypto.PublicKey { return w.public }

// Sign implements [crypto.Signer] for SHA-256.
func (w *wideSigner) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	info, err := hex.DecodeString("3031300d060960864801650304020105000420") // DigestInfo of SHA-256
	if err != nil {
		return nil, err
	}
	info = append(info, digest...)
	padding := bytes.Repeat([]byte{0xff}, w.public.Size()-len(info)-3)
	m := new(big.Int).SetBytes(bytes.Join([][]byte{{0, 1}, padding, {0}, info}, nil))
	x := new(big.Int)
	for _, q := range w.primes {
		step := new(big.Int).Exp(new(big.Int).Mod(m, q.p), q.exponent, q.p)
		step.Sub(step, x).Mul(step, q.inverse).Mod(step, q.p)
		x.Add(x, step.Mul(step, q.product))
	}
	return x.FillBytes(make([]byte, w.public.Size())), nil
}
