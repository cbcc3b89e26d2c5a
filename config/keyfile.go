package config

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// ParseKeys returns the keys in a text of PEM blocks, in their order: private
// keys as PKCS#8, SEC 1 or PKCS#1, public ones as PKIX, which only verify. It
// skips other blocks, such as certificates. The ids are those of
// SIGNING_KEY_FILE, the same for a private key and its public half, so that a
// service that only verifies gets by with the output of openssl pkey -pubout.
//
// An error says what is wrong and holds nothing of the text.
func ParseKeys(text []byte) ([]core.Key, error) {
	var keys []core.Key
	err := eachKey(text, func(private crypto.Signer, public crypto.PublicKey) error {
		id, err := keyID(public)
		if err != nil {
			return err
		}
		var k core.Key
		if private != nil {
			k, err = core.NewPrivateKey(id, private)
		} else {
			k, err = core.NewPublicKey(id, public)
		}
		keys = append(keys, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("config: PEM: %w", err)
	}
	if len(keys) == 0 {
		return nil, errors.New("config: PEM: holds no key")
	}
	return keys, nil
}

// loadKeyFile returns the private keys in a PEM file, in their order. Its errors
// follow the name of the file in a sentence and hold nothing of what is in it.
func loadKeyFile(name string) ([]crypto.Signer, error) {
	text, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	var found []crypto.Signer
	err = eachKey(text, func(private crypto.Signer, _ crypto.PublicKey) error {
		if private != nil {
			found = append(found, private)
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = errors.New("holds no private key in PEM form (PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY)")
	}
	return found, err
}

// eachKey calls f with each key of a text of PEM blocks; private is nil for a
// public one.
func eachKey(text []byte, f func(private crypto.Signer, public crypto.PublicKey) error) error {
	// pem.Decode skips what it cannot read, such as the rest of a file that is being written.
	unread := bytes.Count(text, []byte("-----BEGIN "))
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		unread--
		key, err := parseBlock(block)
		if err == nil && key != nil {
			if signer, ok := key.(crypto.Signer); ok {
				err = f(signer, signer.Public())
			} else if block.Type == "PUBLIC KEY" {
				err = f(nil, key)
			} else {
				err = fmt.Errorf("holds a key of type %T, which cannot sign", key)
			}
		}
		if err != nil {
			return err
		}
	}
	if unread > 0 {
		return errors.New("holds a PEM block that is damaged or not complete")
	}
	return nil
}

// parseBlock returns the key in the block, nil if the block is something else,
// such as the curve's parameters or a certificate.
func parseBlock(block *pem.Block) (any, error) {
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
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("holds a key in the form of OpenSSH, it must be PKCS#8, SEC 1 or PKCS#1")
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("holds a %s that cannot be parsed", block.Type)
	}
	return key, nil
}

// quoteFile quotes the name of a file with secrets, unless it looks like a
// secret: to put that where its file's name belongs is an easy mistake, and must
// not log it.
func quoteFile(name string) string {
	if strings.ContainsAny(name, "\r\n") || strings.Contains(name, "-----BEGIN") {
		return "(a text that is not shown, because it looks like a key)"
	}
	if strings.Contains(name, "://") || strings.Contains(name, "@") && !strings.Contains(name, "/") {
		return "(a text that is not shown, because it looks like a URL)"
	}
	return shorten(name)
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
