package exampletest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// demo are the files of the demo page, with the line of main.go that mounts it
// as all that the rest of a program has of it.
var demo = []string{
	"demo.go", "events.go", "page.go", "index.html", "page.css", "page.js", "feed.js", "life.js", "theft.js", "ratchet.js",
}

// ownModule copies an example into a module of its own, as a reader does, and
// returns the module's folder.
func ownModule(t *testing.T, name string) (dir string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", name))); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	const module = "module github.com/ratchetauth/ratchet\n"
	own := strings.Replace(string(mod), module, "module example.com/copy\n", 1) +
		"\nrequire github.com/ratchetauth/ratchet v0.0.0\nreplace github.com/ratchetauth/ratchet => " + root + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startOwn builds what is in a module's folder and runs it.
func startOwn(t *testing.T, name, dir string) *client {
	t.Helper()
	if out, err := runGo(t, dir, "build", "-mod=mod", "-o", "program", "."); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	p := startCommand(t, name, exec.Command(filepath.Join(dir, "program")), env{}.list())
	return &client{t: t, url: p.url}
}

// TestCopies runs each example in a module of its own.
func TestCopies(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			c := startOwn(t, p.name, ownModule(t, p.name))
			if a := c.do("GET", "/"); a.status != 200 || !strings.Contains(a.body, "/page.js") {
				t.Errorf("the page is %d %s", a.status, a.body)
			}
			c.want(c.me(c.login("alice", "wonderland").AccessToken), 200, meBody)
		})
	}
}

// TestCopiesWithoutDemo deletes the demo page from a copy: one line, and the
// files of its own.
func TestCopiesWithoutDemo(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			dir := ownModule(t, p.name)
			for _, name := range demo {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(dir, "main.go")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var rest []string
			deleted := 0
			for line := range strings.Lines(string(text)) {
				if strings.Contains(line, "mountDemo(") {
					deleted++
				} else {
					rest = append(rest, line)
				}
			}
			if deleted != 1 {
				t.Fatalf("%d lines mount the demo, want 1", deleted)
			}
			if err := os.WriteFile(file, []byte(strings.Join(rest, "")), 0o600); err != nil {
				t.Fatal(err)
			}

			c := startOwn(t, p.name, dir)
			for _, path := range []string{"/", "/page.js", "/ratchet.js", "/events"} {
				c.refused(c.do("GET", path), 404, "not_found")
			}
			pair := c.login("alice", "wonderland")
			c.want(c.me(pair.AccessToken), 200, meBody)
			c.want(c.reissue(pair.RefreshToken), 200, tokensBody)
			c.want(c.do("GET", "/healthz"), 200, `{"status":"ok"}`)
		})
	}
}

// TestLines bounds what a reader of an example has to read, comments and all.
func TestLines(t *testing.T) {
	const most = 150
	for _, p := range programs {
		files, err := filepath.Glob(filepath.Join("..", "..", "examples", p.name, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for _, file := range files {
			if slices.Contains(demo, filepath.Base(file)) {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		if lines == 0 || lines > most {
			t.Errorf("%s has %d lines of Go beside the demo, want 1 to %d", p.name, lines, most)
		}
	}
}

// TestSharedFiles shows that what of the examples knows no framework, these
// files and the users at the end of main.go, is the same: whoever mends one
// mends both.
func TestSharedFiles(t *testing.T) {
	const users = "\n// claims are the application's own"
	for _, name := range slices.Concat([]string{"main.go"}, demo[1:]) { // demo.go knows its framework
		var texts []string
		for _, p := range programs {
			text, err := os.ReadFile(filepath.Join("..", "..", "examples", p.name, name))
			if err != nil {
				t.Fatal(err)
			}
			shared := string(text)
			if name == "main.go" {
				_, after, found := strings.Cut(shared, users)
				if !found {
					t.Fatalf("%s of %s has no line like %q", name, p.name, users)
				}
				shared = after
			}
			texts = append(texts, shared)
		}
		if texts[0] != texts[1] {
			t.Errorf("%s is not the same in both examples", name)
		}
	}
}
