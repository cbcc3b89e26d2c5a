package main

import (
	"context"
	"slices"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ratchetauth/ratchet/core"
)

// claims are the application's own claims in an access token.
type claims struct {
	Roles []string `json:"roles"`
}

// isAdmin reports whether an access token is an administrator's.
func isAdmin(token *core.Claims) bool {
	custom, err := core.ClaimsAs[claims](token)
	return err == nil && slices.Contains(custom.Roles, "admin")
}

// users stands for the application's database: the library knows no users.
type users map[string]struct{ hash, role string }

func newUsers() users {
	return users{
		"alice": {"$2a$10$vuym3CNjLMWjEvFB3/1XKu6XSuXHWMi0PEhPVUtUdseZ1w8eiEf.i", "user"},  // wonderland
		"bob":   {"$2a$10$A7ks4jOshouORFKzJ5VOFugQ9Xu.BmG2vcCmu53AN0F6vOJ/nFdZ.", "user"},  // builder
		"admin": {"$2a$10$kjxS16iHHnABg5DroUbuqeMu2QUVUo./09qbSWk.rO5tOPl5H79bW", "admin"}, // correct-horse
	}
}

// authenticate reports whether the password is the user's. For a name that
// nobody has it takes as long, so that names cannot be guessed by the clock.
func (u users) authenticate(name, password string) bool {
	known, ok := u[name]
	if !ok {
		known.hash = "$2a$10$KjmmvFFI5NtdCcQF4jhLp.JvkxQ/dltK6X9BuXmL10DH54B/a2Hca" // was random and is forgotten
	}
	return bcrypt.CompareHashAndPassword([]byte(known.hash), []byte(password)) == nil && ok
}

// load is core.Config.LoadClaims: each login and each reissue gets the roles
// that the user has by then.
func (u users) load(_ context.Context, r core.ClaimsRequest) (any, error) {
	known, ok := u[r.Subject]
	if !ok {
		return nil, core.ErrUserGone
	}
	return claims{Roles: []string{known.role}}, nil
}

// profile is the answer of /api/me.
type profile struct {
	User      string    `json:"user"`
	Session   string    `json:"session"`
	Roles     []string  `json:"roles"`
	ExpiresAt time.Time `json:"expires_at"`
}

// profileOf returns what the access token alone says.
func profileOf(token *core.Claims) (profile, error) {
	custom, err := core.ClaimsAs[claims](token)
	return profile{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()}, err
}

// account is what administrators see of a user.
type account struct {
	Blocked  bool       `json:"blocked"`
	Until    *time.Time `json:"until"` // null for a block forever, and for none
	Sessions []session  `json:"sessions"`
}

type session struct {
	ID         string    `json:"id"`
	Current    bool      `json:"current"` // the administrator's own
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Device     device    `json:"device"`
	LastIP     string    `json:"last_ip,omitempty"` // of the last reissue, if it is not the device's
}

type device struct {
	Name      string `json:"name"`
	UserAgent string `json:"user_agent"`
	IP        string `json:"ip"`
}

// accountOf returns a user's account, whether or not somebody has the name.
func accountOf(ctx context.Context, a *core.Authority, user string, caller *core.Claims) (account, error) {
	until, blocked, err := a.BlockedUntil(ctx, user)
	if err != nil {
		return account{}, err
	}
	live, err := a.Sessions(ctx, user)
	if err != nil {
		return account{}, err
	}
	all := account{Blocked: blocked, Sessions: make([]session, len(live))}
	if !until.IsZero() {
		all.Until = &until
	}
	for i, s := range live {
		all.Sessions[i] = session{s.ID, s.ID == caller.SessionID(), second(s.CreatedAt), second(s.LastUsedAt), second(s.ExpiresAt), device(s.Device), s.LastIP}
	}
	return all, nil
}

// second returns a time as /auth/sessions has it.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
