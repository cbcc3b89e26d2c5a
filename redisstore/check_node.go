package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// node is one server that [Store.Check] asks.
type node struct {
	store     *Store
	client    redis.UniversalClient
	server    string
	ofCluster bool // the client knows it for a master of a cluster

	report  Report
	err     error             // why it could not be asked to the end
	info    map[string]string // what INFO says, or HELLO
	closed  map[string]bool   // calls that the user is known to have no right to
	unknown []string          // what could not be looked at
}

// check looks at everything about one server.
func (n *node) check(ctx context.Context) {
	n.checkRights(ctx)
	n.readInfo(ctx)
	if n.checkRole(ctx); n.info["redis_mode"] == "sentinel" {
		return // it has nothing else to tell
	}
	n.checkVersion()
	n.checkEviction(ctx)
	n.checkPersistence(ctx)
	if n.ofCluster {
		n.checkState(ctx)
	}
	n.checkClock(ctx)
	if n.err == nil && len(n.unknown) > 0 {
		n.find(Finding{
			Code: "unknown", Level: slog.LevelInfo,
			Found:  "the server does not say, or not to this user: " + strings.Join(n.unknown, ", "),
			Danger: "what is wrong with it is not noticed",
			Remedy: "grant " + lookRules(n.ofCluster) + ", or see for yourself how the server is set up",
		})
	}
}

// find adds a finding, about the server unless it names another.
func (n *node) find(f Finding) {
	f.Server = cmp.Or(f.Server, n.server)
	n.report = append(n.report, f)
}

// warn adds a finding about the server that endangers something now.
func (n *node) warn(code, found, danger, remedy string) {
	n.find(Finding{Code: code, Level: slog.LevelWarn, Found: found, Danger: danger, Remedy: remedy})
}

// ask runs f within the store's time limits. Once the server has not answered
// it is not asked again. What the server answers with an error is the caller's.
func ask[T any](ctx context.Context, n *node, f func(context.Context) (T, error)) (T, error) {
	var zero T
	if n.err != nil {
		return zero, n.err
	}
	value, err := bounded(ctx, n.store, f)
	if err != nil && !answered(err) {
		n.err = err
	}
	return value, err
}

// answered reports whether an error is what the server says to a command,
// rather than that it hears none: it is away, busy, still loading its data,
// has no connection left or does not know the user.
func answered(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && !redis.IsLoadingError(err) && !redis.IsMaxClientsError(err) && !redis.IsAuthError(err) &&
		!redis.HasErrorPrefix(err, "BUSY ") && !redis.HasErrorPrefix(err, "DENIED ")
}

// addressOf returns the client's one address, if it has one.
func addressOf(client redis.UniversalClient) string {
	c, ok := client.(*redis.Client)
	if !ok || c.Options().Addr == failoverAddr {
		return ""
	}
	return c.Options().Addr
}

// failoverAddr is what go-redis calls the address of a failover client.
const failoverAddr = "FailoverClient"

// readInfo reads INFO. Without the right to, HELLO tells the version, role and
// mode, because everybody may call that.
func (n *node) readInfo(ctx context.Context) {
	n.info = map[string]string{}
	if !n.closed[callInfo] {
		text, err := ask(ctx, n, func(ctx context.Context) (string, error) { return n.client.Info(ctx).Result() })
		if err == nil {
			n.info = fields(text)
		}
	}
	if n.info["redis_version"] == "" || n.info["role"] == "" {
		n.readHello(ctx)
	}
	if n.server == "" && !n.closed[callClientInfo] {
		text, err := ask(ctx, n, func(ctx context.Context) (string, error) {
			return n.client.Do(ctx, "client", "info").Text()
		})
		if _, rest, ok := strings.Cut(text, " laddr="); err == nil && ok {
			n.server, _, _ = strings.Cut(rest, " ")
			for i := range n.report {
				n.report[i].Server = n.server
			}
		}
	}
}

// readHello reads what HELLO tells, in either version of the protocol.
func (n *node) readHello(ctx context.Context) {
	hello, err := ask(ctx, n, func(ctx context.Context) (any, error) { return n.client.Do(ctx, "hello").Result() })
	if err != nil {
		return
	}
	told := map[string]string{}
	switch list := hello.(type) {
	case map[any]any:
		for name, value := range list {
			told[fmt.Sprint(name)] = fmt.Sprint(value)
		}
	case []any:
		for i := 0; i+1 < len(list); i += 2 {
			told[fmt.Sprint(list[i])] = fmt.Sprint(list[i+1])
		}
	}
	for name, as := range map[string]string{"version": "redis_version", "role": "role", "mode": "redis_mode"} {
		if n.info[as] == "" {
			n.info[as] = told[name]
		}
	}
	if told["server"] == "valkey" {
		n.info["valkey_version"] = told["version"]
	}
}

// setting returns a value of the server's configuration, and false where that
// may not be read.
func (n *node) setting(ctx context.Context, name string) (string, bool) {
	if n.closed[callConfig] {
		return "", false
	}
	values, err := ask(ctx, n, func(ctx context.Context) (map[string]string, error) {
		return n.client.ConfigGet(ctx, name).Result()
	})
	value, ok := values[name]
	return value, ok && err == nil
}

// value returns what INFO tells, or else what the configuration says.
func (n *node) value(ctx context.Context, info, setting string) (string, bool) {
	if v, ok := n.info[info]; ok {
		return v, true
	}
	return n.setting(ctx, setting)
}

// fields reads lines of name:value.
func fields(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[name] = value
		}
	}
	return values
}
