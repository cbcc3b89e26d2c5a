package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// manySessions is how many sessions a command ends without being asked twice.
const manySessions = 10

// confirm returns nil if the command may end so many sessions of the user.
func (c *call) confirm(user string, sessions int) error {
	if sessions <= manySessions || c.flags.yes {
		return nil
	}
	if !isTerminal(c.stdin) {
		return usageError(fmt.Sprintf("%s of %s would end: without a terminal that needs --yes; nothing was done", count(sessions), user))
	}
	fmt.Fprintf(c.stderr, "%s: end %s of %s? [y/N] ", c.command.name, count(sessions), plain(user))
	answer, _ := bufio.NewReader(io.LimitReader(c.stdin, 64)).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}

// isTerminal reports whether somebody can be asked. /dev/null passes, and
// answers nothing, which is no.
func isTerminal(r io.Reader) bool {
	if t, ok := r.(interface{ IsTerminal() bool }); ok {
		return t.IsTerminal()
	}
	file, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
