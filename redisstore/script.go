package redisstore

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

const (
	// callTimeout bounds a command or a script, the driver's retries included.
	// It is as long as core's own limit.
	callTimeout = 3 * time.Second

	// lookUpTimeout bounds all that the check of an access token asks the server.
	// It leaves a handler behind the check time for a change, see httpauth.
	lookUpTimeout = 2 * time.Second
)

// scripts are the store's scripts, each run by EVALSHA and sent whole only to
// a server that does not know it.
type scripts struct {
	create, rotate, end, endAll, refresh, unblock, deny, check, time, poll, repair, layout *redis.Script
}

func loadScripts() scripts {
	record, lib, feed := luaText("record"), luaText("lib"), luaText("feed")
	script := func(name string) *redis.Script { return redis.NewScript(record + lib + luaText(name)) }
	return scripts{
		create:  script("create"),
		rotate:  redis.NewScript(record + luaText("rotate") + lib + luaText("reuse")),
		end:     script("end"),
		endAll:  redis.NewScript(record + lib + feed + luaText("end_all")),
		refresh: redis.NewScript(record + lib + feed + luaText("refresh")),
		unblock: script("unblock"),
		deny:    script("deny"),
		check:   script("check"),
		time:    redis.NewScript(record + luaText("time")),
		poll:    redis.NewScript(feed + luaText("poll")),
		repair:  script("repair"),
		layout:  redis.NewScript(luaText("layout")),
	}
}

func luaText(name string) string {
	text, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the file is embedded
	}
	return string(text)
}

// run runs a script and returns its answer, a list or a single part.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (answer, error) {
	if err := s.checkLayout(ctx); err != nil {
		return answer{}, err
	}
	return bounded(ctx, s, func(ctx context.Context) (answer, error) {
		v, err := script.EvalSha(ctx, s.client, keys, args...).Result()
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			// Another server, or one that has restarted and may have lost what
			// it had recorded.
			s.laidOut.Store(false)
			if err := s.compareLayout(ctx); err != nil {
				return answer{}, err
			}
			v, err = script.Eval(ctx, s.client, keys, args...).Result()
		}
		if list, ok := v.([]any); ok {
			return answer{list: list}, err
		}
		return answer{list: []any{v}}, err
	})
}

// bounded calls f with a context that ends after callTimeout at the latest. A
// client that heeds it is called directly, any other as guarded does.
func bounded[T any](ctx context.Context, s *Store, f func(context.Context) (T, error)) (T, error) {
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > callTimeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	if s.heedsContext {
		return f(ctx)
	}
	return guarded(ctx, f)
}

// guarded calls f and returns when the context ends, at the latest, even if f
// takes no notice of it. What f does after that ends by the client's own
// time-outs and is thrown away.
func guarded[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f(ctx)
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, fmt.Errorf("redisstore: timed out waiting for Redis: %w", context.Cause(ctx))
	}
}

// answer reads a script's answer part by part. The first part of the wrong
// type is kept as err, and everything after it reads as zero.
type answer struct {
	list []any
	err  error
}

func (a *answer) next() any {
	if len(a.list) == 0 {
		a.fail("a missing part")
		return nil
	}
	v := a.list[0]
	a.list = a.list[1:]
	return v
}

func (a *answer) fail(what string) {
	if a.err == nil {
		a.err = fmt.Errorf("redisstore: a script answered with %s", what)
	}
}

func (a *answer) text() string {
	v := a.next()
	s, ok := v.(string)
	if !ok {
		a.fail(fmt.Sprintf("a %T for a text", v))
	}
	return s
}

func (a *answer) number() int64 {
	v := a.next()
	n, ok := v.(int64)
	if !ok {
		a.fail(fmt.Sprintf("a %T for a number", v))
	}
	return n
}

// nested reads a list, as an answer of its own.
func (a *answer) nested() answer {
	v := a.next()
	list, ok := v.([]any)
	if !ok {
		a.fail(fmt.Sprintf("a %T for a list", v))
	}
	return answer{list: list, err: a.err}
}

// page reads a page of a feed.
func (a *answer) page() (page, error) {
	part := a.nested()
	p := page{status: part.text(), cursor: part.text(), fields: part.text(), lines: part.text()}
	return p, part.err
}

// textNumber reads a number that stands as text, as in a list that Redis kept.
func (a *answer) textNumber() int64 {
	text := a.text()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		a.fail(fmt.Sprintf("%q for a number", text))
	}
	return n
}

// since reads a length of time in milliseconds, -1 as none.
func (a *answer) since() time.Duration {
	ms := a.number()
	if ms < 0 {
		return driver.NoLimit
	}
	return time.Duration(ms) * time.Millisecond
}

// time reads a time in milliseconds, 0 as the zero time.
func (a *answer) time() time.Time {
	ms := a.number()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
