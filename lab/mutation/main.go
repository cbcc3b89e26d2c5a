// Command mutation breaks the library's guards, one at a time, and runs the test
// that is to notice. A guard whose loss no test notices is as good as none.
//
//	go -C lab run ./mutation             all of them
//	go -C lab run ./mutation -run lua/   those whose file or name matches
//
// The list is in the folder list, in the form that [parse] describes. The
// checkout is never written to: the go command is told to read the changed file
// in place of its own (go build -overlay), which also lets all mutations share
// the build cache. The tests need what make install installs.
//
// It prints a line for each mutation and exits with 1 unless every one of them
// is killed: if it compiles, and its own test passes without it and fails with
// it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
)

func main() {
	only := flag.String("run", "", "the mutations whose file or name matches the regular expression")
	workers := flag.Int("p", 2, "how many run at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := try(ctx, *only, max(1, *workers))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// try tries the mutations that match and reports whether all were killed.
func try(ctx context.Context, only string, workers int) (ok bool, err error) {
	matches, err := regexp.Compile(only)
	if err != nil {
		return false, fmt.Errorf("-run: %w", err)
	}
	all, err := mutations()
	if err != nil {
		return false, err
	}
	all = slices.DeleteFunc(all, func(m mutation) bool { return !matches.MatchString(m.file + ": " + m.name) })
	if len(all) == 0 {
		return false, fmt.Errorf("-run %q matches no mutation", only)
	}
	root, err := moduleRoot()
	if err != nil {
		return false, err
	}
	scratch, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(scratch)

	t := &trial{root: root, scratch: scratch}
	if err := t.checkUnchanged(ctx, all); err != nil {
		return false, err
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	next := make(chan mutation)
	results := make(map[verdict]int)
	for range workers {
		group.Go(func() {
			for m := range next {
				v, detail := t.run(ctx, m)
				mu.Lock()
				results[v]++
				fmt.Printf("%-16s %s: %s (%s %s)\n%s", v, m.file, m.name, m.pkg, m.test, detail)
				mu.Unlock()
			}
		})
	}
	for _, m := range all {
		if ctx.Err() == nil {
			next <- m
		}
	}
	close(next)
	group.Wait()
	fmt.Printf("%d mutations, %d killed\n", len(all), results[killed])
	return results[killed] == len(all), ctx.Err()
}

// moduleRoot returns the folder of the product's module, which the working
// directory is in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "core", "driver")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("there is no core/driver above the working directory")
		}
		dir = parent
	}
}
