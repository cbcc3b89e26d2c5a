package config

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxKeyFile is far more than a private key with all its certificates has.
const maxKeyFile = 1 << 20

// loadKeyFile returns the private key in a PEM file. Its errors follow the name
// of the file in a sentence and hold nothing of what is in it.
func loadKeyFile(name string) (crypto.Signer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}

	var found crypto.Signer
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		signer, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		if signer != nil && found != nil {
			return nil, errors.New("holds two private keys, it must hold one")
		}
		if signer != nil {
			found = signer
		}
	}
	if found == nil {
		return nil, errors.New("holds no private key in PEM form (PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY)")
	}
	return found, nil
}

// parseBlock returns the private key in the block, nil if the block is
// something else, such as the curve's parameters or a certificate.
func parseBlock(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("holds an encrypted key, it must not be encrypted")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("holds a key in the form of OpenSSH, it must be PKCS#8, SEC 1 or PKCS#1")
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("holds a %s that cannot be parsed", block.Type)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("holds a key of type %T, which cannot sign", key)
	}
	return signer, nil
}

// cause returns the error without the name of the file, which the sentence
// has already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
