package drivertest

import (
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// newRequest returns the request of a login of the subject.
func (e *env) newRequest(subject string) driver.CreateRequest {
	return driver.CreateRequest{
		Subject:     subject,
		SessionID:   newSessionID(),
		SeedHash:    newSeedHash(),
		Device:      driver.Device{Name: "Laptop", UserAgent: "Browser/1.0", IP: "192.0.2.1"},
		AccessTTL:   accessTTL,
		IdleTTL:     idleTTL,
		SessionTTL:  sessionTTL,
		MaxSessions: 100,
	}
}

// session is a login as its client knows it.
type session struct {
	*env
	request driver.CreateRequest
	created driver.CreateResult

	// accessTTL and grace are those of the session's further requests.
	accessTTL time.Duration
	grace     time.Duration
}

// start creates the session of a request.
func (e *env) start(r driver.CreateRequest) *session {
	e.Helper()
	s := e.unstarted(r)
	s.created = e.create(r, driver.Created)
	return s
}

// unstarted returns the session that the request would create.
func (e *env) unstarted(r driver.CreateRequest) *session {
	return &session{env: e, request: r, accessTTL: r.AccessTTL, grace: reuseGrace}
}

// login creates a session like any other.
func (e *env) login(subject string) *session {
	e.Helper()
	return e.start(e.newRequest(subject))
}

func (s *session) id() string      { return s.request.SessionID }
func (s *session) subject() string { return s.request.Subject }

// rotation returns the request of a new attempt to reissue with the session's
// refresh token of the generation.
func (s *session) rotation(generation int64) driver.RotateRequest {
	return driver.RotateRequest{
		Operation:  newID(),
		Attempt:    newID(),
		Subject:    s.subject(),
		SessionID:  s.id(),
		SeedHash:   s.request.SeedHash,
		Generation: generation,
		AccessTTL:  s.accessTTL,
		ReuseGrace: s.grace,
	}
}

// present makes a new attempt with the refresh token of the generation.
func (s *session) present(generation int64, want driver.Outcome) driver.RotateResult {
	s.Helper()
	return s.rotate(s.rotation(generation), want)
}

// ending returns the request of a logout.
func (s *session) ending() driver.EndRequest {
	return driver.EndRequest{Operation: newID(), Subject: s.subject(), SessionID: s.id(), AccessTTL: s.accessTTL}
}

// endingAll returns the request to end all of the subject's sessions.
func endingAll(subject string, keep ...string) driver.EndAllRequest {
	return driver.EndAllRequest{Operation: newID(), Subject: subject, Keep: keep}
}

// blocking returns the request to block the subject, forever if until is zero.
func blocking(subject string, until time.Time) driver.BlockRequest {
	return driver.BlockRequest{Operation: newID(), Subject: subject, Until: until}
}

// denying returns the request to revoke the session's access tokens of one
// generation, of which the last expires at a time.
func (s *session) denying(generation int64, expires time.Time) driver.DenyRequest {
	return driver.DenyRequest{
		Operation: newID(), Subject: s.subject(), SessionID: s.id(),
		Generation: generation, ExpiresAt: expires,
	}
}

// wantRevoked wants an answer for access tokens of the generations, from the
// blacklist alone.
func (s *session) wantRevoked(want bool, generations ...int64) {
	s.Helper()
	for _, g := range generations {
		s.check(driver.RevokedRequest{Subject: s.subject(), SessionID: s.id(), Generation: g}, want)
	}
}

// wantRecord wants an answer for an access token of the generation, from the
// session's record as well.
func (s *session) wantRecord(revoked bool, generation int64) {
	s.Helper()
	s.check(driver.RevokedRequest{Subject: s.subject(), SessionID: s.id(), Generation: generation, Session: true}, revoked)
}

// advanceToEnd moves the clock to the last moment before what is to end then,
// and makes changes, with which a store may remove what has expired.
func (s *session) advanceToEnd(end time.Time) {
	s.Helper()
	s.advanceTo(end.Add(-time.Millisecond))
	s.unblock(s.subject())
	other := s.denying(0, s.clock.Now().Add(accessTTL))
	other.SessionID = newSessionID()
	s.deny(other)
}

// listed returns the session as its subject's list shows it.
func (s *session) listed() (driver.Session, bool) {
	s.Helper()
	list := s.list(s.subject())
	i := slices.IndexFunc(list, func(x driver.Session) bool { return x.ID == s.id() })
	if i < 0 {
		return driver.Session{}, false
	}
	return list[i], true
}

// wantLive wants the session to be alive, at a generation whose access token
// is good.
func (s *session) wantLive(generation int64) {
	s.Helper()
	s.wantRevoked(false, generation)
	s.wantRecord(false, generation)
	got, ok := s.listed()
	if !ok {
		s.Fatalf("session %.4s is not in the list at %s", s.id(), s.now())
	}
	if got.Generation != generation {
		s.Fatalf("session %.4s at %s: generation = %d, want %d", s.id(), s.now(), got.Generation, generation)
	}
}

// wantDead wants nothing of the session to be left: no access token of any
// generation, no refresh token, no place in the list.
func (s *session) wantDead() {
	s.Helper()
	s.wantRevoked(true, 0, 1, 2, 3, 1000, maxGeneration)
	s.wantRecord(true, 0)
	if _, ok := s.listed(); ok {
		s.Fatalf("session %.4s is in the list at %s", s.id(), s.now())
	}
	for g := range int64(4) {
		s.present(g, driver.Revoked)
	}
}
