package redisstore

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// What Check itself calls to look at a server. Only TIME is also the store's.
const (
	callTime        = "time"
	callInfo        = "info"
	callConfig      = "config get save"
	callClusterInfo = "cluster info"
	callClientInfo  = "client info"
)

// lookRules are the ACL rules for those.
func lookRules(cluster bool) string {
	if cluster {
		return "+info +config|get +cluster|info"
	}
	return "+info +config|get"
}

// right is a call that the client's user must be able to make, its words
// divided by spaces, and the ACL rules that allow it. The call changes nothing
// and fails at the worst, whatever the keys hold.
type right struct{ call, rules string }

// neededRights lists the store's commands, each with a key that is never
// written, but for RPUSH. The package comment has the same list.
func neededRights(none string) []right {
	calls := []string{
		"del K", "eval return 0", "evalsha " + strings.Repeat("0", 40) + " 0", "exists K", "get K", "hdel K f", "hget K f",
		"hgetall K", "hlen K", "hmget K f",
		"hset K f v f", // a field without a value
		"lrange K 0 0", "persist K", "pexpire K 1", "ping", "pttl K",
		"set K v xx", // only if the key exists
		callTime, "xadd K nomkstream * f v", "xrange K - +", "xtrim K maxlen 0", "zadd K xx 0 m", "zcount K 0 0", "zrange K 0 0",
		"zrangebyscore K 0 0", "zrem K m",
	}
	rights := make([]right, len(calls))
	for i, call := range calls {
		name, _, _ := strings.Cut(call, " ")
		rights[i] = right{strings.Replace(call, " K", " "+none, 1), "+" + name}
	}
	return rights
}

// neededKeys lists calls that do nothing but name keys to read and write, of
// every kind on the first shard and of one kind on the others.
func neededKeys(l layout) []right {
	rules := "~" + strings.TrimSuffix(l.meta, "meta") + "*"
	k := l.keysOf(0)
	rights := []right{
		{"eval return 1 " + k.none(), rules},
		{"eval return 1 " + l.meta, rules},
		{"eval return 8 " + strings.Join([]string{
			k.session("id"), k.user("id"), k.blocked("id"), k.deny("id"), k.done("id"), k.fresh("id"), k.feed(), k.poll(),
		}, " "), rules},
	}
	for i := 1; i < len(l.shards); i++ {
		rights = append(rights, right{"eval return 1 " + l.keysOf(i).feed(), rules})
	}
	return rights
}

// neededNudges lists what only the mirrors' nudges need.
func neededNudges(channel string) []right {
	return []right{{"publish " + channel + " x", "+publish &" + channel}, {"subscribe " + channel, "+subscribe &" + channel}}
}

// checkRights finds what the client's user may not do. The server tells by
// itself from Redis 7 on. Before, or without the right to ask by a script,
// calls that change nothing are tried.
func (n *node) checkRights(ctx context.Context) {
	l := n.store.layout
	none := l.keysOf(0).none()
	keys := neededKeys(l)
	commands := append(neededRights(none), right{"rpush " + none + " x", "+rpush"})
	if n.ofCluster {
		commands = append(commands, right{"asking", "+asking"}, right{"cluster slots", "+cluster|slots"}, right{"command", "+command"})
	}
	var nudges []right
	if n.store.mirror != nil {
		nudges = neededNudges(l.nudge)
	}
	looks := []right{{call: callInfo}, {call: callConfig}, {call: callClusterInfo}, {call: callClientInfo}}

	denied, err := n.deniedCalls(ctx, slices.Concat(keys, commands, nudges, looks))
	if err != nil {
		denied = n.tryCalls(ctx, neededRights(none), keys, nudges)
	} else if denied[keys[0].call] { // and so is every command that names the key
		commands = slices.DeleteFunc(commands, func(r right) bool { return strings.Contains(r.call, none) })
	}
	if n.err != nil {
		return
	}
	n.closed = denied
	n.missing(slog.LevelWarn, slices.Concat(keys, commands), denied,
		"what needs them fails, and requests are answered with 503")
	n.missing(slog.LevelInfo, nudges, denied,
		"mirrors hear of revocations no sooner than by their next poll, though still within the staleness")
}

// missing adds a finding with the rules of the rights that are denied.
func (n *node) missing(level slog.Level, rights []right, denied map[string]bool, danger string) {
	var rules []string
	for _, r := range rights {
		for rule := range strings.FieldsSeq(r.rules) {
			if denied[r.call] && !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
	}
	if len(rules) > 0 {
		list := strings.Join(rules, " ")
		n.find(Finding{
			Code: "permission", Level: level,
			Found:  "the client's user lacks the rights " + list,
			Danger: danger,
			Remedy: "ACL SETUSER <user> " + list,
		})
	}
}

var errNotTold = errors.New("redisstore: the server does not tell which calls the user may make")

// deniedCalls asks the server which calls the user may not make.
func (n *node) deniedCalls(ctx context.Context, rights []right) (map[string]bool, error) {
	args := make([]any, len(rights))
	for i, r := range rights {
		args[i] = r.call
	}
	answer, err := ask(ctx, n, func(ctx context.Context) (any, error) {
		return n.client.Eval(ctx, luaText("rights"), nil, args...).Result()
	})
	list, ok := answer.([]any)
	if err != nil || !ok {
		return nil, errors.Join(errNotTold, err)
	}
	denied := map[string]bool{}
	for _, position := range list {
		i, ok := position.(int64)
		if !ok || i < 1 || int(i) > len(rights) {
			return nil, errNotTold
		}
		denied[rights[i-1].call] = true
	}
	return denied, nil
}

// tryCalls makes the calls, all of which change nothing, and returns those that
// the server denied. The user's rights are looked at before anything else, so
// that it does not matter what else is wrong with a call.
func (n *node) tryCalls(ctx context.Context, commands, keys, nudges []right) map[string]bool {
	denied := map[string]bool{}
	rights := slices.Concat(commands, keys)
	if len(nudges) > 0 {
		rights = append(rights, nudges[0])
	}
	errs, err := ask(ctx, n, func(ctx context.Context) ([]error, error) {
		calls, err := n.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, r := range rights {
				p.Do(ctx, words(r.call)...)
			}
			return nil
		})
		errs := make([]error, len(calls))
		for i, call := range calls {
			errs[i] = call.Err()
			if errs[i] != nil && !answered(errs[i]) && !errors.Is(errs[i], redis.Nil) {
				return nil, errs[i]
			}
		}
		if len(calls) != len(rights) {
			return nil, err
		}
		return errs, nil
	})
	if err != nil {
		return denied
	}
	keyDenied := false
	for i, r := range rights {
		switch {
		case !redis.IsPermissionError(errs[i]):
		case strings.HasPrefix(r.call, "publish "):
			denied[r.call] = true
		case namesKey(errs[i]):
			keyDenied = true
		case i < len(commands):
			denied[r.call] = true
		}
	}
	if keyDenied {
		denied[keys[0].call] = true
	}
	if n.deniedPush(ctx) {
		denied["rpush "+n.store.layout.keysOf(0).none()+" x"] = true
	}
	if len(nudges) > 0 && n.deniedSubscription(ctx) {
		denied[nudges[1].call] = true
	}
	return denied
}

// namesKey reports whether a permission was denied because of a key rather than
// the command. The servers' versions put it differently.
func namesKey(err error) bool { return strings.Contains(err.Error(), "to access") }

func words(call string) []any {
	var list []any
	for word := range strings.FieldsSeq(call) {
		list = append(list, word)
	}
	return list
}

// tryPush tries RPUSH, which takes any arguments, where it must fail: on a hash.
const tryPush = `if redis.call('HLEN', KEYS[1]) == 0 then return '' end
return redis.pcall('RPUSH', KEYS[1], '').err`

// deniedPush tries the one command that has no harmless form of its own.
func (n *node) deniedPush(ctx context.Context) bool {
	text, err := ask(ctx, n, func(ctx context.Context) (string, error) {
		return n.client.Eval(ctx, tryPush, []string{n.store.layout.meta}).Text()
	})
	return err == nil && (strings.Contains(text, "NOPERM") || strings.Contains(text, "can't run this command"))
}

// deniedSubscription subscribes to the mirrors' channel for a moment.
func (n *node) deniedSubscription(ctx context.Context) bool {
	channel := n.store.layout.nudge
	_, err := ask(ctx, n, func(ctx context.Context) (any, error) {
		subscription := n.client.Subscribe(ctx)
		defer unsubscribe(ctx, subscription)
		if err := subscription.Subscribe(ctx, channel); err != nil {
			return nil, err
		}
		return subscription.ReceiveTimeout(ctx, callTimeout)
	})
	return redis.IsPermissionError(err)
}
