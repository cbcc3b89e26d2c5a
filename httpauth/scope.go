package httpauth

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// scopeError is [core.ErrInsufficientScope] for a scope or a role that a token
// lacks.
type scopeError struct{ scope string } // what the resource asks for, empty for a role

func (e *scopeError) Error() string {
	return fmt.Sprintf("%v: the token lacks %s", core.ErrInsufficientScope, cmp.Or(e.scope, "the role"))
}

func (e *scopeError) Unwrap() error { return core.ErrInsufficientScope }

// param returns the scope as a parameter of the challenge (RFC 6750, section 3).
func (e *scopeError) param() string {
	if e.scope == "" {
		return ""
	}
	return `, scope="` + quotable(e.scope) + `"`
}

// RequireRole refuses a request whose access token has none of the roles in its
// claim "roles", an array of strings. Nobody has one of no roles.
func (f *Face) RequireRole(r *http.Request, roles ...string) error {
	custom, err := ClaimsAs[struct {
		Roles []string `json:"roles"`
	}](r)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(custom.Roles, func(role string) bool { return slices.Contains(roles, role) }) {
		return &scopeError{}
	}
	return nil
}

// RequireScope refuses a request whose access token lacks one of the scopes in its
// claim "scope", a string of scopes divided by spaces (RFC 8693, section 4.2). No
// scopes let nobody pass, because an empty list is a mistake.
func (f *Face) RequireScope(r *http.Request, scopes ...string) error {
	custom, err := ClaimsAs[struct {
		Scope string `json:"scope"`
	}](r)
	if err != nil {
		return err
	}
	has := strings.Fields(custom.Scope)
	lacks := slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(has, scope) })
	if lacks || len(scopes) == 0 {
		return &scopeError{strings.Join(scopes, " ")}
	}
	return nil
}
