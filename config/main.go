package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
)

// Main runs a whole program, for a main function that does nothing else: it
// reads the environment by [FromEnv], logs to standard error and calls
// [Settings.Run]. It returns the exit code: 0 when the process was told to end
// and has, 2 for a bad value in the environment, 1 for any other failure. Either
// is said on standard error, after the program's name. newHandler returns what
// core.New and the New of a face refuse by [Invalid], so that it is the former.
func Main(name string, d Defaults, newHandler func(context.Context, *Settings) (http.Handler, error)) (code int) {
	s, err := FromEnv(os.Getenv, d)
	if err == nil {
		s.Core.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
		err = s.Run(context.Background(), newHandler)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	if errors.Is(err, ErrInvalid) {
		return 2
	}
	return 1
}
