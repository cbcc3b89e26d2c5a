package supply

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

const (
	root    = "../../.."
	project = "github.com/ratchetauth/ratchet"
)

// permissive are the licenses which ask for nothing but that their text and the
// authors' names go along.
var permissive = []string{"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC"}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Module     *module // nil for the standard library
}

// module is a module that is linked into a program.
type module struct{ Path, Dir string }

// build lists the packages that the patterns are built of.
func build(t *testing.T, system string, patterns ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-json=ImportPath,Imports,Module"}, patterns...)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// Every module that a user's program gets with the library, or with an example
// program, has a permissive license, whose text is known.
func TestLicenses(t *testing.T) {
	modules := make(map[string]module)
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, p := range build(t, system, "./core", "./config", "./redisstore", "./httpauth", "./ginauth", "./echoauth/...", "./examples/...") {
			if p.Module != nil && p.Module.Path != project {
				modules[p.Module.Path] = *p.Module
			}
		}
	}
	if len(modules) < 5 {
		t.Fatalf("got %d modules, want those of the frameworks at least", len(modules))
	}
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		names, err := licenses(modules[path].Dir)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		t.Logf("%-45s %s", path, strings.Join(names, ", "))
		for _, name := range names {
			if !slices.Contains(permissive, name) {
				t.Errorf("%s has the license %s, want one of %v", path, name, permissive)
			}
		}
	}
}

// licenses returns the licenses of the module in a folder, by their SPDX
// identifiers.
func licenses(dir string) ([]string, error) {
	found := make(map[string]bool)
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "COPYING*", "License*", "license*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			cover := licensecheck.Scan(text)
			if cover.Percent < 75 {
				return nil, fmt.Errorf("%s is %.0f %% a known license", filepath.Base(file), cover.Percent)
			}
			for _, m := range cover.Match {
				found[m.ID] = true
			}
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no license")
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// What a package brings along is what it is for: core the JWT library, the
// store and each adapter theirs besides.
func TestImports(t *testing.T) {
	const jwt, redis = "github.com/golang-jwt/jwt/v5", "github.com/redis/go-redis/v9"
	for _, test := range []struct {
		pkg  string
		want []string
	}{
		{"./core", []string{jwt}},
		{"./config", []string{jwt, redis}},
		{"./redisstore", []string{redis}},
		{"./httpauth", []string{jwt}},
		{"./ginauth", []string{"github.com/gin-gonic/gin", jwt}},
		{"./echoauth", []string{jwt, "github.com/labstack/echo/v4"}},
		{"./echoauth/v5", []string{jwt, "github.com/labstack/echo/v5"}},
	} {
		packages := build(t, runtime.GOOS, test.pkg)
		from := make(map[string]string) // the module of each package of another's
		for _, p := range packages {
			if p.Module != nil && p.Module.Path != project {
				from[p.ImportPath] = p.Module.Path
			}
		}
		got := make(map[string]bool)
		for _, p := range packages {
			if p.Module == nil || p.Module.Path != project {
				continue
			}
			for _, imported := range p.Imports {
				if path, ok := from[imported]; ok {
					got[path] = true
				}
			}
		}
		if got := slices.Sorted(maps.Keys(got)); !slices.Equal(got, test.want) {
			t.Errorf("%s imports packages of %v, want %v", test.pkg, got, test.want)
		}
	}
}
