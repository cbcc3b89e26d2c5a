package main

import (
	"context"
	"crypto/rand"
	"slices"

	"golang.org/x/crypto/bcrypt"

	"github.com/ratchetauth/ratchet/core"
)

// claims are the application's own claims in an access token.
type claims struct {
	Roles []string `json:"roles"`
}

func (c claims) has(role string) bool { return slices.Contains(c.Roles, role) }

// users stands for the application's database: the library knows no users. It
// does not change, so it needs no lock.
type users struct {
	byName map[string]user
	dummy  []byte // a hash that no password has
}

type user struct {
	hash  []byte
	roles []string
}

func newUsers() (*users, error) {
	u := &users{byName: make(map[string]user)}
	for _, demo := range []struct{ name, password, role string }{
		{"alice", "wonderland", "user"},
		{"bob", "builder", "user"},
		{"admin", "correct-horse", "admin"},
	} {
		hash, err := bcrypt.GenerateFromPassword([]byte(demo.password), bcrypt.DefaultCost)
		if err != nil {
			return nil, err
		}
		u.byName[demo.name] = user{hash: hash, roles: []string{demo.role}}
	}
	var err error
	u.dummy, err = bcrypt.GenerateFromPassword([]byte(rand.Text()), bcrypt.DefaultCost)
	return u, err
}

// authenticate reports whether the password is the user's. For a name that
// nobody has it takes as long, so that names cannot be guessed by the clock.
func (u *users) authenticate(name, password string) bool {
	known, ok := u.byName[name]
	if !ok {
		known.hash = u.dummy
	}
	err := bcrypt.CompareHashAndPassword(known.hash, []byte(password))
	return ok && err == nil
}

// load is core.Config.LoadClaims: each login and each reissue gets the roles
// that the user has by then.
func (u *users) load(_ context.Context, name string) (any, error) {
	known, ok := u.byName[name]
	if !ok {
		return nil, core.ErrUserGone
	}
	return claims{Roles: known.roles}, nil
}
