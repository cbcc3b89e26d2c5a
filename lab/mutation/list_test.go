package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// Every mutation can be made, and its test is there, so that the list does not
// rot between two runs of the program.
func TestListFitsTheTree(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	all, err := mutations()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Errorf("got %d mutations, the list was longer", len(all))
	}
	known := newTests(t, root)
	seen := make(map[string]bool)
	for _, m := range all {
		if key := m.file + ": " + m.name; seen[key] {
			t.Errorf("%s: it is in the list twice", key)
		} else {
			seen[key] = true
		}
		text, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := m.apply(string(text)); err != nil {
			t.Error(err)
		}
		if !known.has(m.pkg, m.test) {
			t.Errorf("%s: %s: there is no test %s in %s", m.file, m.name, m.test, m.pkg)
		}
	}
}

func TestParse(t *testing.T) {
	const good = "a name | core/x.go | core TestX/a_case\n-old\n-\n+new"
	list, err := parse("\n" + good + "\n\nb | f | p T\n-x\n")
	want := mutation{"a name", "core/x.go", "", "old\n", "new", "core", "TestX/a_case"}
	if err != nil || len(list) != 2 || list[0] != want || list[1] != (mutation{"b", "f", "", "x", "", "p", "T"}) {
		t.Errorf("got %+v, %v", list, err)
	}
	for _, text := range []string{"", "a | b", "a | b | c", good + "\nx", good + "\n\n\n" + good} {
		if list, err := parse(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, list)
		}
	}
	for _, text := range []string{"", "old\nold\n", "xold"} {
		if changed, err := list[0].apply(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, changed)
		}
	}
	if got, err := list[0].apply("{old\n}"); err != nil || got != "{new}" {
		t.Errorf("got %q, %v", got, err)
	}
}

// tests are the tests that there are.
type tests struct {
	functions map[string]bool // by package, a space and their name
	texts     map[string]bool // every string constant of the tests, as go test prints it for a subtest's name
}

// newTests reads the module's tests, and the packages that hold cases for
// them.
func newTests(t *testing.T, root string) *tests {
	t.Helper()
	found := &tests{make(map[string]bool), make(map[string]bool)}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		pkg, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		inTests := strings.HasSuffix(name, "_test.go")
		if !inTests && (!strings.HasSuffix(pkg, "test") && !strings.HasPrefix(pkg, "lab") || !strings.HasSuffix(name, ".go")) {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if inTests && n.Recv == nil {
					found.functions[filepath.ToSlash(pkg)+" "+n.Name.Name] = true
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
					found.texts[subtestName(text)] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// subtestName returns the name that go test gives to a subtest.
func subtestName(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return '_'
		}
		return c
	}, name)
}

// has reports whether the package has the test. Of a subtest it only looks
// whether a string constant of its name is in the tests.
func (f *tests) has(pkg, test string) bool {
	function, subtests, _ := strings.Cut(test, "/")
	if !f.functions[pkg+" "+function] {
		return false
	}
	for subtest := range strings.SplitSeq(subtests, "/") {
		if subtest != "" && !f.texts[subtest] {
			return false
		}
	}
	return true
}
