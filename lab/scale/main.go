package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// run prints the tables for the sizes and the assumptions of the command line,
// and to help how to use it.
func run(args []string, w, help io.Writer) error {
	s := assumed(1)
	f := flag.NewFlagSet("scale", flag.ContinueOnError)
	sizes := f.String("sessions", "1000,10000,100000,1000000,10000000,100000000", "live sessions, a column each")
	page := f.String("page", "", "a file, docs/scale.md, to put the tables into instead")
	s.flags(f)
	f.SetOutput(help)
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is no flag", f.Arg(0))
	}
	var services []service
	for size := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.ParseFloat(size, 64)
		if err != nil {
			return fmt.Errorf("-sessions has %q, which is no number", size)
		}
		s.sessions = n
		if err := s.check(); err != nil {
			return err
		}
		services = append(services, s)
	}
	if *page == "" {
		report(w, services)
		return nil
	}
	text, err := os.ReadFile(*page)
	if err != nil {
		return err
	}
	var tables strings.Builder
	report(&tables, services)
	replaced, err := insert(string(text), tables.String())
	if err != nil {
		return fmt.Errorf("%s: %w", *page, err)
	}
	return os.WriteFile(*page, []byte(replaced), 0o644)
}

const (
	begin = "<!-- what follows is the output of: go -C lab/scale run . -->\n\n"
	end   = "<!-- end of the output -->\n"
)

// insert returns the page with the tables between its markers.
func insert(page, tables string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", errors.New("the markers of the output are missing")
	}
	return before + begin + tables + end + after, nil
}
