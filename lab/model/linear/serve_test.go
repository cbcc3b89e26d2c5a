package linear_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
)

// maxSessions is how many sessions a user has at most; a further login is
// refused. Which one an eviction would choose is a matter of milliseconds,
// which the model has none of.
const maxSessions = 3

// request is one call, a line of JSON to a process.
type request struct {
	ID      int
	Op      string
	User    string
	Session string // for revoke, and what revokeAll keeps
	Token   string // for verify, reissue and logout
	Key     string // for reissue
	Strict  bool   // without ReuseGrace
}

// reply is its answer, a line as well, in any order.
type reply struct {
	ID         int
	Status     string
	Session    string           `json:",omitempty"`
	Generation int64            `json:",omitempty"`
	Access     string           `json:",omitempty"`
	Refresh    string           `json:",omitempty"`
	Ended      int              `json:",omitempty"`
	Sessions   map[string]int64 `json:",omitempty"` // generations
}

// unknown is the status of a call of which nobody knows whether it happened.
const unknown = "unknown"

// server is what a process does.
type server struct {
	strict, lenient *core.Authority
}

// serve answers requests until there are no more.
func serve(addr string, retries int, flaw string, in io.Reader, out io.Writer) error {
	client := redis.NewClient(&redis.Options{
		Addr: addr, DialTimeout: time.Second, DialerRetries: 1, MaxRetries: retries, ContextTimeoutEnabled: true,
	})
	defer client.Close()
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := redisstore.New(client, redisstore.Options{Logger: logger})
	if err != nil {
		return err
	}
	defer store.Close()
	key, err := core.NewHMACKey("linear", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		return err
	}
	config := core.Config{
		Issuer: "test", Audience: []string{"api"}, Keys: []core.Key{key}, AccessTTL: time.Hour, MaxSessions: maxSessions,
		OnLimit: core.RejectNew, Logger: logger, ReuseGrace: 2 * time.Minute,
	}
	if config.Store, err = withFlaw(store, flaw); err != nil {
		return err
	}
	var s server
	if s.lenient, err = core.New(config); err != nil {
		return err
	}
	config.ReuseGrace = core.Strict
	if s.strict, err = core.New(config); err != nil {
		return err
	}

	var answering sync.WaitGroup
	defer answering.Wait()
	var mu sync.Mutex
	encoder := json.NewEncoder(out)
	for decoder := json.NewDecoder(in); ; {
		var r request
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answering.Go(func() {
			answer := s.do(context.Background(), r)
			answer.ID = r.ID
			mu.Lock()
			defer mu.Unlock()
			_ = encoder.Encode(answer) // fails if the test has gone
		})
	}
}

func (s *server) do(ctx context.Context, r request) (answer reply) {
	a := s.lenient
	if r.Strict {
		a = s.strict
	}
	var tokens core.Tokens
	var err error
	switch r.Op {
	case "login":
		tokens, err = a.Issue(ctx, core.Login{Subject: r.User})
	case "reissue":
		var options []core.ReissueOption
		if r.Key != "" {
			options = append(options, core.WithIdempotencyKey(r.Key))
		}
		tokens, err = a.Reissue(ctx, r.Token, options...)
	case "verify":
		_, err = a.Verify(ctx, r.Token)
	case "logout":
		err = a.Logout(ctx, r.Token)
	case "revoke":
		err = a.Revoke(ctx, r.User, r.Session)
	case "revokeAll":
		answer.Ended, err = a.RevokeAll(ctx, r.User, r.Session)
	case "block":
		err = a.Block(ctx, r.User, time.Time{})
	case "unblock":
		err = a.Unblock(ctx, r.User)
	case "sessions":
		var list []core.Session
		list, err = a.Sessions(ctx, r.User)
		answer.Sessions = make(map[string]int64)
		for _, session := range list {
			answer.Sessions[session.ID] = session.Generation
		}
	default:
		err = fmt.Errorf("no such operation: %q", r.Op)
	}
	answer.Status = status(err)
	answer.Session, answer.Access, answer.Refresh = tokens.SessionID, tokens.AccessToken, tokens.RefreshToken
	if err == nil && tokens.AccessToken != "" {
		if answer.Generation, err = generation(tokens.AccessToken); err != nil {
			answer.Status = err.Error()
		}
	}
	return answer
}

// status names an outcome: ok, the error's code, unknown, or whatever else it
// is, which the model expects nowhere.
func status(err error) string {
	var e *core.Error
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, core.ErrUnavailable):
		return unknown
	case errors.As(err, &e):
		return e.Code()
	}
	return err.Error()
}

func generation(accessToken string) (int64, error) {
	parts := strings.Split(accessToken, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[len(parts)/2])
	if err != nil {
		return 0, err
	}
	claims := struct{ Gen *int64 }{}
	if err := json.Unmarshal(text, &claims); err != nil || claims.Gen == nil {
		return 0, fmt.Errorf("no generation in %s: %v", text, err)
	}
	return *claims.Gen, nil
}
