package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	const output = `goos: linux
goarch: amd64
pkg: github.com/ratchetauth/ratchet/lab/bench/suite
cpu: A processor
BenchmarkReissue/16/GET+DEL+SET-2         	    1000	    230000 ns/op	    424352 p99-ns	         3.000 roundtrips/op	   11363 B/op	     167 allocs/op
BenchmarkSessionMemory/1-a-user-2  	       1	16421370970 ns/op	       524.4 B/session
BenchmarkGin/bare  	   20000	       267.8 ns/op	      32 B/op	       0 allocs/op
PASS
`
	config := make(map[string]string)
	got, err := read(strings.NewReader(output), config)
	if err != nil {
		t.Fatal(err)
	}
	want := run{
		"Reissue/16/GET+DEL+SET": {"ns/op": 230000, "p99-ns": 424352, "roundtrips/op": 3, "B/op": 11363, "allocs/op": 167},
		"SessionMemory/1-a-user": {"ns/op": 16421370970, "B/session": 524.4},
		"Gin/bare":               {"ns/op": 267.8, "B/op": 32, "allocs/op": 0},
	}
	if !maps.EqualFunc(got, want, maps.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
	if config["cpu"] != "A processor" {
		t.Errorf("got the processor %q, want the one in the output", config["cpu"])
	}
}

func TestPattern(t *testing.T) {
	rows, err := selectRows("p4, P2")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := pattern(rows), "^(BenchmarkEcho|BenchmarkGin|BenchmarkVerifyCold)$"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Each target is measured or said not to be; of one, a part is.
func TestTargetsAreAccountedFor(t *testing.T) {
	var found []string
	for _, r := range rows() {
		if !slices.Contains(found, r.id) {
			found = append(found, r.id)
		}
	}
	for _, u := range unmeasured() {
		if id, _, _ := strings.Cut(u, ","); !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	want := []string{"P1", "P10", "P11", "P12", "P13", "P14", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"}
	if !slices.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
}
