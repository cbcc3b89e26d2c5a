package clients_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestSharedFiles shows that the page and its client are the same in both
// examples: whoever mends one mends both.
func TestSharedFiles(t *testing.T) {
	for _, name := range []string{"index.html", "page.css", "page.go", "page.js", "ratchet.js"} {
		var texts [][]byte
		for _, p := range programs {
			text, err := os.ReadFile(filepath.Join("..", "..", "examples", p, name))
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
