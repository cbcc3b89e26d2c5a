package config

import (
	"errors"
	"fmt"
	"math"
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

// Invalid returns an error of core.New, or of the New of a face, as one about the
// values in the environment, which decide what New is given: it is [ErrInvalid],
// in one line. For nil it returns nil.
func Invalid(err error) error {
	if err == nil {
		return nil
	}
	return invalid(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// environment reads variables and collects what is wrong with them.
type environment struct {
	getenv func(string) string
	lines  map[string][]string // of the files with secrets, by variable
	faults []string
}

// fault records what is wrong. The words name the variable, and hold nothing
// of a secret or of a URL.
func (e *environment) fault(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(e.faults, text) {
		e.faults = append(e.faults, text)
	}
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

// integer reads a whole number, of which core knows the bounds. Zero means that
// the variable is not set: one that is set to 0, or to less, becomes a number that
// core refuses.
func (e *environment) integer(name string) int {
	text := e.getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		e.refuse(name, text, "a whole number")
		return 0
	}
	if n <= 0 {
		return math.MinInt
	}
	return n
}

// refused is a duration that core refuses everywhere.
const refused time.Duration = math.MinInt64

// duration reads a duration, of which core knows the bounds; words name further
// values. Zero means that the variable is not set: zero is what one that is set to
// 0 stands for.
func (e *environment) duration(name, example string, zero time.Duration, words ...choice[time.Duration]) time.Duration {
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
	switch {
	case err != nil:
		e.refuse(name, text, "a Go duration "+example)
		return 0
	case d < 0: // core.Strict is one
		return refused
	case d == 0:
		return zero
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
