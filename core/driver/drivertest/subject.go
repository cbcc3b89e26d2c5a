package drivertest

import (
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// subjectCases are about the names of users: any 1 to 256 bytes of UTF-8, two
// of which are one user only if they are the same bytes.
func subjectCases() []testCase {
	return []testCase{
		{
			name: "sessions",
			rule: "no two subjects see or end each other's sessions, whatever characters their names are made of",
			run: func(e *env) {
				var sessions []*session
				for _, subject := range e.hostile() {
					sessions = append(sessions, e.login(subject))
				}
				for _, s := range sessions {
					e.wantList(s.subject(), s)
					s.present(0, driver.Rotated)
					s.wantLive(1)
				}
				for _, s := range sessions {
					s.wantLive(1)
					e.endAll(endingAll(s.subject()), s.id())
					s.wantDead()
				}
			},
		},
		{
			name: "blocks",
			rule: "a block concerns one subject and none whose name looks alike",
			run: func(e *env) {
				subjects := e.hostile()
				for i, subject := range subjects {
					if i%2 == 0 {
						e.block(blocking(subject, time.Time{}))
					}
				}
				for i, subject := range subjects {
					want := driver.Created
					if i%2 == 0 {
						want = driver.CreateIsBlocked
					}
					e.create(e.newRequest(subject), want)
				}
				for i, subject := range subjects {
					if i%2 == 0 {
						e.unblock(subject)
						e.create(e.newRequest(subject), driver.Created)
					}
				}
			},
		},
		{
			name: "limits",
			rule: "the sessions of a subject whose name looks alike take no place",
			run: func(e *env) {
				for _, subject := range e.hostile() {
					s := e.loginAtLimit(subject, 1, driver.RejectNew)
					e.wantList(subject, s)
				}
			},
		},
	}
}

// hostile returns new subjects that differ from each other only in characters
// that mean something to keys, slots, patterns, scripts, logs or encodings.
func (e *env) hostile() []string {
	base := newSessionID()
	subjects := []string{
		base,
		base + " ", " " + base,
		base + ":", ":" + base, base + "::", base + ":session", base + ":*",
		"{" + base + "}", "{}" + base, "{" + base, base + "}", "}{" + base, "{x}" + base, "{y}" + base,
		base + "\r\n", base + "\n", base + "\r", "\n" + base,
		base + "\x00", "\x00" + base, base + "\x00\x00", base + "\x00x", base + "\x00y",
		base + `"`, base + "'", base + "`", base + `\`, base + `\\`, base + `\0`, base + `\n`, base + "%s", base + "%00",
		base + "*", base + "?", base + "[a]", base + "[^a]", "*" + base,
		base + "\u00e9", base + "e\u0301", // é, composed and not
		base + "A", base + "a", base + "ſ", base + "s", base + "\u202e", base + "\u200b", base + "日本語", base + "😀",
		base + "<&>", base + "$", base + ";", base + "/..", base + "\x1b[31m", base + "\x7f",
	}
	long := base + strings.Repeat("x", 256-len(base)-1)
	return append(subjects, long, long+"y", long+"z", long+"\x00", long[:254]+"é")
}
