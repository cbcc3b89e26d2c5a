package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// plain returns the text with what could move a terminal's cursor, or hide a
// part of a line, replaced: a device's name and a claim are their sender's words.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// table is written for people.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer) table { return table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

func (t table) row(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	fmt.Fprintln(t.w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

func (t table) flush() { _ = t.w.Flush() }

// writeJSON writes a value for programs, in one line.
func (c *call) writeJSON(v any) error { return json.NewEncoder(c.stdout).Encode(v) }

// say writes a line for people, or the value for programs.
func (c *call) say(value any, format string, args ...any) error {
	if c.flags.json {
		return c.writeJSON(value)
	}
	_, err := fmt.Fprintln(c.stdout, plain(fmt.Sprintf(format, args...)))
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
