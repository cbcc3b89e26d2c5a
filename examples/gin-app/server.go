package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// shutdownLimit is how long requests in flight have when the process is told
// to end.
const shutdownLimit = 10 * time.Second

// serve serves until a signal ends the context, and returns nil when it has
// ended in good order. It then no longer catches signals, so that a second one
// ends the process at once.
func serve(ctx context.Context, stop context.CancelFunc, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    1 << 20,
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
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		log.Warn("requests in flight are cut off", "error", err)
		return server.Close()
	}
	return nil
}
