package core_test

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/core/driver/drivertest"
)

func TestMemoryStore(t *testing.T) {
	drivertest.Run(t, func(_ testing.TB, now func() time.Time) core.Store {
		return core.NewMemoryStore(core.MemoryOptions{Now: now})
	})
}

// The row of the rotation that no sequence of calls reaches, and its place
// between its neighbours.
func TestMemoryStoreRefusesBlocked(t *testing.T) {
	m := newMemoryTest(t)
	live, killed, expired := m.login("alice", "live"), m.login("bob", "killed"), m.login("carol", "expired")
	m.rotate(live, 0, driver.Rotated)
	m.rotate(live, 1, driver.Rotated)
	m.rotate(killed, 0, driver.Rotated)
	m.end(killed)
	until := m.clock.Now().Add(time.Hour)
	for _, r := range []driver.CreateRequest{live, killed, expired} {
		m.store.BlockAlone(r.Subject, until)
	}
	for g := range int64(4) { // an ancestor, the parent, the newest, one ahead
		m.rotate(live, g, driver.Blocked)
	}
	m.rotate(killed, 1, driver.Revoked)
	forged := live
	forged.SeedHash[0] ^= 1
	m.rotate(forged, 2, driver.Forged)

	m.clock.Advance(time.Hour)
	m.rotate(live, 2, driver.Rotated) // none of it has killed the session

	m.clock.Advance(expired.IdleTTL - time.Hour)
	m.store.BlockAlone("carol", time.Time{})
	m.rotate(expired, 0, driver.Expired)
}

// Nothing is left once everything has expired and one more change is made.
func TestMemoryStoreForgets(t *testing.T) {
	m := newMemoryTest(t)
	for i := range 50 {
		user := "user" + strconv.Itoa(i)
		a, b := m.login(user, user+"a"), m.login(user, user+"b")
		m.create(driver.CreateRequest{Subject: user, SessionID: user + "evicts", AccessTTL: time.Hour,
			IdleTTL: core.NoLimit, SessionTTL: time.Hour, MaxSessions: 2})
		idle := m.create(driver.CreateRequest{Subject: user, SessionID: user + "idle", AccessTTL: time.Hour,
			IdleTTL: time.Minute, SessionTTL: core.NoLimit, MaxSessions: 1000})
		m.rotate(a, 0, driver.Revoked)
		m.rotate(b, 0, driver.Rotated)
		m.deny(b, 0)
		m.deny(b, 1)
		m.rotate(b, 1, driver.Rotated)
		switch i % 5 {
		case 0:
			m.end(idle)
		case 1:
			m.endAll(user)
		case 2:
			m.block(user, 24*time.Hour)
			m.block(user, time.Hour)
		case 3:
			m.rotate(b, 0, driver.Reuse)
		}
		lost := driver.CreateRequest{Subject: user, SessionID: user + "lost", AccessTTL: time.Minute}
		m.end(lost)
		m.deny(lost, 3)
		m.clock.Advance(time.Second)
	}
	if got := m.entries(); got < 500 {
		t.Fatalf("the store holds %d entries, the test means to make more", got)
	}
	m.clock.Advance(31 * 24 * time.Hour)
	m.touch()
	if got := m.entries(); got != 0 {
		t.Errorf("the store holds %d entries after all has expired, want 0", got)
	}
}

// What ends before its time is forgotten then, not when it would have expired:
// users who log in and out all day must not fill the memory.
func TestMemoryStoreForgetsWhatEndsEarly(t *testing.T) {
	const n = 500
	m := newMemoryTest(t)
	m.login("alice", "stays")
	before := m.entries()
	var sessions []driver.CreateRequest
	for i := range n {
		m.clock.Advance(time.Millisecond)
		sessions = append(sessions, m.login("bob", strconv.Itoa(i)))
	}
	for i := range n {
		user := "blocked" + strconv.Itoa(i)
		m.block(user, 365*24*time.Hour)
		m.unblock(user)
		m.deny(sessions[i], 0)
	}
	for _, kept := range []int{n / 2, 0} { // with access tokens left, and without
		for len(sessions) > kept {
			m.end(sessions[len(sessions)-1])
			sessions = sessions[:len(sessions)-1]
		}
		m.clock.Advance(time.Hour + driver.DenialMargin)
		m.touch()
	}
	if got := m.entries(); got != before {
		t.Errorf("with one live session left the store holds %d entries, want %d as with the first", got, before)
	}
}

// A record does not grow with its session's history, nor does what keeps track
// of expiries.
func TestMemoryStoreReissuesInPlace(t *testing.T) {
	m := newMemoryTest(t)
	r := m.login("alice", "session")
	before := m.entries()
	for g := range int64(10_000) {
		m.clock.Advance(4 * time.Minute) // 28 days in all
		m.rotate(r, g, driver.Rotated)
		m.rotate(r, g, driver.Replayed)
	}
	if got := m.entries(); got != before {
		t.Errorf("after 10000 reissues the store holds %d entries, want %d as after the login", got, before)
	}
}

func TestMemoryStoreReturnsCopies(t *testing.T) {
	m := newMemoryTest(t)
	r := m.login("alice", "first")
	r.SessionID, r.MaxSessions = "second", 1
	all := driver.EndAllRequest{Operation: driver.OperationID{1}, Subject: "alice"}
	for range 2 {
		created, err := m.store.Create(t.Context(), r)
		if err != nil || !slices.Equal(created.Evicted, []string{"first"}) {
			t.Fatalf("Create evicted %q, %v, want first", created.Evicted, err)
		}
		created.Evicted[0] = "changed"
	}
	for range 2 {
		ended, err := m.store.EndAll(t.Context(), all)
		if err != nil || !slices.Equal(ended.Ended, []string{"second"}) {
			t.Fatalf("EndAll ended %q, %v, want second", ended.Ended, err)
		}
		ended.Ended[0] = "changed"
	}
}

// The zero options mean the present time, and no goroutine is started: the
// bubble would wait for it.
func TestMemoryStoreZeroOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := core.NewMemoryStore(core.MemoryOptions{})
		got, err := store.Create(t.Context(), driver.CreateRequest{
			Subject: "alice", SessionID: "session", AccessTTL: time.Minute,
			IdleTTL: time.Hour, SessionTTL: core.NoLimit, MaxSessions: 1,
		})
		if err != nil || !got.CreatedAt.Equal(time.Now()) {
			t.Errorf("Create at %v = %v, %v", time.Now(), got.CreatedAt, err)
		}
		time.Sleep(time.Hour) // of the bubble's clock
		list, err := store.Sessions(t.Context(), "alice")
		if err != nil || len(list) != 0 {
			t.Errorf("after an hour Sessions = %v, %v, want none", list, err)
		}
	})
}

func TestMemoryStorePrintsNothing(t *testing.T) {
	m := newMemoryTest(t)
	m.login("alice", "session")
	for _, verb := range []string{"%v", "%+v", "%s"} {
		if got := fmt.Sprintf(verb, m.store); strings.Contains(got, "alice") || strings.Contains(got, "session") {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

// memoryTest is a MemoryStore with its clock. Its methods end the test if the
// store does not do what they say.
type memoryTest struct {
	*testing.T
	store      *core.MemoryStore
	clock      *drivertest.Clock
	operations uint64
}

func newMemoryTest(t *testing.T) *memoryTest {
	clock := drivertest.NewClock()
	return &memoryTest{T: t, store: core.NewMemoryStore(core.MemoryOptions{Now: clock.Now}), clock: clock}
}

func (m *memoryTest) operation() (id driver.OperationID) {
	m.operations++
	binary.BigEndian.PutUint64(id[:], m.operations)
	return id
}

func (m *memoryTest) create(r driver.CreateRequest) driver.CreateRequest {
	m.Helper()
	if got, err := m.store.Create(m.Context(), r); err != nil || got.Outcome != driver.Created {
		m.Fatalf("Create(%q, %q) = %v, %v", r.Subject, r.SessionID, got.Outcome, err)
	}
	return r
}

func (m *memoryTest) login(subject, id string) driver.CreateRequest {
	m.Helper()
	return m.create(driver.CreateRequest{Subject: subject, SessionID: id, AccessTTL: 10 * time.Minute,
		IdleTTL: 7 * 24 * time.Hour, SessionTTL: 30 * 24 * time.Hour, MaxSessions: 1000})
}

func (m *memoryTest) rotate(c driver.CreateRequest, generation int64, want driver.Outcome) {
	m.Helper()
	operation := m.operation()
	got, err := m.store.Rotate(m.Context(), driver.RotateRequest{
		Operation: operation, Attempt: driver.AttemptID(operation),
		Subject: c.Subject, SessionID: c.SessionID, SeedHash: c.SeedHash,
		Generation: generation, AccessTTL: c.AccessTTL, ReuseGrace: 30 * time.Second,
	})
	if err != nil || got.Outcome != want {
		m.Fatalf("Rotate(%q, generation %d) = %v, %v, want %v", c.SessionID, generation, got.Outcome, err, want)
	}
}

func (m *memoryTest) end(c driver.CreateRequest) {
	m.Helper()
	r := driver.EndRequest{Operation: m.operation(), Subject: c.Subject, SessionID: c.SessionID, AccessTTL: c.AccessTTL}
	if _, err := m.store.End(m.Context(), r); err != nil {
		m.Fatalf("End(%q): %v", c.SessionID, err)
	}
}

func (m *memoryTest) endAll(subject string) {
	m.Helper()
	if _, err := m.store.EndAll(m.Context(), driver.EndAllRequest{Operation: m.operation(), Subject: subject}); err != nil {
		m.Fatalf("EndAll(%q): %v", subject, err)
	}
}

func (m *memoryTest) block(subject string, d time.Duration) {
	m.Helper()
	r := driver.BlockRequest{Operation: m.operation(), Subject: subject, Until: m.clock.Now().Add(d)}
	if _, err := m.store.Block(m.Context(), r); err != nil {
		m.Fatalf("Block(%q): %v", subject, err)
	}
}

func (m *memoryTest) unblock(subject string) {
	m.Helper()
	if err := m.store.Unblock(m.Context(), driver.UnblockRequest{Operation: m.operation(), Subject: subject}); err != nil {
		m.Fatalf("Unblock(%q): %v", subject, err)
	}
}

func (m *memoryTest) deny(c driver.CreateRequest, generation int64) {
	m.Helper()
	r := driver.DenyRequest{Operation: m.operation(), Subject: c.Subject, SessionID: c.SessionID,
		Generation: generation, ExpiresAt: m.clock.Now().Add(time.Hour)}
	if err := m.store.Deny(m.Context(), r); err != nil {
		m.Fatalf("Deny(%q, generation %d): %v", c.SessionID, generation, err)
	}
}

// touch makes a change, with which the store may clean up.
func (m *memoryTest) touch() {
	m.Helper()
	if _, err := m.store.End(m.Context(), driver.EndRequest{Operation: m.operation(), Subject: "nobody", OnlyLive: true}); err != nil {
		m.Fatal(err)
	}
}

// entries counts what the store holds, in whatever maps and slices it has.
func (m *memoryTest) entries() int { return countEntries(reflect.ValueOf(m.store).Elem()) }

func countEntries(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		n = v.Len()
	case reflect.Struct:
		for i := range v.NumField() {
			n += countEntries(v.Field(i))
		}
	}
	return n
}
