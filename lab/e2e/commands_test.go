package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

// command is a command of a document, with its leading assignments.
type command struct {
	document, dir string
	line          string
}

var (
	blocks  = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	inline  = regexp.MustCompile("`([^`]+)`")
	isOne   = regexp.MustCompile(`^(go (-C \S+ )?(test|run|build|vet|get|mod)|make|openssl|redis-cli --cluster|ratchet [a-z]+|lab/tools/\w+\.sh)\b`)
	assigns = regexp.MustCompile(`^([A-Z_]+=(\$\([^)]*\)|\S+) )*`)
	comment = regexp.MustCompile(`\s+# .*$`)
)

// commands returns the commands in the documents: in blocks that are not of
// another language, and inside of sentences.
func commands(t *testing.T) (all []command) {
	t.Helper()
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range blocks.FindAllStringSubmatch(string(text), -1) {
			dir := "../.."
			for line := range strings.Lines(m[2]) {
				line = strings.TrimPrefix(comment.ReplaceAllString(strings.TrimSpace(line), ""), "$ ")
				if to, ok := strings.CutPrefix(line, "cd "); ok && !strings.Contains(to, "&&") {
					dir = filepath.Join(dir, to)
				}
				if (m[1] == "" || m[1] == "sh" || m[1] == "console") && isOne.MatchString(assigns.ReplaceAllString(line, "")) {
					all = append(all, command{file, dir, line})
				}
			}
		}
		for _, m := range inline.FindAllStringSubmatch(blocks.ReplaceAllString(string(text), ""), -1) {
			if line := strings.Join(strings.Fields(m[1]), " "); isOne.MatchString(assigns.ReplaceAllString(line, "")) {
				all = append(all, command{file, "../..", line})
			}
		}
	}
	return all
}

// documents returns the paths of the project's documents.
func documents(t *testing.T) (files []string) {
	t.Helper()
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md", "../../lab/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

// TestCommands checks each command that a document gives, of whatever kind: it
// is run, or, where it runs tests or measures for long, what it runs is there.
func TestCommands(t *testing.T) {
	all := commands(t)
	if len(all) < 15 {
		t.Fatalf("the documents have %d commands", len(all))
	}
	checked := make(map[string]bool)
	for _, c := range all {
		if checked[c.dir+c.line] {
			continue
		}
		checked[c.dir+c.line] = true
		t.Run(strings.ReplaceAll(c.line, "/", "_"), func(t *testing.T) {
			words := strings.Fields(strings.ReplaceAll(assigns.ReplaceAllString(c.line, ""), "'", ""))
			if len(words) > 2 && words[1] == "-C" {
				c.dir, words = filepath.Join(c.dir, words[2]), slices.Delete(words, 1, 3)
			}
			switch kind := strings.Join(words[:min(2, len(words))], " "); {
			case kind == "go test":
				namesTests(t, c, words[2:])
			case kind == "go run":
				takesFlags(t, c, words[2:])
			case kind == "go get", kind == "go mod", kind == "go vet":
				// newModule runs these.
			case words[0] == "make":
				output(t, "../..", "make", append([]string{"-n"}, words[1:]...)...)
			case words[0] == "redis-cli":
				help, _ := exec.CommandContext(t.Context(), need(t, "redis-cli"), "--cluster", "help").Output() // ends with 1
				if len(words) > 2 && !regexp.MustCompile(`(?m)^\s+`+words[2]+`\s`).Match(help) {
					t.Errorf("%s: no such command of redis-cli:\n%s", c.document, help)
				}
			case words[0] == "ratchet":
				knowsCommand(t, c, words[1:])
			case words[0] == "openssl":
				// TestKeyCommands runs them in their order.
			case strings.HasPrefix(words[0], "lab/tools/"):
				if info, err := os.Stat(filepath.Join("../..", words[0])); err != nil || info.Mode()&0o111 == 0 {
					t.Errorf("%s: %s is no program: %v", c.document, words[0], err)
				}
			default:
				t.Errorf("%s gives a command that no test knows: %s", c.document, c.line)
			}
		})
	}
}

// namesTests checks that the patterns of a go test command match something in
// each of its packages. `make test` runs the tests.
func namesTests(t *testing.T, c command, words []string) {
	t.Helper()
	var patterns, packages []string
	for i, w := range words {
		switch {
		case i > 0 && (words[i-1] == "-run" || words[i-1] == "-bench" || words[i-1] == "-fuzz"):
			if top, _, _ := strings.Cut(w, "/"); top != "^$" {
				patterns = append(patterns, top)
			}
		case strings.HasPrefix(w, "."):
			packages = append(packages, w)
		}
	}
	if len(packages) == 0 {
		t.Errorf("%s: %s names no tests", c.document, c.line)
	}
	for _, pkg := range packages {
		names := testNames(t, filepath.Join(c.dir, strings.TrimSuffix(pkg, "/...")))
		if len(names) == 0 && !strings.HasSuffix(pkg, "/...") {
			t.Errorf("%s: %s: %s has no tests", c.document, c.line, pkg)
		}
		for _, pattern := range patterns {
			re := regexp.MustCompile(pattern)
			if !slices.ContainsFunc(names, re.MatchString) {
				t.Errorf("%s: %s: %s has nothing like %s", c.document, c.line, pkg, pattern)
			}
		}
	}
}

// testNames returns the tests, benchmarks and fuzz tests of a package.
func testNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)`).MatchString(fn.Name.Name) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// takesFlags checks that what a go run command names is a program which knows
// the flags that it is given.
func takesFlags(t *testing.T, c command, words []string) {
	t.Helper()
	if strings.HasPrefix(words[0], "./examples/") || words[0] == "." && c.dir == "../.." {
		return // run by TestTranscript, TestReadmePrograms and TestReadmeWithRedis
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", words[0], "-h")
	cmd.Dir = c.dir
	help, _ := cmd.CombinedOutput() // with -h a program may end with 0 or 2
	for _, w := range words[1:] {
		if name, ok := strings.CutPrefix(w, "-"); ok && !strings.Contains(string(help), "\n  -"+name) {
			t.Errorf("%s: %s: no flag %s:\n%s", c.document, c.line, w, help)
		}
	}
	if strings.Contains(string(help), "no required module") || strings.Contains(string(help), "cannot find") || strings.Contains(string(help), "directory not found") {
		t.Errorf("%s: %s: %s", c.document, c.line, help)
	}
}

// knowsCommand checks that the command line has the command and its flags.
func knowsCommand(t *testing.T, c command, words []string) {
	t.Helper()
	help := output(t, "../..", binary(t, "ratchet"), words[0], "--help")
	for _, w := range words[1:] {
		if name, ok := strings.CutPrefix(w, "--"); ok && !strings.Contains(help, "\n  -"+name) {
			t.Errorf("%s: %s: no flag %s:\n%s", c.document, c.line, w, help)
		}
	}
}

// TestRunbook runs the runbook's commands, in their order, on a Redis that a
// program has used. None may be a wrong command line.
func TestRunbook(t *testing.T) {
	server := redistest.Start(t)
	e := env{"REDIS_URL": "redis://" + server.Addr(), "SIGNING_SECRET": strings.Repeat("runbook ", 8)}
	c := &client{t: t, url: start(t, "gin-app", e).url}
	dir, ran := t.TempDir(), 0
	tokens := c.login("alice", "wonderland")
	if err := os.WriteFile(filepath.Join(dir, "token.txt"), []byte(tokens.AccessToken), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range commands(t) {
		if filepath.Base(command.document) != "runbook.md" || !strings.HasPrefix(command.line, "ratchet ") || strings.HasPrefix(command.line, "ratchet watch") {
			continue
		}
		cmd := exec.CommandContext(t.Context(), need(t, "bash"), "-c", command.line)
		cmd.Dir, cmd.Env = dir, append(e.list(), "PATH="+filepath.Dir(binary(t, "ratchet"))+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if ran++; cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 2 {
			t.Errorf("%s: %v\n%s", command.line, err, out)
		}
	}
	if ran < 12 {
		t.Errorf("the runbook has %d commands", ran)
	}
}

// output runs a program that must succeed.
func output(t *testing.T, dir, name string, words ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, words...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(words, " "), err, out)
	}
	return string(out)
}

// TestKeyCommands runs the commands that make key files, and reads these.
func TestKeyCommands(t *testing.T) {
	bash := need(t, "bash")
	need(t, "openssl")
	dir := t.TempDir()
	made := 0
	for _, c := range commands(t) {
		words := strings.Fields(c.line)
		if i := slices.Index(words, "-out"); words[0] == "openssl" && i > 0 {
			output(t, dir, bash, "-c", c.line)
			text, err := os.ReadFile(filepath.Join(dir, words[i+1]))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := config.ParseKeys(text); err != nil {
				t.Errorf("%s: %v", c.line, err)
			}
			made++
		}
	}
	if made < 2 {
		t.Errorf("the documents make %d key files", made)
	}
}

// TestReadmeWithRedis runs the README's commands for a service that has a Redis.
func TestReadmeWithRedis(t *testing.T) {
	const example, address, listens = " go run ./examples/gin-app", "127.0.0.1:6379", "127.0.0.1:8090"
	var script string
	for _, f := range readmeFences(t) {
		if strings.Contains(f.text, address) && strings.Contains(f.text, example) {
			script = f.text
		}
	}
	if !strings.Contains(script, listens) {
		t.Fatalf("the README has no commands with a Redis: %q", script)
	}
	server := redistest.Start(t)
	script = strings.NewReplacer(address, server.Addr(), listens, "127.0.0.1:0", example, " exec "+binary(t, "gin-app")).Replace(script)
	cmd := exec.Command(need(t, "bash"), "-c", script)
	cmd.Dir = t.TempDir()
	need(t, "openssl")
	running := startCommand(t, "gin-app", cmd, env{"PATH": os.Getenv("PATH")}.list())
	c := &client{t: t, url: running.url}
	c.login("alice", "wonderland")
	if n, err := server.Client(t).DBSize(t.Context()).Result(); err != nil || n == 0 {
		t.Errorf("got %d keys, %v, want those of a session", n, err)
	}
}
