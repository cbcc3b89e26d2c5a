package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unit says how values are written.
type unit int

const (
	duration  unit = iota // nanoseconds
	perSecond             // operations a second
	size                  // bytes
	count
)

// format writes a value of the unit, a duration with three digits.
func (u unit) format(v float64) string {
	switch u {
	case duration:
		scale, name := 1.0, "ns"
		switch abs := math.Abs(v); {
		case abs >= 1e9:
			scale, name = 1e9, "s"
		case abs >= 1e6:
			scale, name = 1e6, "ms"
		case abs >= 1e3:
			scale, name = 1e3, "µs"
		}
		return threeDigits(v/scale) + " " + name
	case perSecond:
		return thousands(v) + "/s"
	case size:
		return strconv.FormatFloat(v, 'f', 0, 64) + " B"
	}
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return threeDigits(v)
}

func threeDigits(v float64) string {
	decimals := 0
	switch abs := math.Abs(v); {
	case abs < 10:
		decimals = 2
	case abs < 100:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// thousands writes a whole number with spaces between groups of digits.
func thousands(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

// sample is the values of one measure, one of each run.
type sample []float64

// median returns the middle value, the mean of the two middle ones if there
// are as many below as above.
func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// describe writes the median and, if it says more, the least and the greatest.
func (s sample) describe(format func(float64) string) string {
	median, least, greatest := format(s.median()), format(slices.Min(s)), format(slices.Max(s))
	if least == greatest {
		return median
	}
	return fmt.Sprintf("%s (%s to %s)", median, least, greatest)
}

// formatRatio writes a ratio, one far below 1 with more digits.
func formatRatio(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// table is what is printed.
type table struct {
	lines   [][]string
	missing []string // rows that a run did not report
	met     int
	judged  int
}

// tabulate computes the rows. A ratio is taken within each run, where both
// sides were measured one right after the other; its median decides.
func tabulate(rows []row, results results) table {
	t := table{lines: [][]string{{"", "what", "ours", "peer", "ratio", "target", "met"}}}
	for _, r := range rows {
		var ours, peer, ratio sample
		compared := len(r.peer.benchmarks) > 0
		for _, run := range results.runs {
			o, ok := r.ours.of(run)
			if !ok {
				continue
			}
			p, ok := 0.0, true
			if compared {
				if p, ok = r.peer.of(run); !ok {
					continue
				}
				peer = append(peer, p)
				ratio = append(ratio, o/p)
			}
			ours = append(ours, o)
		}
		if len(ours) == 0 || len(ours) < len(results.runs) {
			t.missing = append(t.missing, r.id+" "+r.what)
			continue
		}
		line := []string{r.id, r.what, ours.describe(r.unit.format), "", "", r.target.text, ""}
		decides := ours
		if compared {
			line[3], line[4] = peer.describe(r.unit.format), ratio.describe(formatRatio)
			if !r.target.absolute {
				decides = ratio
			}
		}
		if r.target.met != nil {
			t.judged++
			line[6] = "no"
			if r.target.met(decides.median()) {
				t.met++
				line[6] = "yes"
			}
		}
		t.lines = append(t.lines, line)
	}
	return t
}

// print writes the table in Markdown.
func (t table) print(w io.Writer, environment string) error {
	widths := make([]int, len(t.lines[0]))
	for _, line := range t.lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s Each cell: the median and, of all runs, the least and the greatest.\n\n", environment)
	write := func(line []string, fill string) {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(fill, widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
	}
	write(t.lines[0], " ")
	write(make([]string, len(widths)), "-")
	for _, line := range t.lines[1:] {
		write(line, " ")
	}
	if t.judged > 0 {
		fmt.Fprintf(&b, "\nMet: %d of %d.\n", t.met, t.judged)
	}
	b.WriteString("\nNot in this table:\n\n")
	for _, u := range unmeasured() {
		fmt.Fprintf(&b, "* %s\n", u)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
