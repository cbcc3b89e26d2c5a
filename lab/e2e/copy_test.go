package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
	return &client{t: t, name: name, url: p.url}
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

// TestCopiesWithoutDemo deletes the demo page from a copy: one line, and its
// import.
func TestCopiesWithoutDemo(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			dir := ownModule(t, p.name)
			file := filepath.Join(dir, "main.go")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var rest, deleted []string
			for line := range strings.Lines(string(text)) {
				if strings.Contains(line, "demo") {
					deleted = append(deleted, line)
				} else {
					rest = append(rest, line)
				}
			}
			if len(deleted) != 2 || !strings.Contains(deleted[0], `/examples/demo"`) || !strings.Contains(deleted[1], "demo.Mount(") {
				t.Fatalf("the lines about the demo are %q, want an import and a call", deleted)
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

// TestLines bounds what a reader of a program reads first.
func TestLines(t *testing.T) {
	const most = 150
	for _, p := range programs {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", p.name, "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")); lines > most {
			t.Errorf("main.go of %s has %d lines, want %d at most", p.name, lines, most)
		}
	}
}

// TestSharedFiles shows that what of the programs knows no framework is the same
// in each: whoever mends one mends all.
func TestSharedFiles(t *testing.T) {
	for _, name := range []string{"json.go", "users.go", "page.go", "form.html", "form_test.go", "panic_test.go"} {
		var first string
		for i, p := range programs {
			text, err := os.ReadFile(filepath.Join("..", "..", "examples", p.name, name))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = string(text)
			} else if string(text) != first {
				t.Errorf("%s of %s is not that of %s", name, p.name, programs[0].name)
			}
		}
	}
}
