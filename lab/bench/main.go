// Command bench measures Ratchet against what would be used without it, and
// prints a table of ratios with the project's targets. docs/performance.md
// says what each row means.
//
//	go run .            six runs, about a quarter of an hour
//	go run . -rows P4   the rows of one target
//	go run . -quick     one short run, to see that everything works
//
// It exits with 1 if something could not be measured. A target that is not met
// is a finding, not a failure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// errUsage is for arguments that make no sense.
var errUsage = errors.New("wrong arguments")

// minRuns is how many runs a figure worth quoting needs at least.
const minRuns = 6

// command runs the benchmarks as the arguments say and prints the table.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	runs := flags.Int("runs", minRuns, "how often to run each benchmark, 6 or more")
	benchtime := flags.Duration("benchtime", time.Second, "how long to run each side of a comparison in each run")
	only := flags.String("rows", "", "the targets to measure, such as P4,P6; all if empty")
	raw := flags.String("raw", "", "file to write the benchmarks' own output to, for benchstat")
	quick := flags.Bool("quick", false, "run everything once on little data; the figures mean nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%w: %q", errUsage, flags.Args())
	}
	if *runs < minRuns && !*quick {
		return fmt.Errorf("%w: -runs is %d, it must be %d or more", errUsage, *runs, minRuns)
	}
	if *benchtime <= 0 {
		return fmt.Errorf("%w: -benchtime is %v, it must be positive", errUsage, *benchtime)
	}
	rows, err := selectRows(*only)
	if err != nil {
		return err
	}
	plan := plan{rows: rows, runs: *runs, benchtime: benchtime.String(), progress: stderr}
	if *quick {
		plan.runs, plan.benchtime, plan.short = 1, "1x", true
		for i := range rows {
			rows[i].target.met = nil // no judgement
		}
	}
	if *raw != "" {
		file, err := os.Create(*raw)
		if err != nil {
			return err
		}
		defer file.Close()
		plan.raw = file
	}
	results, err := plan.execute(ctx)
	if err != nil {
		return err
	}
	t := tabulate(rows, results)
	if *quick {
		fmt.Fprintln(stdout, "A quick run: everything ran, the figures mean nothing.")
		fmt.Fprintln(stdout)
	}
	if err := t.print(stdout, environment(ctx, results)); err != nil {
		return err
	}
	if len(t.missing) > 0 {
		return fmt.Errorf("not measured: %s", strings.Join(t.missing, "; "))
	}
	return nil
}

// selectRows returns the rows of the targets named, all if none is.
func selectRows(only string) ([]row, error) {
	all := rows()
	if only == "" {
		return all, nil
	}
	var selected []row
	for _, id := range strings.Split(only, ",") {
		before := len(selected)
		for _, r := range all {
			if strings.EqualFold(r.id, strings.TrimSpace(id)) {
				selected = append(selected, r)
			}
		}
		if len(selected) == before {
			return nil, fmt.Errorf("%w: -rows: there is no target %q", errUsage, id)
		}
	}
	return selected, nil
}
