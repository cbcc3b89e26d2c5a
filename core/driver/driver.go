package driver

import (
	"context"
	"math"
	"time"
)

// DenialMargin is how long a denial outlives the last access token it denies:
// the greatest Leeway of a core.Config, which is a minute, and another minute by
// which the clock of a verifying process may lag behind the store's.
const DenialMargin = 2 * time.Minute

// RefreshMemory is for how long a store tells logins of a [Store.RefreshClaims]:
// longer than a login takes, and than the clocks of two servers differ, of which one
// takes over from the other.
const RefreshMemory = 3 * time.Minute

const (
	// NoLimit, as IdleTTL or SessionTTL, means that there is no such end.
	NoLimit time.Duration = math.MaxInt64
	// Strict, as ReuseGrace, means that there is no window.
	Strict time.Duration = -1
)

// LimitPolicy says what a login does when the user has MaxSessions sessions.
type LimitPolicy int

const (
	// EvictIdlest ends the session that has gone longest without a reissue.
	EvictIdlest LimitPolicy = iota
	// RejectNew refuses the login.
	RejectNew
)

// OperationID names one call of a mutating method. A driver may run the call
// twice when the answer to the first run was lost; the store recognises the
// second run by the id and answers what it answered the first time.
type OperationID [16]byte

// AttemptID names one attempt of a client to reissue. Retries of one attempt
// carry one id: see core.WithIdempotencyKey.
type AttemptID [16]byte

// SeedHash is the SHA-256 of a session's seed, the only secret-derived value
// that a store keeps.
type SeedHash [32]byte

// Store keeps sessions and the blacklist. core.MemoryStore and redisstore.Store
// implement it, and package drivertest checks any implementation.
//
// Each method but Sessions is atomic: it happens as a whole at one moment between
// call and return, in one order with all other methods for the same subject, even
// if it is called by several processes. Each is safe for concurrent use.
//
// What a method finds out is in its result, including refusals. An error means
// that the store itself failed, and then nothing is known about whether the
// operation happened. A mutating method run twice with the same request
// answers the second time what it answered the first, but that a rotation is
// then the [SameAttempt], with the same pair. A run of EndAll, Block or Unblock
// that changed nothing need not be remembered: it is as if only the second had
// been.
//
// Time is the store's own clock, to the millisecond. Deadlines are judged by
// the stored times. A record whose retention has passed ([DenialMargin] after
// the later of its end and its last access token's expiry) counts as missing,
// whether or not it has been removed.
type Store interface {
	// Create starts a session. It refuses a blocked subject. If the subject
	// has MaxSessions live sessions or more, it either refuses or first kills
	// those that have gone longest without a reissue, as OnLimit says. If very
	// many of the subject's sessions, a hundred or more, are past their end
	// and not yet missing, it may kill some of these as well, without naming
	// them.
	Create(context.Context, CreateRequest) (CreateResult, error)

	// Rotate moves a session to its next generation or finds out why not. The
	// rules are those of [Outcome], in that order.
	Rotate(context.Context, RotateRequest) (RotateResult, error)

	// End kills a session: its refresh token is dead and its SessionID is on
	// the blacklist until DenialMargin after its last access token's expiry.
	// The killed session stays as a tombstone until DenialMargin after the
	// later of that expiry and the kill.
	End(context.Context, EndRequest) (EndResult, error)

	// EndAll kills all of a subject's sessions but those in Keep.
	EndAll(context.Context, EndAllRequest) (EndAllResult, error)

	// Block kills all of a subject's sessions and refuses new ones until
	// Until, forever if Until is zero. It replaces an earlier block; with an
	// Until that has passed it kills and refuses nothing.
	Block(context.Context, BlockRequest) (EndAllResult, error)

	// Unblock lets the subject log in again. It revives nothing.
	Unblock(context.Context, UnblockRequest) error

	// Blocked tells whether the subject is blocked, and until when.
	Blocked(ctx context.Context, subject string) (BlockedResult, error)

	// Deny puts the access tokens of one generation of a session on the
	// blacklist until DenialMargin after the later of ExpiresAt and the
	// session's last access token's expiry.
	Deny(context.Context, DenyRequest) error

	// RefreshClaims puts the access tokens of each of the subject's sessions
	// that were not killed on the blacklist, those of its generation and of all
	// before, as Deny does, and notes the time of it for the claims of the next.
	// The sessions live on.
	RefreshClaims(context.Context, RefreshClaimsRequest) (RefreshClaimsResult, error)

	// Revoked tells whether an access token has been revoked: whether its
	// session or its generation is on the blacklist and, if the request asks
	// for the session, whether the session is not live. It is called with the
	// request's context and, unlike the other methods, with no deadline of the
	// Authority's: it bounds itself to about 2 seconds.
	Revoked(context.Context, RevokedRequest) (RevokedResult, error)

	// Sessions returns the subject's live sessions, the most recently
	// reissued first. It need not show them all at one moment: a session that
	// is live from the call to the return is in the list, one that was not
	// live at any time between is not, and each is there once, as it was at
	// some moment between. Without other calls for the subject at the same
	// time the list is exact.
	Sessions(ctx context.Context, subject string) ([]Session, error)

	// Ping returns an error if the store cannot be reached.
	Ping(context.Context) error
}

// CreateRequest is the request of [Store.Create]. The session id is the
// operation's id as well.
type CreateRequest struct {
	Subject     string
	SessionID   string
	SeedHash    SeedHash
	Device      Device
	AccessTTL   time.Duration
	IdleTTL     time.Duration // or NoLimit
	SessionTTL  time.Duration // or NoLimit
	MaxSessions int
	OnLimit     LimitPolicy
}

// CreateOutcome is what [Store.Create] found.
type CreateOutcome int

const (
	Created         CreateOutcome = iota + 1 // the session stands
	CreateAtLimit                            // refused, the subject has MaxSessions sessions
	CreateIsBlocked                          // refused, the subject is blocked
)

// CreateResult is the result of [Store.Create]. The times and the ids of the
// evicted sessions are set for [Created] only.
type CreateResult struct {
	Outcome    CreateOutcome
	CreatedAt  time.Time
	IdleEnd    time.Time // zero if there is none
	SessionEnd time.Time // zero if there is none
	Evicted    []string
	// SinceRefresh is the time since the subject's last [Store.RefreshClaims]
	// within [RefreshMemory], and otherwise [NoLimit].
	SinceRefresh time.Duration
}

// RotateRequest is the request of [Store.Rotate].
type RotateRequest struct {
	Operation  OperationID
	Attempt    AttemptID
	Subject    string
	SessionID  string
	SeedHash   SeedHash
	Generation int64 // of the refresh token presented
	AccessTTL  time.Duration
	ReuseGrace time.Duration // or Strict
	// IP is the address that the request came from, as Device has it; empty if
	// it is not known. [Rotated] and [Recovered] keep it as the session's LastIP.
	IP string
}

// RotateResult is the result of [Store.Rotate]. Fields other than Outcome,
// Distance and Age are set if the outcome issues tokens.
type RotateResult struct {
	Outcome    Outcome
	Generation int64     // of the tokens to issue
	IssuedAt   time.Time // the access token's: the rotation, or later if that token has expired
	IdleEnd    time.Time // zero if there is none
	SessionEnd time.Time // zero if there is none
	// Distance is the session's generation minus the token's before this
	// call, Age the time since the session's last rotation, for judging a
	// replay or a reuse.
	Distance int64
	Age      time.Duration
	// SinceRefresh is the time since the session's last [Store.RefreshClaims],
	// or NoLimit: claims that are older are not to be signed any more.
	SinceRefresh time.Duration
}

// EndRequest is the request of [Store.End].
type EndRequest struct {
	Operation OperationID
	Subject   string
	SessionID string
	// SeedHash, if set, must be the session's: a logout by refresh token
	// proves that the token is genuine.
	SeedHash *SeedHash
	// OnlyLive leaves alone all but a live session of the subject. Without
	// it a session whose record is gone is put on the blacklist all the same.
	OnlyLive bool
	// Generation is that of the token presented. One above the session's
	// proves that the store has lost writes.
	Generation int64
	// AccessTTL and AccessExpiry bound the life of access tokens where the
	// record is gone or has lost writes: until AccessExpiry or AccessTTL from
	// now, the later.
	AccessTTL    time.Duration
	AccessExpiry time.Time
}

// EndOutcome is what [Store.End] found.
type EndOutcome int

const (
	Ended        EndOutcome = iota + 1 // this operation killed the session
	EndedEarlier                       // the session had been killed before
	EndMissing                         // there is no record (or no live session)
	EndForged                          // the seed differs; nothing was done
)

// EndResult is the result of [Store.End].
type EndResult struct{ Outcome EndOutcome }

// EndAllRequest is the request of [Store.EndAll].
type EndAllRequest struct {
	Operation OperationID
	Subject   string
	Keep      []string // session ids
}

// EndAllResult is the result of [Store.EndAll] and [Store.Block]: the ids of
// the live sessions that were killed, in no order.
type EndAllResult struct{ Ended []string }

// BlockRequest is the request of [Store.Block].
type BlockRequest struct {
	Operation OperationID
	Subject   string
	Until     time.Time // zero: forever
}

// UnblockRequest is the request of [Store.Unblock].
type UnblockRequest struct {
	Operation OperationID
	Subject   string
}

// BlockedResult is the result of [Store.Blocked].
type BlockedResult struct {
	Blocked bool
	Until   time.Time // zero: forever, or not blocked
}

// DenyRequest is the request of [Store.Deny].
type DenyRequest struct {
	Operation  OperationID
	Subject    string
	SessionID  string
	Generation int64
	ExpiresAt  time.Time // the access token's
}

// RefreshClaimsRequest is the request of [Store.RefreshClaims].
type RefreshClaimsRequest struct {
	Operation OperationID
	Subject   string
}

// RefreshClaimsResult is the result of [Store.RefreshClaims]: the ids of the
// sessions whose access tokens it has denied, in no order.
type RefreshClaimsResult struct{ Sessions []string }

// RevokedRequest is the request of [Store.Revoked].
type RevokedRequest struct {
	Subject    string
	SessionID  string
	Generation int64
	Session    bool // ask for the session's record as well
}

// RevokedResult is the result of [Store.Revoked].
type RevokedResult struct{ Revoked bool }

// Device describes what a user logged in with. It is a label for the user to
// recognise, not evidence.
type Device struct {
	Name      string
	UserAgent string
	IP        string
}

// Session is a live login as lists show it.
type Session struct {
	ID         string
	Generation int64
	CreatedAt  time.Time
	LastUsedAt time.Time // the last reissue, the login if there was none
	ExpiresAt  time.Time // the sooner of the idle and the absolute end
	Device     Device
	LastIP     string // of the last reissue that had an address; empty if it is Device.IP
}
