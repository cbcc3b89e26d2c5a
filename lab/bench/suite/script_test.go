package suite_test

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/redis/go-redis/v9"
)

// loop runs a script in a loop within the server, each time with a generation
// more.
//
// KEYS those of the script. ARGV how often, the place of the generation or 0, and
// those of the script.
const loop = `
local function once(KEYS, ARGV)
%s
end
local keys, args, place = {}, {}, tonumber(ARGV[2])
for i = 1, #KEYS do keys[i] = KEYS[i] end
for i = 3, #ARGV do args[i - 2] = ARGV[i] end
local first = place > 0 and tonumber(args[place])
for i = 1, tonumber(ARGV[1]) do
  if first then args[place] = string.format('%%.0f', first + i) end
  local answer = once(keys, args)
  if answer[1] ~= 'rotated' then return redis.error_reply('the script answered ' .. answer[1]) end
end
return 'done'`

// byHand are the commands of the usual hand-written rotation as a script.
const byHand = `
local value = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], value, 'EX', ARGV[1])
return {'rotated'}`

// redisUnit is the unit of the server's processor time.
const redisUnit = "redis-ns/op"

// BenchmarkReissueScript measures the processor time that a reissue takes of
// Redis, without the network: our script and the three commands of a hand-written
// rotation, each in a loop within the server.
func BenchmarkReissueScript(b *testing.B) {
	server := redistest.Start(b)
	client := newClient(b, server)
	sent := &lastEval{}
	storeClient := newClient(b, server)
	storeClient.AddHook(sent)
	authority := fixture.Authority(b, newStoreOn(b, storeClient), fixture.HS256(b))
	tokens := fixture.Login(b, authority, subject)
	const reissues = 7 // no other argument is so
	for i := range reissues + 1 {
		if i == reissues {
			client.ScriptFlush(b.Context()) // the script is sent again
		}
		var err error
		if tokens, err = authority.Reissue(b.Context(), tokens.RefreshToken); err != nil {
			b.Fatal(err)
		}
	}
	place := slices.IndexFunc(sent.args, func(arg any) bool { return fmt.Sprint(arg) == strconv.Itoa(reissues) })
	if place < 0 {
		b.Fatalf("no generation %d in the arguments %v", reissues, sent.args)
	}
	generation := reissues
	b.Run("ours", func(b *testing.B) {
		sent.args[place] = generation
		generation += runInServer(b, client, sent.text, place+1, sent.keys, sent.args...)
	})
	b.Run("GET+DEL+SET", func(b *testing.B) {
		// As long as what the hand-written rotation stores.
		key, value := "refresh:"+madeUpID(1), fmt.Sprintf("%0130d", 0)
		if err := client.Set(b.Context(), key, value, time.Hour).Err(); err != nil {
			b.Fatal(err)
		}
		runInServer(b, client, byHand, 0, []string{key}, 604800)
	})
}

// runInServer runs a script b.N times, at least so often that the processor
// time can be told, and returns how often.
func runInServer(b *testing.B, client *redis.Client, script string, place int, keys []string, args ...any) int {
	b.Helper()
	n := max(b.N, pick(20_000, 100))
	before := serverTime(b, client)
	text := fmt.Sprintf(loop, script)
	// A part at a time, or Redis takes it for a script that hangs.
	for done := 0; done < n; {
		part := min(10_000, n-done)
		if place > 0 && done > 0 {
			args[place-1] = args[place-1].(int) + 10_000
		}
		if err := client.Eval(b.Context(), text, keys, append([]any{part, place}, args...)...).Err(); err != nil {
			b.Fatal(err)
		}
		done += part
	}
	b.ReportMetric(float64(serverTime(b, client)-before)/float64(n), redisUnit)
	return n
}

// serverTime returns the processor time that the server has used.
func serverTime(b *testing.B, client *redis.Client) (used time.Duration) {
	b.Helper()
	info, err := client.Info(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^used_cpu_(?:user|sys):([\d.]+)`).FindAllStringSubmatch(info, -1) {
		seconds, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		used += time.Duration(seconds * float64(time.Second))
	}
	return used
}

// lastEval is a hook that keeps the last script that was sent whole.
type lastEval struct {
	text string
	keys []string
	args []any
}

func (l *lastEval) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (l *lastEval) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); cmd.Name() == "eval" {
			n := args[2].(int)
			l.text, l.keys = args[1].(string), nil
			for _, key := range args[3 : 3+n] {
				l.keys = append(l.keys, key.(string))
			}
			l.args = slices.Clone(args[3+n:])
		}
		return next(ctx, cmd)
	}
}

func (l *lastEval) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return next(ctx, cmds) }
}
