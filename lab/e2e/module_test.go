package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readmePrograms returns the README's programs, for Gin and for Echo, and its
// Go snippets. The program for Echo is given as a difference.
func readmePrograms(t *testing.T) (sources, snippets []string) {
	t.Helper()
	for _, f := range readmeFences(t) {
		switch {
		case f.language == "diff" && len(sources) == 1:
			sources = append(sources, patch(t, sources[0], f.text))
		case f.language != "go":
		case strings.HasPrefix(f.text, "package main\n"):
			sources = append(sources, f.text)
		default:
			snippets = append(snippets, f.text)
		}
	}
	if len(sources) != 2 {
		t.Fatalf("the README has %d programs, want one for Gin and one for Echo", len(sources))
	}
	for i, source := range sources {
		if framework := strings.TrimSuffix(programs[i].name, "-app") + "auth"; !strings.Contains(source, framework) {
			t.Fatalf("program %d of the README does not use %s", i+1, framework)
		}
	}
	return sources, snippets
}

// patch applies a difference to a source.
func patch(t *testing.T, source, difference string) string {
	t.Helper()
	for _, part := range regexp.MustCompile(`(?m)^@@ .* @@\n`).Split(difference, -1)[1:] {
		var before, after strings.Builder
		for line := range strings.Lines(part) {
			if line[0] != '+' {
				before.WriteString(line[1:])
			}
			if line[0] != '-' {
				after.WriteString(line[1:])
			}
		}
		if strings.Count(source, before.String()) != 1 {
			t.Fatalf("the README's program does not have, once,\n%s", before.String())
		}
		source = strings.Replace(source, before.String(), after.String(), 1)
	}
	return source
}

// What the README's programs need for logins fits on a screen: from the key to
// the protected route, without the router.
func TestReadmeProgramIsShort(t *testing.T) {
	sources, _ := readmePrograms(t)
	for i, source := range sources {
		_, source, _ = strings.Cut(source, "func main() {\n")
		lines := 0
		for line := range strings.Lines(source) {
			switch strings.TrimSpace(line) {
			case "", "r := gin.Default()", "e := echo.New()":
			case `log.Fatal(r.Run("127.0.0.1:8080"))`, `log.Fatal(e.Start("127.0.0.1:8080"))`:
				if lines > 28 {
					t.Errorf("%s: %d lines are about logins, want 28 at most", programs[i].name, lines)
				}
				lines = -1000 // what follows ends the program
			default:
				lines++
			}
		}
		if lines > 0 {
			t.Errorf("%s does not end as expected", programs[i].name)
		}
	}
}

// TestReadmePrograms builds the README's programs as it says, each in a module
// of its own, and runs them on a free port.
func TestReadmePrograms(t *testing.T) {
	const listens = "127.0.0.1:8080"
	sources, _ := readmePrograms(t)
	for i, source := range sources {
		t.Run(programs[i].name, func(t *testing.T) {
			dir := newModule(t, source)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := l.Addr().String()
			l.Close()
			writeProgram(t, dir, strings.ReplaceAll(source, listens, addr))
			goTool(t, dir, "build", "-o", "program", ".")

			cmd := exec.Command(filepath.Join(dir, "program"))
			cmd.Env = []string{"SIGNING_SECRET=" + secret}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			c := &client{t: t, url: "http://" + addr}
			c.await("the program listens", func() bool {
				conn, err := net.Dial("tcp", addr)
				if err == nil {
					conn.Close()
				}
				return err == nil
			})
			bash := need(t, "bash")
			need(t, "curl")
			for _, f := range readmeFences(t) {
				if f.language != "shell-session" {
					continue
				}
				for _, s := range stepsOf(t, f) {
					got := output(t, dir, bash, "-c", strings.ReplaceAll(s.command, listens, addr))
					if !shown(s.output).MatchString(got) {
						t.Errorf("$ %s\ngives\n%s\nbut the README shows\n%s", s.command, got, s.output)
					}
				}
			}
			c.refused(c.tryLogin("alice", "wrong"), 401, "bad_credentials")
			pair := c.tokens(c.reissue(c.login("alice", "wonderland").RefreshToken))
			if a := c.me(pair.AccessToken); a.status != 200 || strings.TrimSpace(a.body) != `{"user":"alice"}` {
				t.Errorf("the protected route answers %d %s", a.status, a.body)
			}
			c.want(c.do("POST", "/auth/logout", bearer(pair.AccessToken)), 200, "{}")
			c.refused(c.me(pair.AccessToken), 401, "token_revoked")
		})
	}
}

// TestReadmeProgramForEchoV5 changes the program for Echo as the README says, and
// nothing else.
func TestReadmeProgramForEchoV5(t *testing.T) {
	sources, _ := readmePrograms(t)
	source := sources[1]
	for _, edit := range [][2]string{
		{`labstack/echo/v4"`, `labstack/echo/v5"`},
		{`ratchet/echoauth"`, `ratchet/echoauth/v5"`},
		{"(c echo.Context)", "(c *echo.Context)"},
	} {
		if !strings.Contains(source, edit[0]) {
			t.Fatalf("the program does not have %q", edit[0])
		}
		source = strings.ReplaceAll(source, edit[0], edit[1])
	}
	newModule(t, source)
}

// TestReadmeSnippet puts the README's other Store into its programs, in place
// of the one that they have.
func TestReadmeSnippet(t *testing.T) {
	sources, snippets := readmePrograms(t)
	if len(snippets) != 1 {
		t.Fatalf("the README has %d Go snippets, want the one for Redis", len(snippets))
	}
	for i, source := range sources {
		t.Run(programs[i].name, func(t *testing.T) {
			for _, edit := range [][2]string{
				{"\tauthority, err := core.New(", snippets[0] + "\tauthority, err := core.New("},
				{"core.NewMemoryStore(core.MemoryOptions{}),", "store,"},
				{"\n)\n", "\n\t\"github.com/ratchetauth/ratchet/redisstore\"\n\t\"github.com/redis/go-redis/v9\"\n)\n"},
			} {
				if !strings.Contains(source, edit[0]) {
					t.Fatalf("the program does not have %q", edit[0])
				}
				source = strings.Replace(source, edit[0], edit[1], 1)
			}
			newModule(t, source)
		})
	}
}

// offline is what the go command says when it needs a module that is neither
// in its cache nor to be had.
var offline = regexp.MustCompile(`dial tcp|no such host|i/o timeout|TLS handshake timeout|proxyconnect|GOPROXY=off|GOPROXY list is not the empty string`)

// readmeSteps returns the go commands that the README gives for its programs,
// but for the one that runs them.
func readmeSteps(t *testing.T) (steps [][]string) {
	t.Helper()
	for _, f := range readmeFences(t) {
		if f.language != "sh" {
			continue
		}
		for line := range strings.Lines(f.text) {
			words := strings.Fields(line)
			switch {
			case words[0] == "go":
				steps = append(steps, words[1:])
			case strings.HasSuffix(line, " go run .\n"):
				return steps
			}
		}
	}
	t.Fatal("the README does not say how to run its programs")
	return nil
}

// newModule does in a new module what the README says, with this checkout in
// place of a release, and returns the module's folder. Only what the module
// cache lacks is downloaded, without the checksum database: the checkout
// requires the same modules and has their sums.
func newModule(t *testing.T, source string) (dir string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/ratchetauth/ratchet"
	dir = t.TempDir()
	goTool(t, dir, "mod", "init", "shop")
	goTool(t, dir, "mod", "edit", "-replace", module+"="+root)
	for _, words := range readmeSteps(t) {
		if words[0] != "get" {
			goTool(t, dir, words...)
			continue
		}
		if len(words) != 2 || words[1] != module {
			t.Fatalf("the README says go %q", words)
		}
		goTool(t, dir, "get", module+"@v0.0.0") // without a version it would look for a release
		writeProgram(t, dir, source)
	}
	goTool(t, dir, "vet", ".")
	return dir
}

func writeProgram(t *testing.T, dir, source string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
}

// goTool runs the go command in a folder. Where it needs the network and there
// is none the test is skipped; but without the tests of dependencies, which
// tidy wants to see as well, a program can be built.
func goTool(t *testing.T, dir string, words ...string) {
	t.Helper()
	out, err := runGo(t, dir, words...)
	if err == nil {
		return
	}
	if offline.Match(out) && slices.Equal(words, []string{"mod", "tidy"}) {
		if runGo(t, dir, "mod", "tidy", "-e"); loads(t, dir) {
			return
		}
	}
	report := fmt.Sprintf("go %s: %v\n%s", strings.Join(words, " "), err, out)
	if offline.Match(out) && os.Getenv("RATCHET_REQUIRE_SERVERS") == "" {
		t.Skip(report)
	}
	t.Fatal(report)
}

// loads reports whether all of a program's packages are there.
func loads(t *testing.T, dir string) bool {
	_, err := runGo(t, dir, "list", "-deps", ".")
	return err == nil
}

func runGo(t *testing.T, dir string, words ...string) ([]byte, error) {
	cmd := exec.CommandContext(t.Context(), "go", words...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOSUMDB=off", "GOWORK=off", "GOFLAGS=", "PWD="+dir)
	return cmd.CombinedOutput()
}
