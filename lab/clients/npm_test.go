package clients_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// summary is what node's test runner says at the end.
var summary = regexp.MustCompile(`(?m)^# tests ([1-9]\d*)\n(?:# .*\n)*?# pass (\d+)\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0$`)

// runNode runs a test file of node, with the variables given besides the
// environment of the test. All its tests must run and pass.
func runNode(t *testing.T, file string, environ ...string) {
	t.Helper()
	node := nodeBinary(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "--test", "--test-reporter=tap", file)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it closes the browser
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", file, err, out.Bytes())
	}
	if m := summary.FindSubmatch(out.Bytes()); m == nil || string(m[1]) != string(m[2]) {
		t.Fatalf("%s: not all tests have run\n%s", file, out.Bytes())
	}
}

// TestOAuth4WebAPI has oauth4webapi refresh and revoke.
func TestOAuth4WebAPI(t *testing.T) {
	for _, name := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, name, "REUSE_GRACE=strict")
			runNode(t, "oauth4webapi.test.mjs", "RATCHET_URL="+p.url)
		})
	}
}

// TestAxios has axios keep a login with the interceptors of the guide.
func TestAxios(t *testing.T) {
	t.Parallel()
	p := start(t, "gin-app", with("hybrid", "REUSE_GRACE=strict")...)
	runNode(t, "axios.test.mjs", "RATCHET_URL="+p.url)
}

// TestJOSE has jose verify access tokens of every asymmetric algorithm, each of
// another program.
func TestJOSE(t *testing.T) {
	for i, tt := range []struct {
		algorithm string
		generate  func() (crypto.PrivateKey, error)
	}{
		{"EdDSA", func() (crypto.PrivateKey, error) {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			return key, err
		}},
		{"ES256", func() (crypto.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
		{"RS256", func() (crypto.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }},
	} {
		key, err := tt.generate()
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		name := programs[i]
		t.Run(name+"/"+tt.algorithm, func(t *testing.T) {
			p := start(t, name, "SIGNING_ALG="+tt.algorithm, "SIGNING_KEY_FILE="+file)
			runNode(t, "jose.test.mjs", "RATCHET_URL="+p.url, "SIGNING_ALG="+tt.algorithm)
		})
	}
}
