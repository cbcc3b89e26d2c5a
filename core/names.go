package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const reservedCount = 12

// reservedClaims are the registered names of RFC 7519, section 4.1, and the
// library's own.
func reservedClaims() [reservedCount]string {
	return [...]string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "gen", "auth_time", "seed", "typ"}
}

// reservedIndex returns the position of a name among the reserved ones, or -1.
// It compares as encoding/json does, which ignores case.
func reservedIndex(name string) int {
	for i, r := range reservedClaims() {
		if len(name) >= len(r) && strings.EqualFold(r, name) {
			return i
		}
	}
	return -1
}

// checkNames refuses a payload that has a reserved name twice: encoding/json
// takes the last, and another reader may take the first (RFC 7519, section 4).
// The payload is signed and valid JSON. A json.Decoder would read it in fewer
// lines, and double what the first check of a token costs.
func checkNames(payload string) error {
	var seen [reservedCount]bool
	depth := 0
	for i := 0; i < len(payload); i++ {
		switch payload[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := closingQuote(payload, i)
			if depth == 1 && isName(payload[end+1:]) {
				name, err := unquote(payload[i : end+1])
				if err != nil {
					return err
				}
				if n := reservedIndex(name); n >= 0 {
					if seen[n] {
						return fmt.Errorf("%s comes twice", reservedClaims()[n])
					}
					seen[n] = true
				}
			}
			i = end
		}
	}
	return nil
}

// closingQuote returns where the string that begins at start ends.
func closingQuote(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text) - 1
}

// isName reports whether a string is a member's name: a colon follows.
func isName(rest string) bool {
	return strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":")
}

// unquote returns what a JSON string says.
func unquote(quoted string) (string, error) {
	if !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1], nil
	}
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", errors.New("a name is malformed")
	}
	return s, nil
}
