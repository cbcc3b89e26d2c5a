// Package drivertest is the conformance suite that every [driver.Store] must
// pass. An implementation runs it from its own tests:
//
//	func TestStore(t *testing.T) {
//		drivertest.Run(t, func(t testing.TB, now func() time.Time) driver.Store {
//			return mystore.New(mystore.Options{Now: now})
//		})
//	}
//
// Each case checks one rule of the contract that the comments of [driver.Store]
// and [driver.Outcome] lay down, and prints the rule if it fails. One row is out
// of its reach, [driver.Blocked]: a block kills every session in the same step,
// so no sequence of calls leaves a live session of a blocked subject. Only a
// store that has lost writes can meet one.
package drivertest

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// Run runs the suite, each rule as a subtest of its own.
//
// newStore returns a store whose clock is now. It is called once a subtest and
// frees what the store holds with t.Cleanup. The stores may share their data:
// each subtest uses subjects and sessions of its own, with random names. The
// clock starts at the present and is only ever moved forward, so what a store
// writes with a real time to live stays at least as long as the clock says.
func Run(t *testing.T, newStore func(t testing.TB, now func() time.Time) driver.Store) {
	for _, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) {
					defer func() {
						if t.Failed() {
							t.Logf("the rule: %s", c.rule)
						}
					}()
					clock := NewClock()
					c.run(&env{T: t, store: newStore(t, clock.Now), clock: clock, began: clock.Now()})
				})
			}
		})
	}
}

// group is the cases that are about one concept.
type group struct {
	name  string
	cases []testCase
}

// testCase is one rule and the test of it.
type testCase struct {
	name string
	rule string
	run  func(*env)
}

func groups() []group {
	return []group{
		{"Rotate", rotateCases()},
		{"Order", orderCases()},
		{"Window", windowCases()},
		{"Attempt", attemptCases()},
		{"Lifetime", lifetimeCases()},
		{"Dating", datingCases()},
		{"Recovery", recoveryCases()},
		{"Reuse", reuseCases()},
		{"Kill", killCases()},
		{"Create", createCases()},
		{"Limit", limitCases()},
		{"End", endCases()},
		{"EndAll", endAllCases()},
		{"Block", blockCases()},
		{"Deny", denyCases()},
		{"RefreshClaims", refreshCases()},
		{"Revoked", checkCases()},
		{"Sessions", listCases()},
		{"Subject", subjectCases()},
		{"Twice", twiceCases()},
		{"Cancel", cancelCases()},
		{"Concurrent", concurrentCases()},
		{"InFlight", inFlightCases()},
	}
}
