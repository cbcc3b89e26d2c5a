package attacks

import (
	"net/http"
	"sync"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func raceRows() []row {
	return []row{
		{"23_parallel", parallel},
		{"24_parallel_strict", parallelStrict},
		{"24_parallel_strict_one_key", parallelOneKey},
	}
}

// racers is how many clients reissue at once.
const racers = 64

// race sends requests from many clients to the processes in turn, all at once,
// and returns the answers.
func (s *scene) race(n int, send func(i int, p *facetest.Server) facetest.Answer) []facetest.Answer {
	answers := make([]facetest.Answer, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			answers[i] = send(i, s.processes[i%len(s.processes)])
		})
	}
	close(start)
	group.Wait()
	return answers
}

// Whoever races gets the one child, nobody a refusal, and the chain goes on
// from each copy as from one.
func parallel(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	bob := s.Login("bob")
	copies := make([]facetest.Pair, racers)
	pair := s.Login("alice")
	for i := range copies {
		copies[i] = pair
	}
	for range 2 {
		s.takeEvents()
		answers := s.race(racers, func(i int, p *facetest.Server) facetest.Answer {
			return ways()[i/2%2].send(p.Client, copies[i].RefreshToken)
		})
		for i, a := range answers {
			copies[i] = s.issued(a)
			s.wantSame(copies[i], copies[0])
		}
		s.wantCounts(map[told]int{
			{core.SessionReissued, pair.SessionID, "rotated"}:  1,
			{core.SessionReplayed, pair.SessionID, "replayed"}: racers - 1,
		})
		s.wantIDs(copies[racers-1].AccessToken, copies[0])
	}
	s.wantAlive(copies[racers/2])
	s.wantAlive(bob)
}

// Without a window the second of two racers is a thief.
//
// Keycloak (CVE-2026-1035), Simple JWT and gin-jwt look whether a token is
// unused and mark it used in two steps. Of requests at once several or all pass
// between the two, and one stolen token becomes as many sessions. Here all get
// one child, in strict mode one gets it.
//
//   - https://github.com/keycloak/keycloak/issues/45647
//   - https://github.com/jazzband/djangorestframework-simplejwt/issues/985
//   - https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go
func parallelStrict(t *testing.T, d deployment) {
	s := d.start(t, withGrace(core.Strict))
	s.sibling()
	pair, other, bob := s.Login("alice"), s.Login("alice"), s.Login("bob")
	s.takeEvents()
	answers := s.race(racers, func(i int, p *facetest.Server) facetest.Answer {
		return ways()[i/2%2].send(p.Client, pair.RefreshToken)
	})
	var won []facetest.Pair
	for i, a := range answers {
		if a.Status == http.StatusOK {
			won = append(won, s.issued(a))
			continue
		}
		s.want("a loser", a, ways()[i/2%2].refused)
	}
	if len(won) != 1 {
		t.Fatalf("got %d pairs, want 1", len(won))
	}
	s.wantCounts(map[told]int{
		{core.SessionReissued, pair.SessionID, "rotated"}: 1,
		{core.SessionRevoked, pair.SessionID, "reuse"}:    1,
		{core.RefreshRefused, pair.SessionID, "revoked"}:  racers - 2,
	})
	s.wantDead(pair, won[0])
	s.wantAlive(other)
	s.wantAlive(bob)
}

// One attempt that is sent many times is one attempt, without a window too.
func parallelOneKey(t *testing.T, d deployment) {
	s := d.start(t, withGrace(core.Strict))
	s.sibling()
	pair := s.Login("alice")
	s.takeEvents()
	answers := s.race(racers, func(i int, p *facetest.Server) facetest.Answer {
		return ways()[i/2%2].send(p.Client, pair.RefreshToken, "Idempotency-Key: one")
	})
	child := s.issued(answers[0])
	for _, a := range answers {
		s.wantSame(s.issued(a), child)
	}
	s.wantCounts(map[told]int{
		{core.SessionReissued, pair.SessionID, "rotated"}:      1,
		{core.SessionReplayed, pair.SessionID, "same_attempt"}: racers - 1,
	})
	s.wantAlive(child)
}
