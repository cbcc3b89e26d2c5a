// Command ratchet is the operator's command line: it lists, ends and blocks the
// sessions that programs keep in Redis, looks whether that Redis and the programs'
// settings are fit, and reads tokens.
//
// It is configured by the programs' variables, which package config documents,
// or by --redis-url. What only touches the store needs no key. ratchet --help
// lists the commands.
//
// The exit code is 0 when the command did what it says, 1 when it failed or found
// a danger, and 2 for a wrong command line or wrong settings. No output holds a
// secret or a whole token.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ratchetauth/ratchet/config"
)

const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// command is a row of the table of commands.
type command struct {
	name, arguments, what string
	detail                string // of --help
	positional            int    // how many arguments that are no flags
	run                   func(*call) error
}

// commands is the table. A new command is a row here and a function.
func commands() []command {
	return []command{
		{"sessions", "USER", "list a user's sessions", "", 1, listSessions},
		{"end", "USER SID", "end one session", endDetail, 2, endSession},
		{"end-all", "USER", "end a user's sessions", endDetail, 1, endAll},
		{"block", "USER", "end a user's sessions and refuse logins", endDetail, 1, block},
		{"unblock", "USER", "let a user log in again", "Sessions that the block ended stay ended.", 1, unblock},
		{"blocked", "USER", "tell whether a user is blocked", "", 1, blocked},
		{"refresh-claims", "USER", "refuse a user's access tokens; the sessions live", "The next reissue of each session loads the claims anew, such as the roles.", 1, refreshClaims},
		{"check", "", "look whether the Redis and the settings are fit", checkDetail, 0, check},
		{"watch", "", "show revocations as they happen", watchDetail, 0, watch},
		{"token", "", "decode a token from standard input, and verify it", tokenDetail, 0, readToken},
		{"keygen", "ALG", "make a key for HS256, EdDSA, ES256 or RS256", keygenDetail, 1, keygen},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// call is one run of a command.
type call struct {
	context.Context
	command command
	args    []string // positional
	flags   options
	env     func(string) string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	now     func() time.Time
}

// usageError is about the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		overview(stderr)
		return exitUsage
	}
	if args[0] == "help" || args[0] == "--help" || args[0] == "-help" || args[0] == "-h" {
		overview(stdout)
		return exitDone
	}
	c := &call{Context: ctx, env: env, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now}
	for _, row := range commands() {
		if row.name == args[0] {
			c.command = row
		}
	}
	if c.command.run == nil { // the word is not repeated: it may be a token
		fmt.Fprintln(stderr, "ratchet: there is no such command; ratchet --help lists them")
		return exitUsage
	}
	err := c.parse(args[1:])
	if errors.Is(err, errHelp) {
		return exitDone
	}
	if err == nil {
		err = c.command.run(c)
	}
	return c.exit(err)
}

// exit says what went wrong, in one line, and returns the exit code.
func (c *call) exit(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errDanger): // it has been shown
		return exitFailed
	}
	fmt.Fprintf(c.stderr, "ratchet %s: %s\n", c.command.name, plain(err.Error()))
	if errors.As(err, &usage) || errors.Is(err, config.ErrInvalid) {
		return exitUsage
	}
	return exitFailed
}

func overview(w io.Writer) {
	fmt.Fprint(w, "usage: ratchet COMMAND [flags] [arguments]\n\n")
	t := newTable(w)
	for _, row := range commands() {
		t.row("  "+row.name, row.arguments, row.what)
	}
	t.flush()
	fmt.Fprint(w, "\nratchet COMMAND --help tells more. The Redis is the one of REDIS_URL, REDIS_MODE, REDIS_PREFIX and\n"+
		"REDIS_SHARDS, the variables of the programs; CONFIG_FILE and REDIS_URL_FILE name files.\n"+
		"Exit codes: 0 done, 1 failed or danger, 2 wrong command line or settings.\n")
}
