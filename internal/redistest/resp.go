package redistest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// This file splits the two streams of a Redis connection into commands and
// replies. The proxy needs that because what one read returns is neither: a
// large command arrives in pieces and a pipeline all at once, and a reply that
// is to be lost must be known to be the answer to a certain command.

// Command returns a predicate for [Proxy] which matches the commands with one
// of the names, in upper or lower case.
func Command(names ...string) func(cmd []byte) bool {
	return func(cmd []byte) bool {
		name := commandName(cmd)
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
}

// commandName returns the first word of a command as read by readCommand, which
// is empty for the empty commands that Redis does not answer.
func commandName(cmd []byte) string {
	if len(cmd) > 0 && cmd[0] == '*' {
		// *3\r\n$4\r\nECHO\r\n...
		lines := bytes.SplitN(cmd, []byte("\r\n"), 4)
		if len(lines) < 4 {
			return ""
		}
		return string(lines[2])
	}
	words := bytes.Fields(cmd)
	if len(words) == 0 {
		return ""
	}
	return string(words[0])
}

// isSubscription reports whether the command of that name is answered by push
// messages only.
func isSubscription(name string) bool {
	return strings.HasSuffix(strings.ToLower(name), "subscribe")
}

// readCommand reads one command as the client encoded it.
func readCommand(r *bufio.Reader) ([]byte, error) {
	cmd, err := r.ReadBytes('\n')
	if err != nil || cmd[0] != '*' {
		return cmd, err // an inline command is just a line
	}
	n, err := length(cmd)
	if err != nil {
		return nil, err
	}
	for range n {
		start := len(cmd)
		if cmd, err = appendValue(cmd, r); err != nil {
			return nil, err
		}
		if cmd[start] != '$' {
			return nil, fmt.Errorf("argument of type %q in a command", cmd[start])
		}
	}
	return cmd, nil
}

// readReply reads one reply or push message as the server encoded it, in RESP2
// or RESP3.
func readReply(r *bufio.Reader) ([]byte, error) { return appendValue(nil, r) }

// isPush reports whether a message from the server answers no command.
func isPush(reply []byte) bool { return reply[0] == '>' }

// isError reports whether a reply is an error.
func isError(reply []byte) bool { return reply[0] == '-' || reply[0] == '!' }

// appendValue reads one value with all it contains and appends it to b.
func appendValue(b []byte, r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	b = append(b, line...)
	switch line[0] {
	case '+', '-', ':', '_', '#', ',', '(':
		return b, nil
	case '$', '=', '!':
		n, err := length(line)
		if err != nil || n < 0 {
			return b, err
		}
		start := len(b)
		b = append(b, make([]byte, n+len("\r\n"))...)
		_, err = io.ReadFull(r, b[start:])
		return b, err
	}
	n, err := length(line)
	if err != nil {
		return nil, err
	}
	switch line[0] {
	case '*', '~', '>':
	case '%':
		n *= 2
	case '|':
		n = 2*n + 1 // attributes precede the value they describe
	default:
		return nil, fmt.Errorf("value of unknown type %q", line[0])
	}
	for range n { // none if n is negative, which stands for null
		if b, err = appendValue(b, r); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// length parses the number in the header line of a value.
func length(line []byte) (int, error) {
	n, err := strconv.Atoi(string(bytes.TrimSpace(line[1:])))
	if err != nil {
		return 0, fmt.Errorf("header line %q: %w", line, err)
	}
	return n, nil
}
