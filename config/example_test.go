package config_test

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

// A whole start: settings, store, Authority and the adapter.
func Example() {
	settings, err := config.FromEnv(os.Getenv, config.Defaults{Addr: "127.0.0.1:8080"})
	if errors.Is(err, config.ErrInvalid) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range settings.Warnings {
		slog.Warn(w)
	}
	store, closeStore, err := settings.Open(slog.Default())
	if err != nil {
		log.Fatal(err)
	}
	defer closeStore()

	settings.Core.Store = store
	authority, err := core.New(settings.Core)
	if err != nil {
		log.Fatal(err)
	}
	auth, err := ginauth.New(authority, ginauth.Options{Transport: settings.Transport})
	if err != nil {
		log.Fatal(err)
	}
	_ = auth // its handlers go to a gin.Engine, which serves settings.Listen()
}

func ExampleFromEnv() {
	environment := map[string]string{ // a program passes os.Getenv
		"ACCESS_TTL":   "5m",
		"MAX_SESSIONS": "0",
		"ON_LIMIT":     "drop",
	}
	getenv := func(name string) string { return environment[name] }

	_, err := config.FromEnv(getenv, config.Defaults{})
	fmt.Println(errors.Is(err, config.ErrInvalid))
	fmt.Println(err)

	delete(environment, "MAX_SESSIONS")
	environment["ON_LIMIT"] = "reject"
	settings, err := config.FromEnv(getenv, config.Defaults{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(settings.Core.AccessTTL, settings.Core.OnLimit == core.RejectNew)
	// Output:
	// true
	// ON_LIMIT="drop" is invalid, it must be evict or reject; MAX_SESSIONS="0" is invalid, it must be from 1 to 1000
	// 5m0s true
}

func ExampleSettings_Open() {
	for _, url := range []string{"", "redis://127.0.0.1:6379/1"} {
		getenv := func(name string) string { return map[string]string{"REDIS_URL": url}[name] }
		settings, err := config.FromEnv(getenv, config.Defaults{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(settings.StoreName())
		if url != "" {
			continue // there may be no server
		}
		store, closeStore, err := settings.Open(slog.Default())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%T\n", store)
		fmt.Println(closeStore()) // once nothing uses the store any more
	}
	// Output:
	// memory
	// *core.MemoryStore
	// <nil>
	// redis standalone 127.0.0.1:6379
}
