package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// verdict is what became of a mutation.
type verdict string

const (
	killed       verdict = "killed"
	survived     verdict = "SURVIVED"
	inapplicable verdict = "DOES NOT APPLY"
	uncompiled   verdict = "DOES NOT COMPILE"
	unclear      verdict = "UNCLEAR" // something failed, but not the test
)

// testTimeout bounds the tests of one mutation. It is generous, for a slow
// machine; a mutation that hangs its test for so long is killed.
const testTimeout = 3 * time.Minute

// attempts is how often a test may pass before the mutation counts as survived:
// that a race is lost, a test finds by chance.
const attempts = 5

// trial tries mutations of the module at root.
type trial struct {
	root    string
	scratch string
	folders atomic.Int64
}

// folder returns a new folder for temporary files.
func (t *trial) folder() (string, error) {
	dir := filepath.Join(t.scratch, fmt.Sprint(t.folders.Add(1)))
	return dir, os.Mkdir(dir, 0o700)
}

// checkUnchanged runs the tests without any mutation: a test that fails anyway
// would kill everything.
func (t *trial) checkUnchanged(ctx context.Context, all []mutation) error {
	tests := make(map[string][]string)
	for _, m := range all {
		if p := pattern(m.test); !slices.Contains(tests[m.pkg], p) {
			tests[m.pkg] = append(tests[m.pkg], p)
		}
	}
	for pkg, patterns := range tests {
		dir, err := t.folder()
		if err != nil {
			return err
		}
		binary, out, err := t.compile(ctx, dir, pkg, "")
		if err != nil {
			return fmt.Errorf("%s does not compile: %w\n%s", pkg, err, out)
		}
		out, err = t.test(ctx, binary, pkg, strings.Join(patterns, "|"))
		if err != nil {
			return fmt.Errorf("%s fails without any mutation: %w\n%s", pkg, err, tail(out))
		}
		for _, m := range all {
			if m.pkg == pkg && !ended(out, "PASS", m.test) {
				return fmt.Errorf("%s: %s did not run", pkg, m.test)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// run tries one mutation. The detail, if there is one, is what the tests or the
// compiler printed.
func (t *trial) run(ctx context.Context, m mutation) (v verdict, detail string) {
	text, err := os.ReadFile(filepath.Join(t.root, m.file))
	if err != nil {
		return inapplicable, err.Error() + "\n"
	}
	changed, err := m.apply(string(text))
	if err != nil {
		return inapplicable, err.Error() + "\n"
	}
	dir, err := t.folder()
	if err != nil {
		return unclear, err.Error() + "\n"
	}
	defer os.RemoveAll(dir)
	overlay, err := t.overlay(dir, m.file, changed)
	if err != nil {
		return unclear, err.Error() + "\n"
	}
	binary, out, err := t.compile(ctx, dir, m.pkg, overlay)
	if err != nil {
		return uncompiled, tail(out)
	}
	for range attempts {
		if out, err = t.test(ctx, binary, m.pkg, pattern(m.test)); err != nil {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return unclear, ctx.Err().Error() + "\n"
	case err == nil:
		return survived, ""
	case ended(out, "FAIL", m.test) || strings.Contains(out, "panic: ") || strings.Contains(out, "fatal error: "):
		return killed, ""
	}
	return unclear, tail(out)
}

// overlay writes the changed file and what tells the go command of it.
func (t *trial) overlay(dir, file, text string) (name string, err error) {
	changed := filepath.Join(dir, "changed"+filepath.Ext(file))
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	description, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(t.root, file): changed}})
	if err != nil {
		return "", err
	}
	name = filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, description, 0o600)
}

// module returns the folder of the module that a package is in, and the
// package's path there.
func (t *trial) module(pkg string) (dir, in string) {
	if in, ok := strings.CutPrefix(pkg, "lab/"); ok {
		return filepath.Join(t.root, "lab"), in
	}
	return t.root, pkg
}

// compile compiles a package's tests, without what only debuggers need.
func (t *trial) compile(ctx context.Context, dir, pkg, overlay string) (binary, out string, err error) {
	binary = filepath.Join(dir, "test.exe")
	args := []string{"test", "-c", "-ldflags=-s -w", "-o", binary}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	module, in := t.module(pkg)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+in)...)
	cmd.Dir = module
	text, err := cmd.CombinedOutput()
	return binary, string(text), err
}

// test runs tests of a package. A machine without Redis is no reason to skip
// one: what is skipped kills nothing.
func (t *trial) test(ctx context.Context, binary, pkg, pattern string) (out string, err error) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout="+testTimeout.String(), "-test.run="+pattern)
	cmd.Dir = filepath.Join(t.root, pkg)
	cmd.Env = append(os.Environ(), "RATCHET_REQUIRE_SERVERS=1")
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		err = fmt.Errorf("run the tests: %w", err)
	}
	return string(text), err
}

// ended tells whether a test, or one that is called so and further, has ended in
// a certain way.
func ended(out, how, test string) bool {
	return strings.Contains(out, "--- "+how+": "+test+" (") || strings.Contains(out, "--- "+how+": "+test+"/")
}

// pattern returns what -run matches the one test by.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// tail returns the end of an output, indented.
func tail(out string) string {
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	return "\t" + strings.Join(lines[max(0, len(lines)-15):], "\n\t") + "\n"
}
