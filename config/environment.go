package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrInvalid is what errors about a value in the environment match with
// [errors.Is]. Programs answer it with exit code 2.
var ErrInvalid = errors.New("config: a value in the environment is invalid")

// invalid is an error about values in the environment.
type invalid string

func (e invalid) Error() string        { return string(e) }
func (e invalid) Is(target error) bool { return target == ErrInvalid }

// environment reads variables and collects what is wrong with them.
type environment struct {
	getenv func(string) string
	lines  map[string][]string // of the files with secrets, by variable
	faults []string
}

// fault records what is wrong. The words name the variable, and hold nothing
// of a secret or of a URL.
func (e *environment) fault(format string, args ...any) {
	e.faults = append(e.faults, fmt.Sprintf(format, args...))
}

// refuse records that the value of a variable is not one of those allowed.
func (e *environment) refuse(name, value, allowed string) {
	e.fault("%s=%s is invalid, it must be %s", name, quote(value), allowed)
}

// err returns all faults as one line, nil if there are none.
func (e *environment) err() error {
	if len(e.faults) == 0 {
		return nil
	}
	return invalid(strings.Join(e.faults, "; "))
}

// choice is a value of a variable and what it stands for.
type choice[T any] struct {
	text  string
	value T
}

// oneOf reads a variable that takes one of a few values. The first is the
// default.
func oneOf[T any](e *environment, name string, choices ...choice[T]) T {
	text := e.getenv(name)
	if text == "" {
		return choices[0].value
	}
	var allowed []string
	for _, c := range choices {
		if text == c.text {
			return c.value
		}
		allowed = append(allowed, c.text)
	}
	e.refuse(name, text, strings.Join(allowed, " or "))
	return choices[0].value
}

// boolean reads a switch that is off by default.
func (e *environment) boolean(name string) bool {
	return oneOf(e, name, choice[bool]{"false", false}, choice[bool]{"true", true},
		choice[bool]{"0", false}, choice[bool]{"1", true})
}

// integer reads a whole number. Zero means that the variable is not set.
func (e *environment) integer(name string, least, most int) int {
	text := e.getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		e.refuse(name, text, fmt.Sprintf("a whole number from %d to %d", least, most))
		return 0
	}
	return n
}

// longest is the greatest duration there is, for those without a limit.
const longest = time.Duration(1<<63 - 1)

// duration reads a duration; words name further values. Zero means that the
// variable is not set.
func (e *environment) duration(name string, least, most time.Duration, allowed string, words ...choice[time.Duration]) time.Duration {
	text := e.getenv(name)
	if text == "" {
		return 0
	}
	for _, w := range words {
		if text == w.text {
			return w.value
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		e.refuse(name, text, allowed)
		return 0
	}
	return d
}

// quote returns the value as it may stand in one line of a log. What may hold a
// password, as a URL in the wrong variable does, is not shown.
func quote(value string) string {
	if strings.Contains(value, "@") || isStoreURL(value) {
		return "(a text that is not shown, because it may hold a password)"
	}
	return shorten(value)
}

// isStoreURL reports whether the text begins as a REDIS_URL does.
func isStoreURL(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && slices.Contains([]string{"redis", "rediss", "unix"}, strings.ToLower(strings.TrimSpace(scheme)))
}

// shorten quotes the beginning of the text.
func shorten(value string) string {
	const most = 64
	if len(value) > most {
		return strconv.Quote(value[:most]) + "…"
	}
	return strconv.Quote(value)
}
