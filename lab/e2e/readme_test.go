package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fence is a fenced block of the README.
type fence struct{ language, text string }

func readmeFences(t *testing.T) []fence {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var fences []fence
	for _, m := range regexp.MustCompile("(?ms)^```([\\w-]+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		fences = append(fences, fence{m[1], m[2]})
	}
	return fences
}

// step is a command of the transcript and the output that it shows.
type step struct{ command, output string }

// transcript returns the first command, which starts the program, and the
// others.
func transcript(t *testing.T) (server string, steps []step) {
	t.Helper()
	for _, f := range readmeFences(t) {
		if f.language == "console" {
			steps = append(steps, stepsOf(t, f)...)
		}
	}
	if len(steps) < 10 {
		t.Fatalf("the transcript has %d steps", len(steps))
	}
	return steps[0].command, steps[1:]
}

// stepsOf returns the commands of a block and their outputs.
func stepsOf(t *testing.T, f fence) (steps []step) {
	t.Helper()
	for line := range strings.Lines(f.text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			steps = append(steps, step{command: strings.TrimSpace(command)})
		} else if len(steps) == 0 {
			t.Fatalf("the transcript begins with the output %q", line)
		} else {
			steps[len(steps)-1].output += line
		}
	}
	return steps
}

// need returns the path of a program that the test cannot do without.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("RATCHET_REQUIRE_SERVERS") != "" {
		t.Fatal(err)
	} else if err != nil {
		t.Skip(err)
	}
	return path
}

// TestTranscript runs the README's commands, in one shell, against each
// program in turn.
func TestTranscript(t *testing.T) {
	bash := need(t, "bash")
	need(t, "curl")
	server, steps := transcript(t)
	const run, listens = "go run ./examples/gin-app", "127.0.0.1:8080"
	if !strings.HasSuffix(server, run) {
		t.Fatalf("the transcript begins with %q", server)
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			command := strings.Replace(server, run, "exec "+binary(t, p.name), 1)
			running := startCommand(t, p.name, exec.Command(bash, "-c", command), env{"PATH": os.Getenv("PATH")}.list())

			const end = "end of output"
			var script strings.Builder
			for _, s := range steps {
				fmt.Fprintf(&script, "%s\nprintf '\\n%s\\n'\n", strings.ReplaceAll(s.command, listens, strings.TrimPrefix(running.url, "http://")), end)
			}
			shell := exec.CommandContext(t.Context(), bash, "--noprofile", "--norc")
			shell.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
			shell.Stdin = strings.NewReader(script.String())
			var stderr bytes.Buffer
			shell.Stderr = &stderr
			out, err := shell.Output()
			if err != nil || stderr.Len() > 0 {
				t.Fatalf("the transcript's commands: %v\n%s", err, stderr.String())
			}
			outputs := strings.Split(string(out), "\n"+end+"\n")
			if len(outputs) != len(steps)+1 {
				t.Fatalf("%d commands gave %d outputs", len(steps), len(outputs)-1)
			}
			for i, s := range steps {
				if !shown(s.output).MatchString(outputs[i]) {
					t.Errorf("$ %s\ngives\n%s\nbut the README shows\n%s", s.command, outputs[i], s.output)
				}
			}
		})
	}
}

// shown returns the expression that a command's output must match. A final
// line break is the terminal's business.
func shown(output string) *regexp.Regexp {
	parts := strings.Split(strings.TrimSuffix(output, "\n"), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `[^"\s]+`) + `\n?$`)
}

// TestLinks checks that what the documents link to is there.
func TestLinks(t *testing.T) {
	files, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, docs...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(file), m[1], err)
			}
		}
	}
}
