package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
)

// options are the flags of all commands; each command has those that it uses.
type options struct {
	redisURL string
	json     bool
	verbose  bool
	yes      bool
	keep     list
	until    string
	store    bool
	fresh    bool
	keys     string
	out      string
}

// list is a flag that may come several times.
type list []string

func (l *list) String() string         { return strings.Join(*l, ",") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

// errHelp says that help was asked for and given.
var errHelp = errors.New("help")

// flagSet declares the command's flags.
func (c *call) flagSet() *flag.FlagSet {
	f, o, name := flag.NewFlagSet(c.command.name, flag.ContinueOnError), &c.flags, c.command.name
	f.SetOutput(io.Discard)
	f.BoolVar(&o.json, "json", false, "write JSON for programs")
	if name != "token" && name != "keygen" {
		f.StringVar(&o.redisURL, "redis-url", "", "the Redis, in place of REDIS_URL; without a password")
		f.BoolVar(&o.verbose, "verbose", false, "write the log to standard error")
	}
	if name == "end" || name == "end-all" || name == "block" {
		f.BoolVar(&o.yes, "yes", false, "do not ask before more than ten sessions end")
	}
	switch name {
	case "end-all":
		f.Var(&o.keep, "keep", "the `SID` of a session that goes on; may come several times")
	case "block":
		f.StringVar(&o.until, "until", "", "the `T`ime when the block ends: 2027-01-31T12:00:00Z, or 24h from now; forever without it")
	case "check":
		f.BoolVar(&o.store, "store", false, "look at the Redis alone, not at the settings and the keys")
		f.BoolVar(&o.fresh, "new", false, "the Redis is one that no program has used yet")
	case "token":
		f.StringVar(&o.keys, "keys", "", "a `FILE` with public keys, as PEM or a JWK Set, in place of the programs' keys")
	case "keygen":
		f.StringVar(&o.out, "out", "", "the `FILE` to make; it must not exist")
	}
	return f
}

// parse reads flags and arguments, in any order.
func (c *call) parse(args []string) error {
	f := c.flagSet()
	for rest := args; ; {
		if err := f.Parse(rest); errors.Is(err, flag.ErrHelp) {
			c.help(f)
			return errHelp
		} else if err != nil {
			return usageError(wrongFlag(err))
		}
		if f.NArg() == 0 {
			break
		}
		if n := len(rest) - f.NArg(); n > 0 && rest[n-1] == "--" {
			c.args = append(c.args, f.Args()...)
			break
		}
		c.args, rest = append(c.args, f.Arg(0)), f.Args()[1:]
	}
	if c.command.name == "token" && len(c.args) > 0 {
		return usageError("a token is read from standard input alone: an argument is seen by every process and kept in the shell's history")
	}
	if len(c.args) != c.command.positional {
		return usageError(fmt.Sprintf("usage: ratchet %s", strings.TrimSpace(c.command.name+" [flags] "+c.command.arguments)))
	}
	return checkURL(c.flags.redisURL)
}

// wrongFlag says what package flag has found, without the value, which may be a
// secret or a token.
func wrongFlag(err error) string {
	if m := regexp.MustCompile(`^(flag provided but not defined: |flag needs an argument: |invalid .* for (?:flag )?)-?-?([a-z-]{1,12})(:|$)`).FindStringSubmatch(err.Error()); m != nil {
		return "the flag --" + m[2] + " is unknown or has a wrong value; see --help"
	}
	return "a flag is unknown or has a wrong value; see --help"
}

// checkURL refuses a URL that holds a password, and repeats nothing of it.
func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return usageError("--redis-url is not a URL")
	}
	_, secret := u.User.Password()
	for name := range u.Query() {
		secret = secret || strings.Contains(strings.ToLower(name), "password")
	}
	if secret {
		return usageError("--redis-url holds a password, which every process on this machine can read: set REDIS_URL, or REDIS_URL_FILE to the name of a file, and change the password")
	}
	return nil
}

func (c *call) help(f *flag.FlagSet) {
	fmt.Fprintf(c.stdout, "usage: ratchet %s\n\n%s.\n", strings.TrimSpace(c.command.name+" [flags] "+c.command.arguments), c.command.what)
	if c.command.detail != "" {
		fmt.Fprintf(c.stdout, "\n%s\n", c.command.detail)
	}
	fmt.Fprintln(c.stdout)
	f.SetOutput(c.stdout)
	f.PrintDefaults()
}
