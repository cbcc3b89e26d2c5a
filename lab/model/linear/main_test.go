package linear_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// The environment variables that make the test binary one of the processes.
const (
	childAddr  = "RATCHET_LINEAR_REDIS"   // the address of its Redis
	childTries = "RATCHET_LINEAR_RETRIES" // how often the driver runs a script again, -1 for never
	childFlaw  = "RATCHET_LINEAR_FLAW"    // what its store does wrong
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it would tell of every fault
	if addr := os.Getenv(childAddr); addr != "" {
		retries, err := strconv.Atoi(os.Getenv(childTries))
		if err == nil {
			err = serve(addr, retries, os.Getenv(childFlaw), os.Stdin, os.Stdout)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// number returns the number in an environment variable.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}

func mustSucceed(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
