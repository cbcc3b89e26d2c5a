package facetest

import (
	"fmt"
	"slices"
	"strings"
)

// documented names the rows that show what a client needs to know, in the
// order in which somebody would read them. The others are its refinements.
func documented() []string {
	return []string{
		"error/token_missing", "error/token_invalid", "error/token_expired", "error/token_revoked", "error/refresh_missing", "error/refresh_invalid",
		"error/bad_credentials", "error/user_blocked", "error/forbidden", "error/cross_origin", "error/session_not_found", "error/session_limit",
		"error/request_invalid", "error/not_found", "error/method_not_allowed", "error/request_too_large", "error/unsupported_media_type", "error/store_unavailable", "error/internal",

		"login", "login/no such user", "login/blocked user", "login/session limit", "login/store fails",
		"access", "access/no header", "access/another scheme", "access/rubbish", "access/expired", "access/after logout",
		"access/two headers", "access/store fails",
		"optional", "optional/no header", "optional/rubbish",
		"reissue", "reissue/within the grace", "reissue/after the grace", "body/none", "body/not JSON", "body/member twice", "body/over 16 KiB, a form", "type/text",
		"form", "form/refused", "form/another grant_type", "form/no grant_type",
		"binding/expired", "binding/none", "binding/another session's", "binding/header and body differ",
		"idempotency/same key", "idempotency/no key",
		"logout/access token in the header", "logout/token in a form", "logout/nothing", "logout/store fails", "logout/GET",
		"logout all/all", "logout all/keep the current", "sessions/list", "revoke/another of the caller's", "revoke/another user's",
		"users/block/for ever", "users/block/until", "users/block/until now", "users/block/no token", "users/block/name with a slash",
		"users/unblock", "users/revoke all", "users/list/another's", "users/revoke/another's", "users/revoke/of somebody else",
		"jwks/public keys", "health", "health/store fails", "access/another method", "access/another path",

		"hybrid/login", "hybrid/reissue", "hybrid/reissue/cookie and body disagree", "hybrid/reissue/body only", "hybrid/reissue/two cookies", "hybrid/login/two cookies", "hybrid/logout/two cookies",
		"hybrid/access", "hybrid/access/refresh cookie only", "hybrid/binding/in the header", "hybrid/logout", "hybrid/logout/store fails",
		"hybrid/reissue/from another site", "hybrid/reissue/by an old browser",

		"cookie/login", "cookie/login/as somebody else, the browser's session ends", "cookie/reissue", "cookie/reissue/rubbish",
		"cookie/access", "cookie/access/by header", "cookie/access/cookie and header", "cookie/access/two cookies", "cookie/access/beside a Basic header", "cookie/access/expired",
		"cookie/optional/rubbish cookie", "cookie/optional/rubbish header",
		"cookie/access/GET from another site", "cookie/access/PUT/from its own page", "cookie/access/PUT/from another site", "cookie/access/PUT/from a sibling",
		"cookie/access/PUT by header from another site", "cookie/access/a WebSocket's handshake/from another site",
		"cookie/logout/both cookies", "cookie/logout/nothing", "cookie/logout/store fails", "cookie/logout/from another site",
		"cookie/logout all", "cookie/logout all/keep the current", "cookie/revoke/the caller's own",
		"cookie/users/block/from its own page", "cookie/users/block/from another site",

		"silent/good token", "silent/expired token", "silent/no access cookie", "silent/expired token, rubbish refresh cookie", "silent/revoked token", "silent/rubbish token",
		"silent/expired header", "silent/store fails", "silent/optional/expired token", "silent/bounce/link from another site", "silent/prefetch/by its own page",
		"silent/origin/image in another site",
		"silent/origin/PUT/from another site", "silent/binding/expired token of the session", "silent/binding/no access cookie",

		"trusted/reissue", "trusted/PUT", "insecure/login",
	}
}

// Markdown returns the rows that clients need to know as a table in Markdown.
// It is what [Run] checks.
func Markdown() (string, error) {
	rows := make(map[string]row)
	for _, t := range tables() {
		for _, r := range t.rows {
			if _, again := rows[r.name]; again {
				return "", fmt.Errorf("facetest: two rows are called %q", r.name)
			}
			rows[r.name] = r
		}
	}
	var text strings.Builder
	text.WriteString("| case | request | answer |\n|---|---|---|\n")
	for _, name := range documented() {
		r, ok := rows[name]
		if !ok {
			return "", fmt.Errorf("facetest: no row is called %q", name)
		}
		fmt.Fprintf(&text, "| %s | %s | %s |\n", escape(name), cell(r.request.lines()), cell(r.answered()))
	}
	return text.String(), nil
}

// lines are what a reader needs to see of a request.
func (r Request) lines() []string {
	return append(append([]string{r.Method + " " + r.Path}, r.Header...), abridge(r.Body))
}

// answered are what a reader needs to see of the answer: not what all answers
// of the library have, and of an error only the code, but for the rows that
// are about errors.
func (r row) answered() []string {
	lines, body := []string{decimal(r.want.status)}, r.want.body
	application := strings.HasPrefix(r.request.Path, "/api/") && r.want.status < 300
	about := strings.HasPrefix(r.name, "error/") || strings.TrimSpace(body) == unsupportedGrantType
	if code := (Answer{Body: body}).Code(); code != "" && !about {
		lines[0] += " " + code
		body = ""
	}
	for _, line := range r.want.header {
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case value == "application/json", name == "Pragma", name == "Cache-Control" && value == "no-store" && !application:
		case name == "WWW-Authenticate" && !about:
		default:
			lines = append(lines, line)
		}
	}
	return append(lines, abridge(body))
}

// abridge cuts a text that is only there to be long.
func abridge(text string) string {
	const most = 800
	text = strings.TrimSpace(text)
	if len(text) > most {
		return text[:20] + "…"
	}
	return text
}

func cell(lines []string) string {
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	for i, line := range lines {
		lines[i] = "`" + escape(line) + "`"
	}
	return strings.Join(lines, "<br>")
}

// escape keeps a text in its cell.
func escape(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
