package attacks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// spy stands between the network and the handlers of a scene. It learns the
// secrets that go out with the tokens and looks for them where they must not
// be. It is safe for concurrent use.
type spy struct {
	read atomic.Int64 // bytes of request bodies that handlers have read

	mu      sync.Mutex
	secrets map[string]string // a word that is secret, and what it is
	leaks   []string
	refused strings.Builder // the answers to all refused requests
	around  around
}

// around is called in place of a handler, which it is given.
type around func(next http.Handler, w http.ResponseWriter, r *http.Request)

func newSpy() *spy { return &spy{secrets: make(map[string]string)} }

// setAround puts f around each request that comes from now on, nothing if it
// is nil.
func (p *spy) setAround(f around) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.around = f
}

// wrap returns a NewHandler whose handlers the spy stands before.
func (p *spy) wrap(newHandler facetest.NewHandler) facetest.NewHandler {
	return func(tb testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
		handler := newHandler(tb, a, l)
		watched := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = &countedBody{r.Body, &p.read}
			copied := &copiedAnswer{ResponseWriter: w, status: http.StatusOK}
			handler.ServeHTTP(copied, r)
			p.look(r, copied)
		})
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			around := p.around
			p.mu.Unlock()
			if around == nil {
				watched.ServeHTTP(w, r)
				return
			}
			around(watched, w, r)
		})
	}
}

// look learns the secrets of an answer with tokens and searches any other.
func (p *spy) look(r *http.Request, a *copiedAnswer) {
	if a.status < 300 {
		var pair facetest.Pair
		if json.Unmarshal(a.body.Bytes(), &pair) == nil && pair.RefreshToken != "" {
			p.learn(pair)
		}
		return
	}
	text := fmt.Sprint(a.status, a.Header(), a.body.String(), "\n")
	p.mu.Lock()
	p.refused.WriteString(text)
	p.mu.Unlock()
	p.search(fmt.Sprintf("the answer %d to %s %.80q", a.status, r.Method, r.URL.Path), text)
}

// learn notes what is secret in a pair: the payloads, the signatures, the seed.
func (p *spy) learn(pair facetest.Pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for kind, token := range map[string]string{"access token": pair.AccessToken, "refresh token": pair.RefreshToken} {
		segments := strings.Split(token, ".")
		if len(segments) != 3 {
			continue // what is no token has failed its test already
		}
		p.secrets[segments[1]], p.secrets[segments[2]] = kind+"'s payload", kind+"'s signature"
		if payload, err := fromBase64(segments[1]); err == nil {
			var claims struct{ Seed string }
			if json.Unmarshal(payload, &claims) == nil && claims.Seed != "" {
				p.secrets[claims.Seed] = "seed"
			}
		}
	}
}

// tokenStart is how the base64 of every token's header, {"alg":…, begins.
const tokenStart = "eyJhbGciO"

// search looks for a secret, or for the beginning of any token, in a text.
func (p *spy) search(where, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.Contains(text, tokenStart) {
		p.leaks = append(p.leaks, where+" has the beginning of a token")
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isBase64(r) }) {
		if what, ok := p.secrets[word]; ok {
			p.leaks = append(p.leaks, where+" has the "+what)
		}
	}
}

// refusals returns the answers to all refused requests, headers and bodies.
func (p *spy) refusals() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused.String()
}

// found returns where secrets were found.
func (p *spy) found() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaks
}

func isBase64(r rune) bool {
	return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}

// copiedAnswer keeps a copy of what a handler answers.
type copiedAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (a *copiedAnswer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [io.Writer].
func (a *copiedAnswer) Write(text []byte) (int, error) {
	a.body.Write(text)
	return a.ResponseWriter.Write(text)
}

// countedBody counts what is read of a request's body.
type countedBody struct {
	io.ReadCloser
	read *atomic.Int64
}

// Read implements [io.Reader].
func (b *countedBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	b.read.Add(int64(n))
	return n, err
}
