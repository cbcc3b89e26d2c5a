package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/core/driver"
)

// What a [Store] shares with the policy is declared in package driver, which only
// those who write a Store need to read.
type (
	Store       = driver.Store
	Session     = driver.Session
	Device      = driver.Device
	LimitPolicy = driver.LimitPolicy
	FieldError  = driver.FieldError
)

const (
	// NoLimit disables IdleTTL or SessionTTL. They cannot both be disabled.
	NoLimit = driver.NoLimit
	// Strict, as ReuseGrace, closes the window: a refresh token is accepted
	// once.
	Strict = driver.Strict
	// EvictIdlest, as OnLimit, ends the session that has gone longest without a
	// reissue.
	EvictIdlest = driver.EvictIdlest
	// RejectNew, as OnLimit, refuses the login with [ErrSessionLimit].
	RejectNew = driver.RejectNew
	// NoCache, as CacheSize, keeps no verified tokens.
	NoCache = -1
)

// RevocationPolicy says how an access check learns of a revocation.
type RevocationPolicy int

const (
	// Blacklist looks for the token on the blacklist; what is not there is
	// good.
	Blacklist RevocationPolicy = iota
	// SessionRecord looks at the session's record as well: a token without a
	// live session is refused, even if the store has lost its blacklist.
	SessionRecord
	// InsecureNone checks nothing: a revoked access token is accepted until
	// it expires. It is for services that cannot reach the store and can
	// wait AccessTTL for a logout to arrive.
	InsecureNone
)

// FailurePolicy says what an access check does when the store fails.
type FailurePolicy int

const (
	// FailClosed answers [ErrUnavailable].
	FailClosed FailurePolicy = iota
	// FailOpen accepts the token and sends an event. A revoked token is then
	// good for as long as the store is away. It concerns access checks only:
	// a reissue always fails closed.
	FailOpen
)

// Config is the configuration of an [Authority]. Issuer, Audience, Keys and
// Store are required; the zero value of any other field means its default.
type Config struct {
	// Issuer names who issues the tokens, as the iss claim (RFC 7519, section
	// 4.1.1). Tokens of another issuer are refused.
	Issuer string

	// Audience names for whom access tokens are, as the aud claim (RFC 7519,
	// section 4.1.3). A token is accepted if it names one of them.
	Audience []string

	// Keys sign and verify access tokens. The first signs, all verify. If the
	// first is a public key all must be, and the Authority only verifies.
	Keys []Key

	// RefreshKeys sign and verify refresh tokens. The default derives one
	// from each HMAC key in Keys by HKDF (RFC 5869). With asymmetric Keys
	// they are required, because whoever verifies access tokens should not be
	// able to touch refresh tokens. Usually each is an HMAC key.
	RefreshKeys []Key

	// Store keeps the sessions and the blacklist.
	Store Store

	// AccessTTL is the life of an access token, which never outlives its
	// session's absolute end. Default 10 minutes, at least 1 second.
	AccessTTL time.Duration

	// IdleTTL is how long a session may go without a reissue before it ends.
	// Default 7 days, at least 1 second, NoLimit for none. It is capped by
	// SessionTTL. An access token issued before lives on to its own expiry.
	IdleTTL time.Duration

	// SessionTTL is the maximum lifetime of a session, measured from login,
	// however often it is reissued. Default 30 days, at least 1 second, NoLimit
	// for a login that lasts as long as it is used.
	SessionTTL time.Duration

	// ReuseGrace is how long after a reissue the refresh token that was used
	// gets the same new pair again, for racing tabs and lost answers. Later
	// it is proof of theft and ends the session. Default 30 seconds, from 1
	// millisecond to 2 minutes, Strict for none.
	ReuseGrace time.Duration

	// MaxSessions is how many live sessions a user has at most. Default 100,
	// 1 to 1000. With 1 a second login ends the first or is refused, as
	// OnLimit says.
	MaxSessions int

	// OnLimit says what a login over MaxSessions does. Default EvictIdlest.
	OnLimit LimitPolicy

	// Leeway is by how much a token may have expired, for clocks that differ.
	// Default 0, at most 1 minute.
	Leeway time.Duration

	// LoadClaims returns a user's custom claims, for example fresh roles, as
	// a value that marshals to a JSON object. Access tokens carry them beside
	// those of the session (Login.Claims); on equal names the loaded ones win.
	// The request's Session decodes those of the session. It is called at each
	// login and each reissue, before anything is changed:
	// an error, a panic, more than 3 seconds or a reserved name make it an
	// [ErrUnavailable] that costs the user nothing, 503 over HTTP. [ErrUserGone]
	// ends all of the user's sessions; to end one, call Revoke. It must heed its context. Claims that leave no room
	// in a token of 4 KiB are an error of the application's. By default access
	// tokens carry the session's claims alone.
	LoadClaims func(context.Context, ClaimsRequest) (any, error)

	// Revocation says how an access check learns of a revocation. Default
	// Blacklist.
	Revocation RevocationPolicy

	// OnStoreFailure says what an access check does when the store fails.
	// Default FailClosed.
	OnStoreFailure FailurePolicy

	// CacheSize is how many bytes of memory verified access tokens may take,
	// so that a token is parsed and its signature checked once; its expiry
	// and the blacklist are checked each time. Default 16 MiB, about 13 000
	// tokens; from 16 KiB to 64 GiB, or NoCache for none.
	CacheSize int

	// BindAccessToken accepts a reissue only with an access token of the same
	// session, expired or not ([WithAccessToken]).
	BindAccessToken bool

	// OnEvent is called with each event, on the goroutine of the request and
	// before its answer. A panic makes the request an [ErrInternal].
	OnEvent func(context.Context, Event)

	// Logger receives each event at its level. Default slog.Default().
	Logger *slog.Logger

	// Now is the clock by which tokens expire and events are dated, for
	// tests; the Store has its own. Default time.Now.
	Now func() time.Time
}

const (
	maxName       = 256 // bytes of an issuer, an audience or a subject
	maxSessions   = 1000
	maxReuseGrace = 2 * time.Minute
	maxLeeway     = driver.DenialMargin - time.Minute
	minCacheSize  = 16 << 10                 // bytes
	maxCacheSize  = min(64<<30, math.MaxInt) // an int has 32 bits on some systems
)

// fieldErrors collects faults.
type fieldErrors []error

// refuse notes a value that is not allowed.
func (f *fieldErrors) refuse(field string, value any, allowed string) {
	*f = append(*f, &FieldError{Package: "core", Field: field, Problem: fmt.Sprintf("is %v", value), Allowed: allowed})
}

// name notes what checkName says of a name.
func (f *fieldErrors) name(field string, err error) {
	*f = append(*f, &FieldError{Package: "core", Field: field, Problem: err.Error(), Allowed: fmt.Sprintf("UTF-8 of 1 to %d bytes", maxName)})
}

// fault notes any other fault.
func (f *fieldErrors) fault(field, problem string) {
	*f = append(*f, &FieldError{Package: "core", Field: field, Problem: problem})
}

// withDefaults fills in the defaults and reports every fault.
func (c Config) withDefaults() (Config, error) {
	var f fieldErrors
	if err := checkName(c.Issuer); err != nil {
		f.name("Config.Issuer", err)
	}
	if len(c.Audience) == 0 {
		f.fault("Config.Audience", "is empty")
	}
	for i, a := range c.Audience {
		if err := checkName(a); err != nil {
			f.name(fmt.Sprintf("Config.Audience[%d]", i), err)
		}
	}
	if c.Store == nil {
		f.fault("Config.Store", "is nil")
	}

	c.Audience = slices.Clone(c.Audience)
	defaultTo(&c.AccessTTL, 10*time.Minute)
	defaultTo(&c.IdleTTL, 7*24*time.Hour)
	defaultTo(&c.SessionTTL, 30*24*time.Hour)
	defaultTo(&c.ReuseGrace, 30*time.Second)
	defaultTo(&c.MaxSessions, 100)
	defaultTo(&c.CacheSize, 16<<20)
	if c.AccessTTL == NoLimit {
		f.fault("Config.AccessTTL", "is NoLimit: an access token must expire")
	} else if c.AccessTTL < time.Second {
		f.refuse("Config.AccessTTL", c.AccessTTL, "1s or more")
	}
	f = append(f, checkLifetime("Config.", c.IdleTTL, c.SessionTTL)...)
	if c.ReuseGrace != Strict && (c.ReuseGrace < time.Millisecond || c.ReuseGrace > maxReuseGrace) {
		f.refuse("Config.ReuseGrace", c.ReuseGrace, fmt.Sprintf("Strict or from 1ms to %v", maxReuseGrace))
	}
	if c.MaxSessions < 1 || c.MaxSessions > maxSessions {
		f.refuse("Config.MaxSessions", c.MaxSessions, fmt.Sprintf("from 1 to %d", maxSessions))
	}
	if c.Leeway < 0 || c.Leeway > maxLeeway {
		f.refuse("Config.Leeway", c.Leeway, fmt.Sprintf("from 0 to %v", maxLeeway))
	}
	if c.CacheSize != NoCache && (c.CacheSize < minCacheSize || c.CacheSize > maxCacheSize) {
		f.refuse("Config.CacheSize", c.CacheSize, fmt.Sprintf("NoCache or from %d to %d", minCacheSize, maxCacheSize))
		c.CacheSize = NoCache // New goes on to check the keys
	}
	if c.OnLimit != EvictIdlest && c.OnLimit != RejectNew {
		f.fault("Config.OnLimit", fmt.Sprintf("has the unknown value %d", c.OnLimit))
	}
	if c.Revocation < Blacklist || c.Revocation > InsecureNone {
		f.fault("Config.Revocation", fmt.Sprintf("has the unknown value %d", c.Revocation))
	}
	if c.OnStoreFailure != FailClosed && c.OnStoreFailure != FailOpen {
		f.fault("Config.OnStoreFailure", fmt.Sprintf("has the unknown value %d", c.OnStoreFailure))
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, errors.Join(f...)
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// checkLifetime checks the two ends of a session against each other.
func checkLifetime(of string, idle, session time.Duration) (f fieldErrors) {
	const allowed = "NoLimit or 1s or more"
	if idle < time.Second {
		f.refuse(of+"IdleTTL", idle, allowed)
	}
	if session < time.Second {
		f.refuse(of+"SessionTTL", session, allowed)
	}
	if idle == NoLimit && session == NoLimit {
		f.fault(of+"IdleTTL", "and SessionTTL are both NoLimit: the session would never end")
	}
	return f
}

// checkName checks an issuer, an audience or a subject. Control characters do
// no harm, because JSON, Redis and the log each quote them; bytes that are not
// UTF-8 would make two names one.
func checkName(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > maxName:
		return fmt.Errorf("has %d bytes, it may have %d", len(s), maxName)
	case !utf8.ValidString(s):
		return errors.New("is not valid UTF-8")
	}
	return nil
}
