package core_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// secrets is what must not be told, in each form in which a formatter writes
// bytes.
type secrets struct{ forms map[string]string }

func newSecrets() *secrets { return &secrets{make(map[string]string)} }

func (s *secrets) add(t testing.TB, name, value string) {
	t.Helper()
	if len(value) < 16 {
		t.Fatalf("%s is too short to be looked for", name)
	}
	bytesOf := []byte(value)
	decimal := strings.Trim(fmt.Sprint(bytesOf), "[]")
	for form, text := range map[string]string{
		"as it is": value, "quoted": strings.Trim(fmt.Sprintf("%q", value), `"`),
		"base64url": b64(value), "base64": base64.RawStdEncoding.EncodeToString(bytesOf),
		"hex": hex.EncodeToString(bytesOf), "capital hex": strings.ToUpper(hex.EncodeToString(bytesOf)),
		"decimal": decimal, "decimal list": strings.ReplaceAll(decimal, " ", ", "), "JSON list": strings.ReplaceAll(decimal, " ", ","),
		"Go list": strings.Trim(strings.TrimPrefix(fmt.Sprintf("%#v", bytesOf), "[]byte"), "{}"),
	} {
		s.forms[name+" "+form] = text
	}
}

// addPair adds a pair's tokens, their signatures and the seed. A token that is
// cut short is still one too many: its first segments count as well.
func (s *secrets) addPair(t testing.TB, pair core.Tokens) {
	t.Helper()
	for kind, token := range map[string]string{"access token": pair.AccessToken, "refresh token": pair.RefreshToken} {
		segments := strings.Split(token, ".")
		s.add(t, kind, token)
		s.add(t, kind+"'s signature", segments[2])
		s.forms[kind+"'s raw signature"] = string(unb64(t, segments[2]))
		s.forms[kind+"'s header and payload"] = segments[0] + "." + segments[1]
	}
	seed := payloadOf(t, pair.RefreshToken)["seed"].(string)
	s.add(t, "seed", seed)
	s.add(t, "seed's bytes", string(unb64(t, seed)))
	s.forms["refresh token's payload"] = strings.Split(pair.RefreshToken, ".")[1]
}

// search fails the test if the text has a secret.
func (s *secrets) search(t testing.TB, where, text string) {
	t.Helper()
	var told []string
	for name, form := range s.forms {
		if strings.Contains(text, form) {
			told = append(told, name)
		}
	}
	if len(told) > 0 {
		slices.Sort(told)
		t.Errorf("%s tells the %s", where, strings.Join(told, ", the "))
	}
}

// verbs are the verbs under which a careless print would show a secret.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%#x", "%o", "%b", "%c", "%U", "%t", "%e", "%10.3v", "%-5s"}

// printed returns a value in all the ways in which a program prints one.
func printed(t testing.TB, v any) string {
	t.Helper()
	var text bytes.Buffer
	for _, verb := range verbs {
		fmt.Fprintf(&text, verb+"\n", v)
	}
	fmt.Fprintln(&text, v)
	if encoded, err := json.Marshal(v); err == nil {
		text.Write(encoded)
		text.WriteByte('\n')
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
		log := slog.New(handler)
		log.Info("value", "v", v)
		log.Info("value", slog.Group("g", slog.Any("v", v)))
		log.With("v", v).Info("with")
		log.Info("list", "v", []any{v})
		log.Info("map", "v", map[string]any{"v": v})
	}
	return text.String()
}

// Exported fields hold a value where formatters find its methods, unexported
// ones where they do not.
type (
	exported[T any]   struct{ Value T }
	unexported[T any] struct{ value T }
)

// nested returns the ways in which a value turns up inside another.
func nested[T any](v T) map[string]any {
	return map[string]any{
		"value": v, "pointer": &v, "slice": []T{v}, "slice of pointers": []*T{&v}, "map": map[string]T{"k": v}, "array": [1]T{v},
		"exported field": exported[T]{v}, "exported field of a pointer": &exported[*T]{&v}, "interface field": exported[any]{v},
		"deep":             exported[[]exported[map[string]*T]]{[]exported[map[string]*T]{{map[string]*T{"k": &v}}}},
		"unexported field": unexported[T]{v}, "unexported pointer": &unexported[*T]{&v}, "unexported slice": unexported[[]*T]{[]*T{&v}},
	}
}

// No formatting verb and no log handler prints a token, a seed or a key.
func TestRedaction(t *testing.T) {
	w := newWorld(t)
	secrets := newSecrets()
	secrets.add(t, "HMAC secret", hmacSecret)
	secrets.add(t, "refresh secret", refreshSecret(hmacSecret))
	secrets.add(t, "Ed25519 seed", string(edPrivate().Seed()))
	secrets.add(t, "ECDSA key", string(must(ecPrivate().Bytes())))
	secrets.forms["ECDSA key as a number"] = new(big.Int).SetBytes(must(ecPrivate().Bytes())).String()
	secrets.forms["RSA key as a number"] = rsaPrivate().D.String()
	secrets.forms["RSA prime as a number"] = rsaPrivate().Primes[0].String()
	pair := w.login(t, "alice")
	secrets.addPair(t, pair)
	last := w.reissue(t, pair.RefreshToken, core.WithAccessToken(pair.AccessToken))
	secrets.addPair(t, last)
	claims := w.claims(t, pair.AccessToken)
	secrets.search(t, "claims before Decode", printed(t, claims))
	if _, err := core.ClaimsAs[map[string]any](claims); err != nil {
		t.Fatal(err)
	}
	w.store.heal()
	_, refusal := w.Verify(t.Context(), pair.RefreshToken)
	list := w.sessions(t, "alice")

	for name, forms := range map[string]map[string]any{
		"HMAC key":      nested(w.config.Keys[0]),
		"Ed25519 key":   nested(privateKey(t, "k", edPrivate())),
		"ECDSA key":     nested(privateKey(t, "k", ecPrivate())),
		"RSA key":       nested(privateKey(t, "k", rsaPrivate())),
		"remote key":    nested(privateKey(t, "k", remoteSigner{Signer: ecPrivate()})),
		"Config":        nested(w.config),
		"Authority":     nested(w.Authority),
		"MemoryStore":   nested(w.store.inner),
		"Claims":        nested(claims),
		"Login":         nested(core.Login{Subject: "alice", AuthTime: w.clock.Now()}),
		"Session":       nested(list[0]),
		"Event":         nested(core.Event{Type: core.StoreFailed, Subject: "alice", Time: time.Unix(1, 0), Err: refusal}),
		"error":         nested(refusal),
		"Tokens":        printable(nested(last)),
		"option":        nested(core.WithAccessToken(pair.AccessToken)),
		"CreateRequest": nested(w.store.created),
		"RotateRequest": nested(w.store.rotated),
	} {
		for form, value := range forms {
			text := printed(t, value)
			if name != "Tokens" {
				text += fmt.Sprintf("%p", value) // the one verb that asks no method; vet refuses it for a struct
			}
			secrets.search(t, name+" "+form, text)
		}
	}
}

// printable leaves out what Go cannot hide: fmt does not call the methods of
// what is in an unexported field, and the fields of Tokens are plain strings.
func printable(forms map[string]any) map[string]any {
	maps.DeleteFunc(forms, func(name string, _ any) bool { return strings.HasPrefix(name, "unexported") })
	return forms
}
