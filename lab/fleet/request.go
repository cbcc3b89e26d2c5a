package fleet

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// request is a request that any process may answer.
type request struct {
	kind         string // by which its latency is counted
	method, path string
	token        string // access token, none if empty
	form         url.Values
	key          string // Idempotency-Key, none if empty
}

// answer is what a user got.
type answer struct {
	status      int // 0 if there was no answer
	code        string
	body        []byte
	sent, heard time.Time // of the last attempt
	attempts    int
}

func (a answer) String() string {
	switch {
	case a.status == 0:
		return "no answer"
	case a.code != "":
		return fmt.Sprintf("%d %s", a.status, a.code)
	}
	return fmt.Sprint(a.status)
}

// pair is the answer to a login or a reissue.
type pair struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
	SessionID    string `json:"session_id"`
}

// decode reads the body of an answer of 200.
func decode[T any](u *user, a answer) (v T) {
	if err := json.Unmarshal(a.body, &v); err != nil {
		u.tally.amiss("%s: an answer of %d is %q: %v", u.name, a.status, a.body, err)
	}
	return v
}

// ask sends the request until a process has answered it, as a client behind a
// load balancer does. Without an answer for longer than patience it gives up.
func (u *user) ask(ctx context.Context, r request) answer {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for attempt := 1; ; attempt++ {
		p := u.service[rand.IntN(len(u.service))]
		a := u.try(limited, p, r)
		a.attempts = attempt
		switch {
		case ctx.Err() != nil:
			return a
		case limited.Err() != nil:
			u.tally.amiss("%s: %s %s is not answered for %v, at last %v", u.name, r.method, r.path, patience, a)
			return a
		case a.status != 0 && a.status != http.StatusServiceUnavailable:
			return a
		}
		select {
		case <-limited.Done():
		case <-time.After(time.Duration(50+rand.IntN(100)) * time.Millisecond):
		}
	}
}

// try sends the request to one process.
func (u *user) try(ctx context.Context, p *process, r request) answer {
	request, err := http.NewRequestWithContext(ctx, r.method, p.url(r.path), strings.NewReader(r.form.Encode()))
	if err != nil {
		u.tally.amiss("%s: %v", u.name, err)
		return answer{}
	}
	if r.form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		request.Header.Set("Idempotency-Key", r.key)
	}
	a := answer{sent: time.Now()}
	response, err := u.client.Do(request)
	if err == nil {
		a.body, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	a.heard = time.Now()
	if err == nil {
		a.status = response.StatusCode
		if a.status >= 400 {
			a.code = decode[struct{ Code string }](u, a).Code
		}
		if a.status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
			u.tally.amiss("%s: %s %s: 503 without Retry-After", u.name, r.method, r.path)
		}
	}
	if ctx.Err() == nil {
		u.tally.got(r.kind, a, a.heard.Sub(a.sent))
	}
	return a
}

// tokenID returns the jti of a token, which for a session's tokens is the
// session and the generation.
func tokenID(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return err.Error()
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return err.Error()
	}
	return claims.ID
}
