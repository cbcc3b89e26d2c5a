package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// maxFile is far more than a file of settings or a secret has.
const maxFile = 1 << 20

// variables are the names that a file of settings may have, in lower case.
func variables() []string {
	return []string{
		"ADDR", "ACCESS_TTL", "IDLE_TTL", "SESSION_TTL", "REUSE_GRACE", "LEEWAY", "CACHE_SIZE", "MAX_SESSIONS", "ON_LIMIT",
		"BIND_ACCESS_TOKEN", "REVOCATION", "ON_STORE_FAILURE", "ISSUER", "AUDIENCE",
		"SIGNING_ALG", "SIGNING_SECRET", "SIGNING_KEY_FILE", "REFRESH_SECRET",
		"REDIS_URL", "REDIS_MODE", "REDIS_PREFIX", "REDIS_SHARDS", "MIRROR_STALENESS",
		"TRANSPORT", "SILENT_REISSUE", "COOKIE_SAME_SITE", "INSECURE_COOKIES", "TRUSTED_ORIGINS", "COOKIE_DOMAIN", "COOKIE_PARTITIONED", "LOGIN_PAGE",
		"SIGNING_SECRET_FILE", "REFRESH_SECRET_FILE", "REDIS_URL_FILE",
	}
}

// secretVariables are the variables that may come in files of their own.
var secretVariables = []string{"SIGNING_SECRET", "REFRESH_SECRET", "REDIS_URL"}

// withFiles returns an environment in which the file that CONFIG_FILE names
// stands behind the variables, and the lines of the file that NAME_FILE names
// stand for the secret NAME, which is one of those given.
func withFiles(getenv func(string) string, secrets ...string) *environment {
	e := &environment{getenv: getenv, lines: make(map[string][]string)}
	if name := getenv("CONFIG_FILE"); name != "" {
		settings := e.readFile(name)
		e.getenv = func(name string) string {
			if text := getenv(name); text != "" {
				return text
			}
			return settings[name]
		}
	}
	outer := e.getenv
	for _, name := range secrets {
		file := outer(name + "_FILE")
		switch {
		case file == "":
		case outer(name) != "":
			e.fault("%s and %s_FILE are both set, one of them must be empty", name, name)
		default:
			e.lines[name] = e.readLines(name+"_FILE", file)
		}
	}
	if lines := e.lines["REDIS_URL"]; len(lines) > 1 {
		e.fault("REDIS_URL_FILE=%s has %d lines, it must have one", quoteFile(outer("REDIS_URL_FILE")), len(lines))
	}
	if len(e.lines) > 0 {
		e.getenv = func(name string) string {
			if lines := e.lines[name]; len(lines) > 0 {
				return lines[0]
			}
			return outer(name)
		}
	}
	return e
}

// readLines returns the lines of a file with secrets.
func (e *environment) readLines(variable, name string) []string {
	text, err := readSmall(name)
	if err != nil {
		e.fault("%s, which names a file, %v", variable, err) // the name may be the secret itself
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			e.fault("%s=%s has an empty line", variable, quoteFile(name))
			return nil
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		e.fault("%s=%s is empty", variable, quoteFile(name))
	}
	return lines
}

// secrets returns the values of a variable: its own, or the lines of its file.
func (e *environment) secrets(name string) []string {
	if lines := e.lines[name]; len(lines) > 0 {
		return lines
	}
	if secret := e.getenv(name); secret != "" {
		return []string{secret}
	}
	return nil
}

// readFile returns the settings in a JSON file by the names of the variables.
func (e *environment) readFile(name string) map[string]string {
	fault := func(format string, args ...any) {
		e.fault("CONFIG_FILE=%s %s", quoteFile(name), fmt.Sprintf(format, args...))
	}
	text, err := readSmall(name)
	if err != nil {
		fault("%v", err)
		return nil
	}
	members, err := readObject(text)
	if err != nil {
		fault("is not one JSON object: %v", err)
		return nil
	}
	known, settings := variables(), make(map[string]string)
	for _, m := range members {
		variable := strings.ToUpper(m.name)
		_, again := settings[variable]
		value, err := settingText(m.value)
		switch {
		case m.name != strings.ToLower(m.name) || !slices.Contains(known, variable):
			fault("has the unknown setting %s", quote(m.name))
		case again:
			fault("has %s twice", m.name)
		case err != nil:
			fault("has a value for %s that is %v", m.name, err)
		case m.value[0] == '[' && variable != "AUDIENCE" && variable != "TRUSTED_ORIGINS":
			fault("has a list for %s, which has one value", m.name)
		}
		settings[variable] = value
	}
	return settings
}

// member is a member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// readObject returns the members of the JSON object that the text is, those
// that repeat a name as well.
func readObject(text []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it does not begin with {")
	}
	var members []member
	for decoder.More() {
		t, err := decoder.Token()
		if err != nil {
			return nil, withoutText(err)
		}
		m := member{name: t.(string)} // what else would be a syntax error
		if err := decoder.Decode(&m.value); err != nil {
			return nil, withoutText(err)
		}
		members = append(members, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, withoutText(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("something follows it")
	}
	return members, nil
}

// withoutText keeps a secret that is in the wrong place out of the error.
func withoutText(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("a syntax error after %d bytes", syntax.Offset)
	}
	return err
}

// settingText returns a value as it would stand in the environment: a string,
// a number, true or false, or a list of strings.
func settingText(value json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(value, &text) == nil && value[0] == '"' {
		if text == "" {
			return "", errors.New("empty: leave it out for its default")
		}
		return text, nil
	}
	var list []string
	if json.Unmarshal(value, &list) == nil && value[0] == '[' {
		for _, s := range list {
			if s == "" || strings.Contains(s, ",") {
				return "", errors.New("a list with an empty string or a comma")
			}
		}
		if len(list) == 0 {
			return "", errors.New("an empty list: leave it out for its default")
		}
		return strings.Join(list, ","), nil
	}
	if c := value[0]; c == 't' || c == 'f' || c == '-' || '0' <= c && c <= '9' {
		return string(value), nil
	}
	return "", errors.New("not a string, number, true, false or list of strings")
}

// readSmall returns what is in a file. Its errors follow the name of the file
// in a sentence.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	if len(text) > maxFile {
		return nil, errors.New("has over 1 MiB")
	}
	return text, nil
}
