package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// windowCases are about ReuseGrace: racing tabs and lost answers get the same
// pair, for a time that nothing prolongs.
func windowCases() []testCase {
	return []testCase{
		{
			name: "replayed",
			rule: "the parent presented within ReuseGrace of the rotation gets the same pair",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(time.Minute)
				first := s.present(0, driver.Rotated)
				e.clock.Advance(reuseGrace / 2)
				got := s.present(0, driver.Replayed)
				e.wantPair("the replay", got, first)
				if got.Distance != 1 || got.Age != reuseGrace/2 {
					e.Fatalf("distance, age = %d, %v, want 1, %v", got.Distance, got.Age, reuseGrace/2)
				}
				s.wantLive(1)
				s.present(1, driver.Rotated)
			},
		},
		{
			name: "edge",
			rule: "the window includes the moment ReuseGrace after the rotation and no later one",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				e.clock.Advance(reuseGrace)
				s.present(0, driver.Replayed)
				e.clock.Advance(time.Millisecond)
				got := s.present(0, driver.Reuse)
				if got.Distance != 1 || got.Age != reuseGrace+time.Millisecond {
					e.Fatalf("distance, age = %d, %v, want 1, %v", got.Distance, got.Age, reuseGrace+time.Millisecond)
				}
				s.wantDead()
			},
		},
		{
			name: "clock set back",
			rule: "a clock that is set back by a little spares racing tabs, by more it does not hold the window open",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(time.Hour)
				first := s.present(0, driver.Rotated)
				e.clock.SetBack(reuseGrace)
				e.wantPair("a replay", s.present(0, driver.Replayed), first)
				e.clock.SetBack(time.Millisecond)
				s.present(0, driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "does not slide",
			rule: "the window opens at the rotation: a thief who polls every 9 s is found once 10 s have passed",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.grace = 10 * time.Second
				s.present(0, driver.Rotated)
				e.clock.Advance(9 * time.Second)
				s.present(0, driver.Replayed)
				e.clock.Advance(9 * time.Second)
				s.present(0, driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "opens at each rotation",
			rule: "each rotation opens a window for its own parent",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for g := range int64(4) {
					s.present(g, driver.Rotated)
					e.clock.Advance(reuseGrace)
					s.present(g, driver.Replayed)
				}
			},
		},
		{
			name: "closes when the child is used",
			rule: "the parent is refused within its window once the child has been used: it is the grandparent now",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				got := s.present(0, driver.Reuse)
				if got.Distance != 2 {
					e.Fatalf("distance = %d, want 2", got.Distance)
				}
				s.wantDead()
			},
		},
		{
			name: "replays extend nothing",
			rule: "two hundred replays move neither the generation nor the rotation time nor the idle end",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(time.Minute)
				first := s.present(0, driver.Rotated)
				before, _ := s.listed()
				for range 200 {
					e.clock.Advance(reuseGrace / 200)
					e.wantPair("a replay", s.present(0, driver.Replayed), first)
				}
				if after, _ := s.listed(); after != before {
					e.Fatalf("after 200 replays the session is %+v, want %+v", after, before)
				}
				e.advanceTo(first.IdleEnd)
				s.present(1, driver.Expired)
			},
		},
		{
			name: "strict",
			rule: "with Strict there is no window at all, not even at the moment of the rotation",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.grace = driver.Strict
				s.present(0, driver.Rotated)
				s.present(0, driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "is the request's",
			rule: "the window is the one of the request, so that a new configuration holds at once",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				e.clock.Advance(20 * time.Second)
				s.grace = 2 * time.Minute
				s.present(0, driver.Replayed)
				s.grace = 10 * time.Second
				s.present(0, driver.Reuse)
			},
		},
	}
}
