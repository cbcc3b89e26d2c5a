package fleet

import (
	"context"
	random "math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// logout ends a session. Its refresh token is refused at once.
func (u *user) logout(ctx context.Context, s *session) {
	a := u.ask(ctx, request{kind: "logout", method: http.MethodPost, path: "/auth/logout", token: s.AccessToken})
	if a.status != http.StatusOK {
		u.unexpected(ctx, "logout", a)
		return
	}
	u.bury(s, a.heard, "logout")
	u.expectDead(ctx, s, a.heard, "logout")
	u.tally.did("logout")
}

// logoutAll ends all sessions of the user.
func (u *user) logoutAll(ctx context.Context, s *session) {
	a := u.withAccess(ctx, s, request{kind: "logout-all", method: http.MethodPost, path: "/auth/logout-all"})
	if a.attempts > 1 {
		u.late = a.heard
	}
	all := slices.Clone(u.sessions)
	if a.status != http.StatusOK && a.code != "token_revoked" || len(all) == 0 {
		return
	}
	for _, each := range all {
		u.bury(each, a.heard, "logout of all")
	}
	u.expectDead(ctx, all[random.IntN(len(all))], a.heard, "logout of all")
	u.tally.did("logout of all")
}

// steal is what a thief does with a refresh token that its user has used: the
// session ends, the user's others do not.
func (u *user) steal(ctx context.Context, s *session) {
	old := slices.DeleteFunc(slices.Clone(s.used), func(t used) bool {
		return time.Since(t.at) < u.set.ReuseGrace+time.Second || u.weather.lossy(t.at)
	})
	if len(old) == 0 || u.weather.lossy(s.renewed) {
		return
	}
	stolen := *s
	stolen.RefreshToken = old[random.IntN(len(old))].token
	a := u.ask(ctx, reissueOf(&stolen))
	if a.code != "refresh_invalid" {
		if !u.weather.lossy(s.renewed) { // a failover may have come in between
			u.unexpected(ctx, "reissue with a used token", a)
		}
		return
	}
	u.bury(s, a.heard, "theft")
	u.expectDead(ctx, s, a.heard, "theft")
	u.tally.did("theft")
}

// bury drops a session that has ended and remembers its access token.
func (u *user) bury(s *session, at time.Time, why string) {
	u.drop(s)
	u.graves = append(u.graves, grave{token: s.AccessToken, since: at, until: s.latest, why: why})
}

// expectDead checks that the refresh token of an ended session is refused.
func (u *user) expectDead(ctx context.Context, s *session, ended time.Time, why string) {
	a := u.ask(ctx, reissueOf(s))
	switch {
	case a.code == "refresh_invalid":
	case a.status == http.StatusOK && u.weather.lossy(ended):
		u.tally.lostTo("revocations")
	default:
		u.unexpected(ctx, "reissue after a "+why, a)
	}
}

// visit checks that a revoked access token is refused, by any process from the
// mirror's staleness on.
func (u *user) visit(ctx context.Context) {
	u.graves = slices.DeleteFunc(u.graves, func(g grave) bool { return time.Now().After(g.until) })
	ripe := slices.DeleteFunc(slices.Clone(u.graves), func(g grave) bool { return time.Since(g.since) < u.set.Staleness })
	if len(ripe) == 0 {
		return
	}
	g := ripe[random.IntN(len(ripe))]
	a := u.ask(ctx, request{kind: "refused access", method: http.MethodGet, path: "/api/me", token: g.token})
	switch {
	case a.code == "token_revoked" || a.code == "token_expired":
		u.tally.did("refused access")
	case a.status == http.StatusOK && u.weather.lossy(g.since):
		u.tally.lostTo("revocations")
	case a.status == http.StatusOK:
		u.tally.amiss("%s: an access token is accepted %v after a %s: %s", u.name, a.sent.Sub(g.since), g.why, tokenID(g.token))
	default:
		u.unexpected(ctx, "access after a "+g.why, a)
	}
}

// settle is the last thing that a user does: every session lives, and every
// token that must be refused is.
func (u *user) settle(ctx context.Context) {
	for _, s := range slices.Clone(u.sessions) {
		u.reissue(ctx, s, 1)
		if slices.Contains(u.sessions, s) {
			u.access(ctx, s)
		}
	}
	for range u.graves {
		u.visit(ctx)
	}
}
