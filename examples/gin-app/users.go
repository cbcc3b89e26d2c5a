package main

import (
	"context"
	"slices"

	"golang.org/x/crypto/bcrypt"

	"github.com/ratchetauth/ratchet/core"
)

// claims are the application's own claims in an access token.
type claims struct {
	Roles []string `json:"roles"`
}

func (c claims) has(role string) bool { return slices.Contains(c.Roles, role) }

// users stands for the application's database, by name: the library knows no
// users.
type users map[string]struct{ hash, role string }

func newUsers() users {
	return users{
		"alice":  {"$2a$10$vuym3CNjLMWjEvFB3/1XKu6XSuXHWMi0PEhPVUtUdseZ1w8eiEf.i", "user"},  // wonderland
		"bob":    {"$2a$10$A7ks4jOshouORFKzJ5VOFugQ9Xu.BmG2vcCmu53AN0F6vOJ/nFdZ.", "user"},  // builder
		"admin":  {"$2a$10$kjxS16iHHnABg5DroUbuqeMu2QUVUo./09qbSWk.rO5tOPl5H79bW", "admin"}, // correct-horse
		"nobody": {"$2a$10$KjmmvFFI5NtdCcQF4jhLp.JvkxQ/dltK6X9BuXmL10DH54B/a2Hca", ""},      // was random and is forgotten
	}
}

// authenticate reports whether the password is the user's. For a name that
// nobody has it takes as long, so that names cannot be guessed by the clock.
func (u users) authenticate(name, password string) bool {
	known, ok := u[name]
	if !ok {
		known = u["nobody"]
	}
	err := bcrypt.CompareHashAndPassword([]byte(known.hash), []byte(password))
	return ok && err == nil
}

// load is core.Config.LoadClaims: each login and each reissue gets the roles
// that the user has by then.
func (u users) load(_ context.Context, name string) (any, error) {
	known, ok := u[name]
	if !ok {
		return nil, core.ErrUserGone
	}
	return claims{Roles: []string{known.role}}, nil
}
