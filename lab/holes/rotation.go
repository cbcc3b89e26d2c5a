package holes

import (
	"errors"
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func rotationHoles() []hole {
	return []hole{
		{"grace_window_forks", []string{
			"https://github.com/VilnaCRM-Org/user-service/issues/474",
			"https://github.com/get-engram/engram/issues/446",
		}, graceWindowForks},
		{"window_slides", []string{
			"https://github.com/tymondesigns/jwt-auth/issues/1541",
			"https://github.com/supabase/auth/issues/1901",
			"https://github.com/SandeepVashishtha/Eventra/issues/17845",
		}, windowSlides},
		{"ancestor_inside_window", []string{
			"https://github.com/django-oauth/django-oauth-toolkit/pull/1777",
		}, ancestorInsideWindow},
		{"lock_step_thief", []string{
			"https://github.com/supabase/auth/pull/1278",
			"https://github.com/supabase/auth/issues/1901",
		}, lockStepThief},
		{"detection_lost_with_garbage_collection", []string{
			"https://github.com/django-oauth/django-oauth-toolkit/pull/1688",
			"https://github.com/keycloak/keycloak/issues/49426",
		}, detectionLostWithGarbageCollection},
		{"same_second_generations", []string{
			"https://github.com/keycloak/keycloak/issues/50999",
		}, sameSecondGenerations},
		{"parallel_reissues_all_succeed", []string{
			"https://github.com/keycloak/keycloak/issues/45647",
			"https://github.com/jazzband/djangorestframework-simplejwt/issues/985",
			"https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go",
		}, parallelReissuesAllSucceed},
		{"replay_leaves_the_session_alive", []string{
			"https://github.com/ory/hydra/issues/2022",
			"https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go",
		}, replayLeavesTheSessionAlive},
		{"timeout_burns_the_token", []string{
			"https://github.com/zitadel/zitadel/issues/9631",
			"https://github.com/element-hq/matrix-authentication-service/issues/2795",
		}, timeoutBurnsTheToken},
		{"driver_retry_looks_like_theft", []string{
			"https://github.com/redis/go-redis/issues/2339",
		}, driverRetryLooksLikeTheft},
		{"session_end_slides", []string{
			"https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go",
		}, sessionEndSlides},
	}
}

// graceWindowForks: VilnaCRM's user service and engram answered a token that
// came again within the window with a new token of its own chain. A thief who
// replays once within the window has a branch that is never compared with the
// victim's again, for as long as he likes. Here both hold the same child, so
// the second to use it shows the theft.
func graceWindowForks(f *fleet) {
	a := f.process()
	stolen := f.login(a)
	victim := f.reissue(a, stolen)
	f.pass(5 * time.Second)
	thief := f.reissue(a, stolen)
	if got, want := f.tokenID(a, thief), f.tokenID(a, victim); got != want {
		f.Errorf("the replay forked the chain: got %s, want %s", got, want)
	}
	victim = f.reissue(a, victim)
	f.pass(time.Minute)
	f.refused(a, thief)
	f.told("reuse", 1)
	f.dead(a, victim)
}

// windowSlides: tymon/jwt-auth moved the end of the window with each replay,
// Supabase Auth counts it from the last use, Eventra wrote its beginning anew.
// Whoever presents a used token every 9 seconds of a window of 10 gets fresh
// tokens from it for ever.
func windowSlides(f *fleet) {
	a := f.process(withGrace(10 * time.Second))
	stolen := f.login(a)
	child := f.reissue(a, stolen)
	f.pass(9 * time.Second)
	f.reissue(a, stolen)
	f.pass(9 * time.Second)
	f.refused(a, stolen)
	f.told("reuse", 1)
	f.dead(a, child)
}

// ancestorInsideWindow: Django OAuth Toolkit, its issue 1617, took any used
// token whose own window was open, however many rotations had come since. A
// thief with a token of some generations ago got a new pair, and nobody an
// alarm.
func ancestorInsideWindow(f *fleet) {
	a := f.process()
	grandparent := f.login(a)
	parent := f.reissue(a, grandparent)
	newest := f.reissue(a, parent)
	f.pass(time.Second)
	f.refused(a, grandparent)
	f.told("reuse", 1)
	f.dead(a, newest)
}

// lockStepThief: Supabase Auth always answers the parent of the newest token
// with the newest, without a limit of time, because its client may have lost
// the answer. A thief who presents each token some time after the victim stays
// one step behind her, and is never found.
func lockStepThief(f *fleet) {
	a := f.process()
	held := f.login(a)
	undetected := 0
	for range 100 {
		parent := held
		next, err := a.Reissue(f.Context(), parent.RefreshToken) // the victim
		if err != nil {
			break
		}
		held = next
		f.pass(5 * time.Minute)
		if _, err := a.Reissue(f.Context(), parent.RefreshToken); err != nil { // the thief
			break
		}
		undetected++
	}
	if undetected != 0 {
		f.Errorf("the thief went along undetected for %d rounds, want none", undetected)
	}
	f.told("reuse", 1)
	f.dead(a, held)
}

// detectionLostWithGarbageCollection: Django OAuth Toolkit's cleartokens
// removes used tokens once their window is over, and a replay is then of an
// unknown token; Keycloak (CVE-2026-9802) forgot after a restart which tokens
// it had rotated. A thief waits for that, and his replay kills nothing or even
// succeeds. Here the session's generation alone tells every ancestor, so
// neither time nor a restart hides one.
func detectionLostWithGarbageCollection(f *fleet) {
	a := f.process()
	stolen := f.login(a)
	newest := stolen
	for range 10 {
		f.pass(2 * 24 * time.Hour)
		newest = f.reissue(a, newest)
	}
	f.pass(5 * time.Minute)
	restarted := f.process()
	f.access(restarted, newest, nil)
	f.refused(restarted, stolen)
	f.told("reuse", 1)
	f.dead(restarted, newest)
}

// sameSecondGenerations: Keycloak told old refresh tokens from new ones by the
// second of their iat, so one that was rotated in the second of its issue could
// be used again. Here generations are counted.
func sameSecondGenerations(f *fleet) {
	a := f.process(withGrace(core.Strict))
	for used := range 2 {
		chain := []core.Tokens{f.login(a)}
		for range 2 {
			chain = append(chain, f.reissue(a, chain[len(chain)-1]))
		}
		f.refused(a, chain[used])
		f.told("reuse", 1)
		f.dead(a, chain[2])
	}
}

// parallelReissuesAllSucceed: Keycloak (CVE-2026-1035), Simple JWT and gin-jwt
// look whether a token is unused and mark it used in two steps. Of requests at
// once several or all pass between the two, and one stolen token becomes as
// many sessions. Here all get one child, in strict mode one gets it.
func parallelReissuesAllSucceed(f *fleet) {
	const racers = 64
	for _, grace := range []time.Duration{30 * time.Second, core.Strict} {
		both := []*core.Authority{f.process(withGrace(grace)), f.process(withGrace(grace))}
		parent := f.login(both[0])
		var mu sync.Mutex
		var won []core.Tokens
		atOnce(racers, func(i int) {
			pair, err := both[i%2].Reissue(f.Context(), parent.RefreshToken)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, pair)
			} else if grace != core.Strict || !errors.Is(err, core.ErrRefreshInvalid) {
				f.Errorf("Reissue: %v", err)
			}
		})
		if grace == core.Strict {
			if len(won) != 1 {
				f.Fatalf("strict: %d of %d succeeded, want 1", len(won), racers)
			}
			f.dead(both[0], won[0])
			continue
		}
		children := make(map[string]bool)
		for _, pair := range won {
			children[f.tokenID(both[0], pair)] = true
		}
		if len(won) != racers || len(children) != 1 {
			f.Fatalf("%d of %d succeeded with %d children, want all and one", len(won), racers, len(children))
		}
		f.alive(both[1], won[0])
	}
}

// replayLeavesTheSessionAlive: systems without reuse detection, as Ory Hydra
// was and gin-jwt is, refuse a used token and do nothing else. Where the thief
// was first, the victim is the one refused, and the thief's chain goes on.
func replayLeavesTheSessionAlive(f *fleet) {
	a := f.process()
	stolen, other := f.login(a), f.login(a)
	thief := f.reissue(a, stolen)
	f.pass(5 * time.Minute)
	f.refused(a, stolen) // the victim
	f.told("reuse", 1)
	f.dead(a, thief)
	f.alive(a, other)
}

// timeoutBurnsTheToken: with Zitadel, and with the Matrix Authentication
// Service before it kept the pair, an answer that is lost between the commit
// and the client logs the user out: the old token is used up, the new one never
// came.
func timeoutBurnsTheToken(f *fleet) {
	store := &unreliable{Store: f.Store()}
	a := f.processOn(store)
	for _, late := range []bool{false, true} {
		key := core.WithIdempotencyKey("one attempt")
		held := f.login(a)
		store.loseAnswers = 1
		if _, err := a.Reissue(f.Context(), held.RefreshToken, key); !errors.Is(err, core.ErrUnavailable) {
			f.Fatalf("Reissue: got error %v, want %v", err, core.ErrUnavailable)
		}
		if late {
			f.pass(24 * time.Hour)
			f.alive(a, f.reissue(a, held, key))
		} else {
			f.pass(10 * time.Second)
			f.alive(a, f.reissue(a, held))
		}
	}
	f.told("reuse", 0)
}

// driverRetryLooksLikeTheft: go-redis sends a command again when the
// connection breaks before the answer, though the server has run it. A
// rotation that runs twice presents its own parent again: a strict system
// kills the session of a user who did nothing.
func driverRetryLooksLikeTheft(f *fleet) {
	a := f.processOn(&unreliable{Store: f.Store(), runTwice: true}, withGrace(core.Strict))
	pair := f.login(a)
	for range 3 {
		pair = f.alive(a, pair)
	}
	f.told("reuse", 0)
}

// sessionEndSlides: gin-jwt counts the life of a session anew at each
// rotation, so who reissues in time, thief or user, never has to log in again.
func sessionEndSlides(f *fleet) {
	a := f.process()
	pair := f.login(a)
	for range 5 {
		f.pass(6*24*time.Hour - time.Minute)
		if next, err := a.Reissue(f.Context(), pair.RefreshToken); err == nil {
			pair = next
		} else {
			f.Fatalf("Reissue before the end: %v", err)
		}
	}
	f.pass(5 * time.Minute)
	f.refused(a, pair)
}
