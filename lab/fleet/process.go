package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
)

// environment names the variable in which a process finds its settings.
const environment = "RATCHET_SOAK_PROCESS"

// settings are what the processes of the service have in common, and the first
// three what they have not.
type settings struct {
	Addr       string
	Echo       bool // or Gin
	Mirrored   bool // or each check asks Redis
	Sentinels  []string
	MasterName string
	Secret     []byte
	AccessTTL  time.Duration
	ReuseGrace time.Duration
	Staleness  time.Duration
	CacheSize  int
}

// stats are what a process says of itself.
type stats struct {
	Goroutines int
	Heap       uint64 // bytes of live objects, after a collection
	Leased     int
	Shards     int
	Entries    int
	Breaks     int64
}

// serve is the process: a service with the library's handlers. It ends in good
// order with SIGTERM, and with its parent, whose end closes stdin.
func serve(text string) error {
	var set settings
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: set.MasterName, SentinelAddrs: set.Sentinels, ContextTimeoutEnabled: true,
	})
	defer client.Close()
	options := redisstore.Options{Logger: log}
	if set.Mirrored {
		options.Mirror.Staleness = set.Staleness
	}
	store, err := redisstore.New(client, options)
	if err != nil {
		return err
	}
	defer store.Close()
	key, err := core.NewHMACKey("1", set.Secret)
	if err != nil {
		return err
	}
	authority, err := core.New(core.Config{
		Issuer: "soak", Audience: []string{"soak"}, Keys: []core.Key{key}, Store: store, Logger: log,
		AccessTTL: set.AccessTTL, ReuseGrace: set.ReuseGrace, CacheSize: set.CacheSize, OnEvent: tell,
	})
	if err != nil {
		return err
	}
	routes := ginRoutes
	if set.Echo {
		routes = echoRoutes
	}
	mux := http.NewServeMux()
	mux.Handle("/", routes(authority))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := authority.Ping(r.Context()); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(measure(store)) // fails only if the parent has gone
	})
	return listen(ctx, stop, set.Addr, mux)
}

// tell has the parent know why a session has ended.
func tell(_ context.Context, e core.Event) {
	if e.Type == core.SessionRevoked || e.Type == core.RefreshRefused {
		fmt.Fprintln(os.Stderr, e.Time.Format(time.StampMicro), e.LogValue())
	}
}

// listen serves until the context ends or the parent does.
func listen(ctx context.Context, stop context.CancelFunc, addr string, h http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(server.Shutdown(limited), ignore(<-served, http.ErrServerClosed))
}

func ignore(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

func measure(store *redisstore.Store) stats {
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	mirror, _ := store.Mirror()
	return stats{
		Goroutines: runtime.NumGoroutine(), Heap: mem.HeapAlloc,
		Leased: mirror.Leased, Shards: mirror.Shards, Entries: mirror.Entries, Breaks: mirror.Breaks,
	}
}
