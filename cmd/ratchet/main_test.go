package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// env is an environment.
type env map[string]string

func (e env) get(name string) string { return e[name] }

// terminal is a standard input at which somebody answers.
type terminal struct{ *strings.Reader }

func (terminal) IsTerminal() bool { return true }

// outcome is what a command line came to.
type outcome struct {
	code     int
	out, err string
}

// try runs a command line, its words divided by spaces.
func try(t *testing.T, e env, line string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), strings.Fields(line), e.get, strings.NewReader(""), &out, &err)
	return outcome{code, out.String(), err.String()}
}

// secretText must be nowhere in an output.
const secretText = "hunter2-0123456789-0123456789-0123"

func wants(t *testing.T, got outcome, code int, words ...string) {
	t.Helper()
	if got.code != code {
		t.Errorf("got the exit code %d, want %d: %q %q", got.code, code, got.out, got.err)
	}
	for _, w := range words {
		if !strings.Contains(got.out+got.err, w) {
			t.Errorf("got %q %q, want %q in it", got.out, got.err, w)
		}
	}
	if strings.Contains(got.out+got.err, secretText) {
		t.Errorf("a secret is shown: %q %q", got.out, got.err)
	}
	if code == exitUsage && strings.Count(got.err, "\n") != 1 {
		t.Errorf("got %q, want one line", got.err)
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"unknown command", secretText, "no such command"},
		{"too few arguments", "end alice", "usage: ratchet end [flags] USER SID"},
		{"too many", "sessions alice bob", "usage: ratchet sessions"},
		{"unknown flag", "end-all alice --force", "--force"},
		{"unknown flag with a secret", "end-all alice --" + secretText, "flag"},
		{"switch with a secret", "end-all alice --yes=" + secretText, "--yes"},
		{"no Redis", "sessions alice", "REDIS_URL is not set"},
		{"password in argument", "sessions alice --redis-url redis://:" + secretText + "@127.0.0.1:1", "set REDIS_URL"},
		{"password of a user", "sessions alice --redis-url redis://u:" + secretText + "@127.0.0.1:1", "set REDIS_URL"},
		{"password in the query", "watch --redis-url redis://127.0.0.1:1?password=" + secretText, "set REDIS_URL"},
		{"password that breaks the URL", "watch --redis-url redis://:%zz" + secretText + "@h", "not a URL"},
		{"token in argument", "token " + secretText, "standard input"},
		{"time that has passed", "block alice --until 2001-01-01T00:00:00Z", "--until"},
		{"no time", "block alice --until tomorrow", "--until"},
		{"unknown algorithm", "keygen HS384 --out x", "HS256, EdDSA"},
		{"no file for the key", "keygen HS256", "--out"},
	} {
		t.Run(test.name, func(t *testing.T) { wants(t, try(t, nil, test.line), exitUsage, test.want) })
	}
	var out, err bytes.Buffer
	if code := run(t.Context(), nil, env{}.get, strings.NewReader(""), &out, &err); code != exitUsage || !strings.Contains(err.String(), "end-all") {
		t.Errorf("without a command: got %d, %q", code, err.String())
	}
}

func TestHelp(t *testing.T) {
	overview := try(t, nil, "--help")
	for _, row := range commands() {
		wants(t, overview, exitDone, row.name, row.what)
		wants(t, try(t, nil, row.name+" --help"), exitDone, "usage: ratchet "+row.name, "-json")
	}
}

func TestKeygen(t *testing.T) {
	for _, alg := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key")
			got := try(t, nil, "keygen "+alg+" --out "+file)
			wants(t, got, exitDone, file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file has the mode %v, %v", info.Mode(), err)
			}
			for line := range strings.Lines(string(text)) {
				if strings.Contains(got.out+got.err, strings.TrimSpace(line)) {
					t.Errorf("a line of the key is shown: %q %q", got.out, got.err)
				}
			}
			e := env{"SIGNING_ALG": alg, "SIGNING_KEY_FILE": file}
			if alg == "HS256" {
				e = env{"SIGNING_SECRET_FILE": file}
			}
			if _, err := config.FromEnv(e.get, config.Defaults{}); err != nil {
				t.Errorf("the programs refuse the key: %v", err)
			}
			wants(t, try(t, nil, "keygen "+alg+" --out "+file), exitUsage, "exists")
		})
	}
}

// issue returns the tokens of a login under the settings of an environment.
func issue(t *testing.T, e env, store core.Store, subject string) core.Tokens {
	t.Helper()
	s, err := config.FromEnv(e.get, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	s.Core.Store = store
	a, err := core.New(s.Core)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := a.Issue(context.Background(), core.Login{Subject: subject, Device: core.Device{Name: "phone\x1b[2J"}})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestToken(t *testing.T) {
	dir := t.TempDir()
	key, other := filepath.Join(dir, "key"), filepath.Join(dir, "other")
	for _, file := range []string{key, other} {
		wants(t, try(t, nil, "keygen EdDSA --out "+file), exitDone)
	}
	e := env{"SIGNING_ALG": "EdDSA", "SIGNING_KEY_FILE": key}
	tokens := issue(t, e, core.NewMemoryStore(core.MemoryOptions{}), "alice")
	s, err := config.FromEnv(e.get, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	s.Core.Store = core.NewMemoryStore(core.MemoryOptions{})
	a, err := core.New(s.Core)
	if err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(dir, "jwks.json")
	if err := os.WriteFile(set, a.JWKS(), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := regexp.MustCompile(`"seed":"([^"]+)"`).FindStringSubmatch(payload(t, tokens.RefreshToken))[1]
	for _, test := range []struct {
		name, line, token string
		env               env
		code              int
		want              string
	}{
		{"without keys", "token", tokens.AccessToken, nil, exitDone, "not verified: there are no keys"},
		{"verified", "token", tokens.AccessToken + "\n", e, exitDone, "verified; whether"},
		{"as a header has it", "token --json", "Bearer " + tokens.AccessToken, e, exitDone, `"verified":true`},
		{"by a JWK Set", "token --keys " + set, tokens.AccessToken, nil, exitDone, "verified; whether"},
		{"by another key", "token", tokens.AccessToken, env{"SIGNING_ALG": "EdDSA", "SIGNING_KEY_FILE": other}, exitFailed, "refused: "},
		{"for another audience", "token --json", tokens.AccessToken, env{"SIGNING_ALG": "EdDSA", "SIGNING_KEY_FILE": key, "AUDIENCE": "b"}, exitFailed, `"verified":false`},
		{"a refresh token", "token", tokens.RefreshToken, e, exitDone, "(secret, "},
		{"no token", "token", secretText, nil, exitFailed, "three parts"},
		{"no JSON", "token", "a.b." + secretText, nil, exitFailed, "part 1"},
		{"no file of keys", "token --keys " + dir + "/none", tokens.AccessToken, nil, exitUsage, "--keys"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, err bytes.Buffer
			code := run(t.Context(), strings.Fields(test.line), test.env.get, strings.NewReader(test.token), &out, &err)
			got := outcome{code, out.String(), err.String()}
			wants(t, got, test.code, test.want)
			signature := test.token[strings.LastIndex(test.token, ".")+1:]
			if strings.Contains(got.out+got.err, strings.TrimSpace(signature)) || strings.Contains(got.out+got.err, seed) {
				t.Errorf("a signature or a seed is shown: %q %q", got.out, got.err)
			}
		})
	}
}

func payload(t *testing.T, token string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
