package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// plan is how the benchmarks are to be run.
type plan struct {
	rows      []row
	runs      int
	benchtime string // as of go test
	short     bool
	progress  io.Writer
	raw       io.Writer // may be nil
}

// run is what one run of the benchmarks reported: by the name of the
// benchmark, without "Benchmark" and the number of processors, and by the unit
// as the benchmark reports it.
type run map[string]map[string]float64

// results are the runs, with what the benchmarks say about the machine.
type results struct {
	runs   []run
	config map[string]string
}

// execute builds the suite once and runs it again and again, each time as a
// process of its own. Within a run the sides of a comparison follow each
// other, so that over the runs they alternate.
func (p plan) execute(ctx context.Context) (results, error) {
	dir, err := os.MkdirTemp("", "ratchet-bench-")
	if err != nil {
		return results{}, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "suite.test")
	fmt.Fprintln(p.progress, "building the benchmarks")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "./suite")
	if out, err := build.CombinedOutput(); err != nil {
		return results{}, fmt.Errorf("build the suite: %w\n%s", err, out)
	}
	all := results{config: make(map[string]string)}
	began := time.Now()
	for i := range p.runs {
		fmt.Fprintf(p.progress, "run %d of %d, after %v\n", i+1, p.runs, time.Since(began).Round(time.Second))
		out, err := p.once(ctx, dir, binary)
		if err != nil {
			return results{}, err
		}
		r, err := read(bytes.NewReader(out), all.config)
		if err != nil {
			return results{}, err
		}
		all.runs = append(all.runs, r)
	}
	return all, nil
}

// once runs the benchmarks that the rows need.
func (p plan) once(ctx context.Context, dir, binary string) ([]byte, error) {
	args := []string{
		"-test.run=^$", "-test.bench=" + pattern(p.rows), "-test.benchtime=" + p.benchtime,
		"-test.benchmem", "-test.timeout=0",
	}
	if p.short {
		args = append(args, "-test.short")
	}
	suite := exec.CommandContext(ctx, binary, args...)
	suite.Dir = dir
	// Without a Redis server the run is to fail, not to measure less.
	suite.Env = append(os.Environ(), "RATCHET_REQUIRE_SERVERS=1")
	var out bytes.Buffer
	suite.Stdout, suite.Stderr = &out, &out
	err := suite.Run()
	if p.raw != nil {
		if _, err := p.raw.Write(out.Bytes()); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("run the suite: %w\n%s", err, out.Bytes())
	}
	return out.Bytes(), nil
}

// pattern selects the top-level benchmarks that the rows need.
func pattern(rows []row) string {
	var names []string
	for _, r := range rows {
		for _, name := range r.benchmarks() {
			top, _, _ := strings.Cut(name, "/")
			names = append(names, "Benchmark"+regexp.QuoteMeta(top))
		}
	}
	slices.Sort(names)
	return "^(" + strings.Join(slices.Compact(names), "|") + ")$"
}

// read parses the output of one run and adds what it says about the machine
// to config.
func read(out io.Reader, config map[string]string) (run, error) {
	r := make(run)
	reader := benchfmt.NewReader(out, "suite")
	for reader.Scan() {
		result, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue // a line that only begins like a result
		}
		values := make(map[string]float64, len(result.Values))
		for _, v := range result.Values {
			if v.OrigUnit != "" {
				values[v.OrigUnit] = v.OrigValue
			} else {
				values[v.Unit] = v.Value
			}
		}
		r[benchmarkName(result.Name)] = values
		for _, c := range result.Config {
			config[c.Key] = string(c.Value)
		}
	}
	return r, reader.Err()
}

// benchmarkName returns the name without the number of processors.
func benchmarkName(n benchfmt.Name) string {
	base, parts := n.Parts()
	name := string(base)
	for _, part := range parts {
		if part[0] == '/' {
			name += string(part)
		}
	}
	return name
}

// environment describes what the figures were measured on.
func environment(ctx context.Context, r results) string {
	redis := "no Redis server"
	if out, err := exec.CommandContext(ctx, "redis-server", "--version").Output(); err == nil {
		redis = string(out)
		if _, after, ok := strings.Cut(redis, " v="); ok {
			redis = "Redis " + strings.Fields(after)[0]
		}
	}
	return fmt.Sprintf("%s, %s/%s, %s, %d processors, %s, %d runs.",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, cmp.Or(r.config["cpu"], "unknown processor"),
		runtime.GOMAXPROCS(0), strings.TrimSpace(redis), len(r.runs))
}
