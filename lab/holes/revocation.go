package holes

import (
	"errors"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func revocationHoles() []hole {
	return []hole{
		{"blacklist_dodged_by_spelling", []string{
			"https://github.com/fabriziosalmi/secure-proxy-manager/pull/185",
			"https://github.com/OWASP/CheatSheetSeries/pull/2242",
			"https://github.com/golang-jwt/jwt/pull/259",
		}, blacklistDodgedBySpelling},
		{"rotation_dodged_by_spelling", []string{
			"https://github.com/fabriziosalmi/secure-proxy-manager/pull/185",
		}, rotationDodgedBySpelling},
		{"cached_whitelist", []string{
			"https://github.com/appleboy/gin-jwt/blob/v3.5.1/store/redis.go",
		}, cachedWhitelist},
		{"logout_leaves_the_access_token", []string{
			"https://github.com/appleboy/gin-jwt/issues/98",
			"https://github.com/ferriskey/ferriskey/pull/1232",
		}, logoutLeavesTheAccessToken},
		{"logout_reported_though_it_failed", []string{
			"https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go",
		}, logoutReportedThoughItFailed},
		{"reissue_survives_a_revocation", []string{
			"https://github.com/keycloak/keycloak/issues/51312",
		}, reissueSurvivesARevocation},
		{"window_revives_what_was_revoked", []string{
			"https://github.com/ayunis-core/ayunis-core/pull/1047",
		}, windowRevivesWhatWasRevoked},
		{"second_granular_valid_after", []string{
			"https://github.com/wazuh/wazuh/issues/35043",
			"https://github.com/GlycemicGPT/GlycemicGPT/pull/1006",
		}, secondGranularValidAfter},
		{"short_denial_ends_a_long_one", []string{
			"https://github.com/layerhq/express-jwt-blacklist/pull/9",
		}, shortDenialEndsALongOne},
		{"store_failure_looks_like_a_bad_token", []string{
			"https://github.com/appleboy/gin-jwt/blob/v3.5.1/store/redis.go",
		}, storeFailureLooksLikeABadToken},
	}
}

// blacklistDodgedBySpelling: secure-proxy-manager (GHSA-j5fj-8wxc-gvmj), and
// the way of the OWASP cheat sheet until 2026, keep the hash of a revoked
// token's text. Its bytes have other spellings, with bits of base64 that do not
// count, padding, line breaks or, with ES256, the signature's twin, and who was
// logged out goes on with one. Here what is on the blacklist is the session.
func blacklistDodgedBySpelling(f *fleet) {
	for name, sign := range map[string]func(*core.Config){"HS256": func(*core.Config) {}, "ES256": withES256(f)} {
		a := f.process(sign)
		pair := f.login(a)
		f.access(a, pair, nil) // and it is remembered
		if err := a.Logout(f.Context(), pair.AccessToken); err != nil {
			f.Fatal(err)
		}
		others := spellings(f, pair.AccessToken, name == "ES256")
		for _, token := range append(others, pair.AccessToken) {
			if c, err := a.Verify(f.Context(), token); err == nil {
				f.Errorf("%s: %v was accepted after the logout as %q", name, c, token)
			}
		}
	}
}

// rotationDodgedBySpelling: secure-proxy-manager knew used refresh tokens by
// their hash as well, so that one could be used once for each of its spellings.
func rotationDodgedBySpelling(f *fleet) {
	a := f.process(withGrace(core.Strict))
	used := f.login(a)
	newest := f.reissue(a, used)
	for _, token := range spellings(f, used.RefreshToken, false) {
		if _, err := a.Reissue(f.Context(), token); !errors.Is(err, core.ErrRefreshInvalid) {
			f.Errorf("Reissue of the spelling %q: got error %v, want %v", token, err, core.ErrRefreshInvalid)
		}
	}
	f.told("reuse", 0) // for what nobody signed nobody is logged out
	f.alive(a, newest)
}

// cachedWhitelist: gin-jwt reads its whitelist of refresh tokens through a
// cache in the process, of up to a minute, that hears of changes by itself. A
// token that one node has revoked is accepted by another until it has heard.
func cachedWhitelist(f *fleet) {
	here, there := f.process(), f.process()
	for range 50 {
		parent := f.login(here)
		pair := f.reissue(there, parent)
		f.access(there, pair, nil)
		f.reissue(there, parent) // the other node has just seen all of it
		if err := here.Logout(f.Context(), pair.RefreshToken); err != nil {
			f.Fatal(err)
		}
		f.dead(there, pair)
	}
}

// logoutLeavesTheAccessToken: with gin-jwt, and with FerrisKey, which wrote the
// session into each token and never looked at it, a logout ends the refresh
// token. Whoever has the access token goes on until it expires.
func logoutLeavesTheAccessToken(f *fleet) {
	a := f.process()
	first := f.login(a)
	second := f.reissue(a, first)
	if err := a.Logout(f.Context(), second.RefreshToken); err != nil {
		f.Fatal(err)
	}
	f.access(a, first, core.ErrTokenRevoked)
	f.dead(a, second)
}

// logoutReportedThoughItFailed: gin-jwt logs that Redis refused to delete the
// token, and answers that the user is logged out. The session lives.
func logoutReportedThoughItFailed(f *fleet) {
	store := &unreliable{Store: f.Store(), down: true}
	up, down := f.process(), f.processOn(store)
	pair := f.login(up)
	if err := down.Logout(f.Context(), pair.RefreshToken); !errors.Is(err, core.ErrUnavailable) {
		f.Errorf("Logout: got error %v, want %v", err, core.ErrUnavailable)
	}
	store.down = false
	if err := down.Logout(f.Context(), pair.RefreshToken); err != nil {
		f.Errorf("Logout, tried again: %v", err)
	}
	f.dead(up, pair)
}

// reissueSurvivesARevocation: Keycloak revokes a token without the lock under
// which it refreshes. A refresh in between mints tokens that survive.
func reissueSurvivesARevocation(f *fleet) {
	here, there := f.process(), f.process()
	for round := range 100 {
		parent := f.login(here)
		var child core.Tokens
		var reissued, ended error
		atOnce(2, func(i int) {
			if (i+round)%2 == 0 {
				child, reissued = here.Reissue(f.Context(), parent.RefreshToken)
			} else {
				ended = there.Logout(f.Context(), parent.AccessToken)
			}
		})
		if ended != nil {
			f.Fatal(ended)
		}
		if reissued == nil {
			f.dead(there, child)
		} else if !errors.Is(reissued, core.ErrRefreshInvalid) {
			f.Fatal(reissued)
		}
		f.dead(here, parent)
	}
}

// windowRevivesWhatWasRevoked: a review of ayunis-core found that its window
// asked when a token was used and not whether its family was revoked since: a
// retry within the window brought a session back that a logout had ended.
func windowRevivesWhatWasRevoked(f *fleet) {
	a := f.process()
	for _, end := range []func(core.Tokens) error{
		func(p core.Tokens) error { return a.Logout(f.Context(), p.AccessToken) },
		func(core.Tokens) error { _, err := a.RevokeAll(f.Context(), "alice"); return err },
	} {
		parent := f.login(a)
		child := f.reissue(a, parent)
		if err := end(child); err != nil {
			f.Fatal(err)
		}
		f.pass(time.Second)
		f.refused(a, parent)
		f.dead(a, child)
	}
}

// secondGranularValidAfter: Wazuh and GlycemicGPT revoke all of a user's tokens
// by a time in whole seconds, before which they must be issued. In the same
// second either a new login is refused, as with Wazuh, or an old token
// survives, as with GlycemicGPT.
func secondGranularValidAfter(f *fleet) {
	a := f.process()
	for range 3 {
		before := f.login(a)
		if _, err := a.RevokeAll(f.Context(), "alice"); err != nil {
			f.Fatal(err)
		}
		after := f.login(a)
		f.dead(a, before)
		f.alive(a, after)
		f.pass(time.Millisecond)
	}
}

// shortDenialEndsALongOne: express-jwt-blacklist kept a user's revoked tokens
// under one key, which lived as long as the one that was revoked last. With
// that, a token revoked earlier that lives longer was good again.
func shortDenialEndsALongOne(f *fleet) {
	long := f.process(func(c *core.Config) { c.AccessTTL = time.Hour })
	short := f.process(func(c *core.Config) { c.AccessTTL = time.Second })
	kept, once := f.login(long), f.login(short)
	moved := f.login(long)
	later := f.reissue(short, moved)
	for _, pair := range []core.Tokens{kept, once, later} {
		if err := short.Logout(f.Context(), pair.AccessToken); err != nil {
			f.Fatal(err)
		}
	}
	for range 9 {
		f.pass(6 * time.Minute)
		f.login(short) // with which a store may drop what it no longer needs
		f.access(short, kept, core.ErrTokenRevoked)
		f.access(short, moved, core.ErrTokenRevoked)
	}
}

// storeFailureLooksLikeABadToken: gin-jwt answers 401 when Redis does not, so
// that a second of it logs every client out.
func storeFailureLooksLikeABadToken(f *fleet) {
	store := &unreliable{Store: f.Store(), down: true}
	up, down := f.process(), f.processOn(store)
	pair := f.login(up)
	if _, err := down.Reissue(f.Context(), pair.RefreshToken); !errors.Is(err, core.ErrUnavailable) {
		f.Errorf("Reissue: got error %v, want %v", err, core.ErrUnavailable)
	}
	f.access(down, pair, core.ErrUnavailable)
	store.down = false
	f.alive(down, pair)
}
