package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
)

const keygenDetail = "It writes the key into a new file that only you can read, and never to standard output: for HS256 a line for\n" +
	"SIGNING_SECRET_FILE or REFRESH_SECRET_FILE, else a PEM block for SIGNING_KEY_FILE."

func keygen(c *call) error {
	alg := c.args[0]
	variable, text, err := newKey(alg)
	if err != nil {
		return err
	}
	if c.flags.out == "" {
		return usageError("--out must name the file to make: a key is never written to standard output")
	}
	if err := writeNew(c.flags.out, text); err != nil {
		return err
	}
	return c.say(map[string]string{"algorithm": alg, "file": c.flags.out, "variable": variable},
		"made a key for %s in %s; set %s to that name", alg, c.flags.out, variable)
}

// newKey returns the variable that names the key's file, and its text.
func newKey(alg string) (variable string, text []byte, err error) {
	var signer crypto.Signer
	switch alg {
	case "HS256":
		secret := make([]byte, 32)
		rand.Read(secret)
		return "SIGNING_SECRET_FILE", append([]byte(hex.EncodeToString(secret)), '\n'), nil
	case "EdDSA":
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "RS256":
		signer, err = rsa.GenerateKey(rand.Reader, 3072)
	default:
		return "", nil, usageError("ALG must be HS256, EdDSA, ES256 or RS256")
	}
	if err != nil {
		return "", nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	return "SIGNING_KEY_FILE", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

// writeNew writes a file that must not exist: a key that is replaced by accident
// refuses every token.
func writeNew(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usageError("the file of --out exists; nothing was done")
	}
	if err != nil {
		return errors.New("the file of --out cannot be made")
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
