package main

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed list/*.txt
var lists embed.FS

// mutation is the loss of one guard.
type mutation struct {
	name     string // what gets past
	file     string // of the module
	change   string // as [edit] takes it, in place of old and new
	old, new string
	pkg      string // of the test that fails, as a path in the module
	test     string // its name, with subtests behind slashes
}

// mutations returns all mutations.
func mutations() ([]mutation, error) {
	files, err := lists.ReadDir("list")
	if err != nil {
		return nil, err
	}
	var all []mutation
	for _, f := range files {
		text, err := lists.ReadFile(path.Join("list", f.Name()))
		if err != nil {
			return nil, err
		}
		list, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("list/%s: %w", f.Name(), err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// parse reads a list. A mutation is a block of lines, as
//
//	an expired token passes | core/verify.go | core TestAbuse/36_idle
//	-if a.expired(c.claims.ExpiresAt) {
//	+if false && a.expired(c.claims.ExpiresAt) {
//
// or a single line, which names the place in a Go file as [edit] describes and
// quotes nothing of it:
//
//	an expired token passes | core/verify.go Authority.check if 2.1 false | core TestAbuse/36_idle
//
// and blocks are divided by empty lines. The text behind the minus signs, which
// occurs in the file once, is replaced by that behind the plus signs. It may
// begin and end in the middle of a line. A subtest's name is as go test prints
// it.
func parse(text string) ([]mutation, error) {
	var list []mutation
	for block := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		lines := strings.Split(block, "\n")
		head := strings.Split(lines[0], " | ")
		if len(head) != 3 {
			return nil, fmt.Errorf("%q is no name, file and test", lines[0])
		}
		m := mutation{name: head[0], file: head[1]}
		var ok bool
		m.file, m.change, _ = strings.Cut(m.file, " ")
		if m.pkg, m.test, ok = strings.Cut(head[2], " "); !ok {
			return nil, fmt.Errorf("%s: %q is no package and test", m.name, head[2])
		}
		var before, after []string
		for _, line := range lines[1:] {
			switch {
			case strings.HasPrefix(line, "-"):
				before = append(before, line[1:])
			case strings.HasPrefix(line, "+"):
				after = append(after, line[1:])
			default:
				return nil, fmt.Errorf("%s: the line %q begins with neither - nor +", m.name, line)
			}
		}
		if (m.change == "") == (len(lines) == 1) {
			return nil, fmt.Errorf("%s: it needs either a change behind the file or lines with - and +", m.name)
		}
		m.old, m.new = strings.Join(before, "\n"), strings.Join(after, "\n")
		list = append(list, m)
	}
	return list, nil
}

// apply returns the text of the file with the mutation.
func (m mutation) apply(text string) (string, error) {
	if m.change != "" {
		changed, err := edit(text, m.change)
		if err == nil && changed == text {
			err = fmt.Errorf("%q changes nothing", m.change)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", m.file, m.name, err)
		}
		return changed, nil
	}
	if n := strings.Count(text, m.old); n != 1 || m.old == "" || m.old == m.new {
		return "", fmt.Errorf("%s: %s: the text to replace occurs %d times, or is replaced by itself: %q", m.file, m.name, n, m.old)
	}
	return strings.Replace(text, m.old, m.new, 1), nil
}
