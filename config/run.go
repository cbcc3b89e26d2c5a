package config

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// The limits of [Settings.Run].
const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 10 * time.Second
	answerTimeout   = 20 * time.Second
	idleTimeout     = time.Minute
	shutdownTimeout = 10 * time.Second
	maxHeader       = 1 << 20
)

// Run listens on Addr, opens the store, and serves the handler that newHandler
// returns until the context ends or the process is told to end by SIGINT or
// SIGTERM. It then returns nil once the requests in flight are answered, for
// which they have 10 seconds, and the store is closed. A second signal ends
// the process at once. Warnings, and the address once requests are accepted,
// go to Core.Logger, by default slog.Default().
//
// newHandler finds Core.Store set, and the rest of Core is its own to change.
// Its context ends as soon as the process is told to end, before the requests
// in flight have been answered: it is for what would not end by itself, such
// as a stream of events.
//
// A request has 5 seconds for its header and 10 in all to arrive, its answer
// 20. A handler that needs longer says so by [http.ResponseController].
//
// The errors are those of [Settings.Listen], [Settings.Open] and newHandler,
// or of a listener that fails.
func (s *Settings) Run(ctx context.Context, newHandler func(context.Context, *Settings) (http.Handler, error)) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process, whatever waits
	log := cmp.Or(s.Core.Logger, slog.Default())

	listener, err := s.Listen()
	if err != nil {
		return err
	}
	defer listener.Close() // for a return before serve, which closes it as well
	store, closeStore, err := s.Open(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	s.Core.Store = store
	handler, err := newHandler(ctx, s)
	if err != nil {
		return err
	}

	for _, w := range s.Warnings {
		log.Warn(w)
	}
	log.Info("listening", "addr", listener.Addr().String(), "store", s.StoreName())
	return serve(ctx, stop, listener, handler, log)
}

// serve serves until the context ends. Before it says that it shuts down it no
// longer catches signals, so that a second one ends the process at once.
func serve(ctx context.Context, stop context.CancelFunc, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		stop()
	}

	log.Info("shutting down")
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		log.Warn("requests in flight are cut off", "error", err)
		return server.Close()
	}
	return nil
}
