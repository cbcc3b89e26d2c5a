package config_test

import (
	"encoding/pem"
	"testing"

	"github.com/ratchetauth/ratchet/config"
)

// An encrypted key is no key that is skipped: another one behind it would sign
// in its place, and nobody would know.
func TestEncryptedKeyBesideAnother(t *testing.T) {
	other := pkcs8(t, newEd25519(t))
	for name, block := range map[string]*pem.Block{
		"PKCS#8": {Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")},
		"SEC 1":  {Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			wantFaults(t, asymmetric("EdDSA", keyFile(t, block, other)), "SIGNING_KEY_FILE", "encrypted")
			if keys, err := config.ParseKeys(append(pem.EncodeToMemory(block), pem.EncodeToMemory(other)...)); err == nil {
				t.Errorf("ParseKeys: got %d keys, want an error", len(keys))
			}
		})
	}
}
