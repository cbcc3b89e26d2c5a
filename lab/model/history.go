package model

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// settings are the fields of [core.Config] that decide how sessions go.
type settings struct {
	AccessTTL   time.Duration
	IdleTTL     time.Duration
	SessionTTL  time.Duration
	ReuseGrace  time.Duration
	MaxSessions int
	OnLimit     core.LimitPolicy
	Leeway      time.Duration
	Revocation  core.RevocationPolicy
}

// history is what happens to one store. It means the same each time: what it
// says of sessions and tokens is by their order, not by their names.
type history struct {
	Settings settings
	Ops      []op
}

// op is one operation. One that there is nothing for, as a logout before the
// first login, does nothing, so that any part of a history is a history.
type op struct {
	Do      action
	User    int           // of two
	Session int           // 0: of the last login that was answered, 1: of the one before
	Back    int           // 0: the newest token that was answered, 1: the one before it
	Key     int           // the Idempotency-Key of a reissue, 0: none
	Access  bool          // a logout shows the access token
	Keep    bool          // a revoke-all keeps the session
	Fault   fault         // how the call fares
	Until   moment        // the clock moves to it, and on by For
	For     time.Duration // how far the clock moves, or how long a block lasts (0: for ever)
}

// The values of the types below are their own names, for printing.
type (
	action string
	fault  string
	moment string
)

const (
	login       action = "login"
	reissue     action = "reissue"
	logout      action = "logout"
	revoke      action = "revoke"
	revokeAll   action = "revokeAll"
	block       action = "block"
	unblock     action = "unblock"
	blacklist   action = "blacklist"
	refresh     action = "refresh" // of the user's claims
	wait        action = "wait"
	repeat      action = "repeat"      // a call of the store arrives again, or late: the last, or one before it
	save        action = "save"        // of the store's state
	restore     action = "restore"     // of what was saved: later writes are lost
	markBlocked action = "markBlocked" // a block of which only the mark is left
)

const (
	twice     fault = "twice"     // the driver loses the answer and runs the call again
	crash     fault = "crash"     // the store commits, then the process gets an error
	unreached fault = "unreached" // the process gets an error and the store nothing
	unheard   fault = "unheard"   // the client never gets the answer
	wrongSeed fault = "wrongSeed" // the token is signed by whoever stole the key
)

const (
	windowEnd  moment = "windowEnd"
	accessEnd  moment = "accessEnd"
	idleEnd    moment = "idleEnd"
	sessionEnd moment = "sessionEnd"
	recordEnd  moment = "recordEnd"
	blockEnd   moment = "blockEnd"
)

// GoString returns the history as an entry of the table of regressions.
func (h history) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n\tname: \"…\",\n\thistory: history{settings%s, []op{\n", fields(reflect.ValueOf(h.Settings)))
	for _, o := range h.Ops {
		fmt.Fprintf(&b, "\t\t%v,\n", o)
	}
	b.WriteString("\t}},\n},\n")
	return b.String()
}

// String returns the operation as Go code.
func (o op) String() string { return fields(reflect.ValueOf(o)) }

// fields returns the fields of a struct that are set, as Go code.
func fields(v reflect.Value) string {
	var set []string
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			name := v.Type().Field(i).Name
			text := literal(f.Interface())
			switch d, ok := f.Interface().(time.Duration); {
			case !ok:
			case name == "ReuseGrace" && d == core.Strict:
				text = "core.Strict"
			case d == core.NoLimit:
				text = "core.NoLimit"
			}
			set = append(set, name+": "+text)
		}
	}
	return "{" + strings.Join(set, ", ") + "}"
}

func literal(v any) string {
	switch v := v.(type) {
	case time.Duration:
		for _, unit := range []struct {
			d    time.Duration
			name string
		}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}} {
			if v%unit.d == 0 {
				return fmt.Sprintf("%d * time.%s", v/unit.d, unit.name)
			}
		}
		return fmt.Sprint(int64(v))
	case core.LimitPolicy:
		return [...]string{"core.EvictIdlest", "core.RejectNew"}[v]
	case core.RevocationPolicy:
		return [...]string{"core.Blacklist", "core.SessionRecord", "core.InsecureNone"}[v]
	}
	return fmt.Sprint(v)
}
