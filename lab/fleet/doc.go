// Package fleet runs users against several processes of a service for minutes
// or hours, while the processes are restarted one after the other, Redis is
// restarted and a failover takes place, and checks every answer that the users
// get.
//
// Each user is a correct client: it keeps its refresh token until it holds the
// next one, sends an Idempotency-Key with each reissue and tries again what was
// not answered. So it must never be logged out but by its own doing, a token
// that it has revoked must be refused from the mirror's staleness on, and
// whatever Redis goes through may cost it a 503 and nothing else. What a
// failover may lose is told apart: see docs/guarantees.md.
//
//	make soak DURATION=30m USERS=100
package fleet
