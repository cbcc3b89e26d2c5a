package httpauth

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Renewal is what an answer owes to a silent reissue on the way.
type Renewal struct{ cookies []string }

// Keep has the header carry the new cookies, unless it sets others of their
// names, and keeps it from caches. The old refresh token is used up: a handler
// that drops the cookies would log the browser out.
func (n *Renewal) Keep(h http.Header) {
	NoStore(h)
	for _, line := range n.cookies {
		name, _, _ := strings.Cut(line, "=")
		if !slices.ContainsFunc(h["Set-Cookie"], func(l string) bool { return strings.HasPrefix(l, name+"=") }) {
			h["Set-Cookie"] = append(h["Set-Cookie"], line)
		}
	}
}

// onTheWay is what a silent reissue leaves to an endpoint behind it.
type onTheWay struct {
	auth      *Auth
	spent     time.Duration // of the time that the request may wait for the store
	presented string        // the refresh token that is used up
	tokens    core.Tokens
}

type onTheWayKey struct{}

func (o onTheWay) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, onTheWayKey{}, o)
}

// reissuedOnTheWay returns what a silent reissue of the request has left, if
// there was one.
func reissuedOnTheWay(r *http.Request) (onTheWay, bool) {
	o, ok := r.Context().Value(onTheWayKey{}).(onTheWay)
	return o, ok
}
