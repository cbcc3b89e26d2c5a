// Command gin-app is a complete program with login sessions for Gin, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

func main() {
	err := run()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "gin-app:", err)
	if errors.Is(err, config.ErrInvalid) {
		os.Exit(2)
	}
	os.Exit(1)
}

// run serves until the process is told to end.
func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))

	settings, err := config.FromEnv(os.Getenv, config.Defaults{Addr: "127.0.0.1:8080"})
	if err != nil {
		return err
	}
	users, err := newUsers()
	if err != nil {
		return err
	}
	listener, err := settings.Listen()
	if err != nil {
		return err
	}
	defer listener.Close() // for a return before serve, which closes it as well
	store, closeStore, err := settings.Open(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()

	settings.Core.Store = store
	settings.Core.Logger = log
	settings.Core.LoadClaims = users.load
	authority, err := core.New(settings.Core)
	if err != nil {
		return err
	}
	handler, err := newHandler(authority, ginauth.Options{Transport: settings.Transport}, users)
	if err != nil {
		return err
	}

	for _, w := range settings.Warnings {
		log.Warn(w)
	}
	log.Info("listening", "addr", listener.Addr().String(), "store", settings.StoreName())
	return serve(ctx, stop, listener, handler, log)
}
