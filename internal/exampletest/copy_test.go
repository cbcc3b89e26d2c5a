package exampletest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCopies copies each example into a module of its own, as a reader does,
// and builds it there.
func TestCopies(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", p.name))); err != nil {
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
			cmd := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-o", os.DevNull, ".")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("go build: %v\n%s", err, out)
			}
		})
	}
}

// TestSharedFiles shows that the files of the examples that know no framework
// are the same: whoever mends one mends both.
func TestSharedFiles(t *testing.T) {
	for _, name := range []string{"users.go", "request.go", "server.go", "index.html", "page.css", "page.go", "page.js", "ratchet.js"} {
		var texts [][]byte
		for _, p := range programs {
			text, err := os.ReadFile(filepath.Join("..", "..", "examples", p.name, name))
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Errorf("%s is not the same in both examples", name)
		}
	}
}
