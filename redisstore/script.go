package redisstore

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// callTimeout bounds a command or a script, the driver's retries included. It
// is as long as core's own limit.
const callTimeout = 3 * time.Second

// scripts are the store's scripts, each run by EVALSHA and sent whole only to
// a server that does not know it.
type scripts struct {
	create, rotate, end, endAll, deny, check, sessions, poll, repair, layout *redis.Script
}

func loadScripts() scripts {
	lib := luaText("lib")
	script := func(name string) *redis.Script { return redis.NewScript(lib + luaText(name)) }
	return scripts{
		create:   script("create"),
		rotate:   script("rotate"),
		end:      script("end"),
		endAll:   script("end_all"),
		deny:     script("deny"),
		check:    script("check"),
		sessions: script("sessions"),
		poll:     redis.NewScript(luaText("poll")),
		repair:   script("repair"),
		layout:   redis.NewScript(luaText("layout")),
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
		v, err := script.Run(ctx, s.client, keys, args...).Result()
		if list, ok := v.([]any); ok {
			return answer{list: list}, err
		}
		return answer{list: []any{v}}, err
	})
}

// runOverSessions runs a script that works on sessions it finds by itself. A
// script touches only keys that were declared, or else a slot in the middle of
// a migration would look empty to it: it answers "more" with the ids of the
// sessions it wants, and is run again with their keys, until it wants no more.
func (s *Store) runOverSessions(ctx context.Context, script *redis.Script, k keys, fixed []string, shardAt int, args ...any) (answer, error) {
	allKeys, allArgs := fixed, args
	for round := 0; ; round++ {
		a, err := s.run(ctx, script, allKeys, allArgs...)
		if err != nil || len(a.list) == 0 || a.list[0] != "more" {
			return a, err
		}
		a.next()
		allKeys = append([]string(nil), fixed...)
		allArgs = append([]any(nil), args...)
		if round > 0 && shardAt >= 0 {
			allArgs[shardAt] = string(k) // they come and go too fast to be declared
			continue
		}
		for _, id := range a.texts() {
			allKeys = append(allKeys, k.session(id), k.deny(id))
			allArgs = append(allArgs, id)
		}
		if a.err != nil {
			return a, a.err
		}
	}
}

// bounded calls f with a context that ends after callTimeout at the latest. A
// client that heeds it is called directly, any other as guarded does.
func bounded[T any](ctx context.Context, s *Store, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
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
		return zero, fmt.Errorf("redisstore: no answer in time: %w", context.Cause(ctx))
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

// textNumber reads a number that stands as text, as in a list that Redis kept.
func (a *answer) textNumber() int64 {
	text := a.text()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		a.fail(fmt.Sprintf("%q for a number", text))
	}
	return n
}

// time reads a time in milliseconds, 0 as the zero time.
func (a *answer) time() time.Time {
	ms := a.number()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// texts reads all that is left.
func (a *answer) texts() []string {
	list := make([]string, 0, len(a.list))
	for len(a.list) > 0 && a.err == nil {
		list = append(list, a.text())
	}
	return list
}
