package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

const tokenDetail = "It shows the header and the claims, and of a refresh token's seed the length. With SIGNING_SECRET, SIGNING_KEY_FILE\n" +
	"or --keys it verifies an access token: signature, issuer, audience and expiry, by ISSUER and AUDIENCE. It asks no\n" +
	"store, so a token that was revoked passes. The exit code is 1 for a token that is refused or cannot be decoded."

const maxInput = 64 << 10

// decoded is a token, as --json writes it.
type decoded struct {
	Header   map[string]any `json:"header"`
	Claims   map[string]any `json:"claims"`
	Verified *bool          `json:"verified"` // null if it was not tried
	Refused  string         `json:"refused,omitempty"`
}

func readToken(c *call) error {
	if isTerminal(c.stdin) {
		fmt.Fprintln(c.stderr, "ratchet token: reads the token from standard input, which is a terminal: what you paste is shown")
	}
	text, err := io.ReadAll(io.LimitReader(c.stdin, maxInput))
	if err != nil {
		return errors.New("standard input cannot be read")
	}
	token := strings.TrimPrefix(strings.TrimSpace(string(text)), "Bearer ")
	d, err := decode(token)
	if err != nil {
		return err
	}
	if d.Header["typ"] != "rt+jwt" {
		if err := c.verify(token, d); err != nil {
			return err
		}
	}
	if err := c.showToken(d); err != nil {
		return err
	}
	if d.Verified != nil && !*d.Verified {
		return errDanger
	}
	return nil
}

// decode decodes a token. Its errors hold nothing of it.
func decode(token string) (*decoded, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("standard input is not a token of three parts")
	}
	d := &decoded{}
	for i, into := range []*map[string]any{&d.Header, &d.Claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.UseNumber()
			err = decoder.Decode(into)
		}
		if err != nil || *into == nil {
			return nil, fmt.Errorf("part %d of the token is not a JSON object in base64url", i+1)
		}
	}
	if seed, ok := d.Claims["seed"]; ok {
		d.Claims["seed"] = fmt.Sprintf("(secret, %d bytes)", len(fmt.Sprint(seed)))
	}
	return d, nil
}

// verify verifies an access token if there are keys.
func (c *call) verify(token string, d *decoded) error {
	cfg, err := c.verifier()
	if err != nil || cfg == nil {
		return err
	}
	cfg.Store, cfg.Logger = core.NewMemoryStore(core.MemoryOptions{}), c.logger()
	cfg.Revocation, cfg.CacheSize = core.InsecureNone, core.NoCache
	a, err := core.New(*cfg)
	if err != nil {
		return config.Invalid(err)
	}
	_, err = a.Verify(c, token)
	good := err == nil
	d.Verified = &good
	if !good {
		d.Refused = core.AsError(err).Description()
	}
	return nil
}

// verifier returns the configuration with the keys to verify with, nil if there
// are none.
func (c *call) verifier() (*core.Config, error) {
	if c.flags.keys == "" {
		for _, v := range config.Describe(c.env) {
			if (v.Name == "SIGNING_SECRET" || v.Name == "SIGNING_KEY_FILE") && v.Value != "" {
				s, err := config.FromEnv(c.env, config.Defaults{})
				if err != nil {
					return nil, err
				}
				return &s.Core, nil
			}
		}
		return nil, nil
	}
	s, err := config.FromEnv(func(name string) string {
		if slices.Contains([]string{"ISSUER", "AUDIENCE", "LEEWAY"}, name) {
			return c.env(name)
		}
		return ""
	}, config.Defaults{})
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.flags.keys)
	if err != nil {
		return nil, usageError("the file of --keys cannot be read")
	}
	parse := config.ParseKeys
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		parse = core.ParseJWKS
	}
	s.Core.RefreshKeys = nil
	if s.Core.Keys, err = parse(text); err != nil {
		return nil, usageError("--keys: " + err.Error())
	}
	return &s.Core, nil
}

func (c *call) showToken(d *decoded) error {
	if c.flags.json {
		return c.writeJSON(d)
	}
	t := newTable(c.stdout)
	for _, part := range []struct {
		name   string
		values map[string]any
	}{{"header", d.Header}, {"claim", d.Claims}} {
		for _, name := range slices.Sorted(maps.Keys(part.values)) {
			value, _ := json.Marshal(part.values[name])
			t.row(part.name, name, strings.Trim(string(value), `"`), date(name, part.values[name]))
		}
	}
	t.flush()
	switch {
	case d.Verified == nil && d.Header["typ"] == "rt+jwt":
		return c.say(nil, "not verified: it is a refresh token, which only a reissue checks")
	case d.Verified == nil:
		return c.say(nil, "not verified: there are no keys")
	case *d.Verified:
		return c.say(nil, "verified; whether it was revoked was not asked")
	}
	return c.say(nil, "refused: %s", d.Refused)
}

// date returns the time that a claim stands for, if it is one.
func date(name string, value any) string {
	number, ok := value.(json.Number)
	if !ok || !slices.Contains([]string{"iat", "exp", "nbf", "auth_time"}, name) {
		return ""
	}
	seconds, err := number.Int64()
	if err != nil {
		return ""
	}
	return stamp(time.Unix(seconds, 0))
}
