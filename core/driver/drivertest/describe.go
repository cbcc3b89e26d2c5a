package drivertest

import (
	"fmt"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// describe shows a request and when it was made, for the message of a case
// that fails. Ids are cut to four bytes: enough to tell them apart.
func (e *env) describe(request any) string {
	var text string
	switch r := request.(type) {
	case driver.CreateRequest:
		text = fmt.Sprintf("Create(%q, session %.4s, AccessTTL %v, IdleTTL %s, SessionTTL %s, MaxSessions %d, OnLimit %s)",
			r.Subject, r.SessionID, r.AccessTTL, ttl(r.IdleTTL), ttl(r.SessionTTL), r.MaxSessions, policy(r.OnLimit))
	case driver.RotateRequest:
		grace := r.ReuseGrace.String()
		if r.ReuseGrace == driver.Strict {
			grace = "Strict"
		}
		text = fmt.Sprintf("Rotate(%q, session %.4s, generation %d, seed %x, operation %x, attempt %x, AccessTTL %v, ReuseGrace %s)",
			r.Subject, r.SessionID, r.Generation, r.SeedHash[:4], r.Operation[:4], r.Attempt[:4], r.AccessTTL, grace)
	case driver.EndRequest:
		seed := "none"
		if r.SeedHash != nil {
			seed = fmt.Sprintf("%x", r.SeedHash[:4])
		}
		text = fmt.Sprintf("End(%q, session %.4s, seed %s, operation %x, OnlyLive %v, AccessTTL %v, AccessExpiry %s)",
			r.Subject, r.SessionID, seed, r.Operation[:4], r.OnlyLive, r.AccessTTL, e.moment(r.AccessExpiry))
	case driver.EndAllRequest:
		text = fmt.Sprintf("EndAll(%q, operation %x, Keep %q)", r.Subject, r.Operation[:4], r.Keep)
	case driver.BlockRequest:
		text = fmt.Sprintf("Block(%q, operation %x, Until %s)", r.Subject, r.Operation[:4], e.moment(r.Until))
	case driver.DenyRequest:
		text = fmt.Sprintf("Deny(%q, session %.4s, generation %d, operation %x, ExpiresAt %s)",
			r.Subject, r.SessionID, r.Generation, r.Operation[:4], e.moment(r.ExpiresAt))
	case driver.RevokedRequest:
		text = fmt.Sprintf("Revoked(%q, session %.4s, generation %d, Session %v)",
			r.Subject, r.SessionID, r.Generation, r.Session)
	default:
		text = fmt.Sprintf("%+v", r)
	}
	return text + " at " + e.now()
}

func ttl(d time.Duration) string {
	if d == driver.NoLimit {
		return "NoLimit"
	}
	return d.String()
}

func policy(p driver.LimitPolicy) string {
	if p == driver.RejectNew {
		return "RejectNew"
	}
	return "EvictIdlest"
}

func createOutcome(o driver.CreateOutcome) string {
	switch o {
	case driver.Created:
		return "Created"
	case driver.CreateAtLimit:
		return "CreateAtLimit"
	case driver.CreateIsBlocked:
		return "CreateIsBlocked"
	}
	return fmt.Sprintf("outcome %d", int(o))
}

func endOutcome(o driver.EndOutcome) string {
	switch o {
	case driver.Ended:
		return "Ended"
	case driver.EndedEarlier:
		return "EndedEarlier"
	case driver.EndMissing:
		return "EndMissing"
	case driver.EndForged:
		return "EndForged"
	}
	return fmt.Sprintf("outcome %d", int(o))
}
