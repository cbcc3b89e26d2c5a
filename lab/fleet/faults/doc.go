// Package faults holds the library against faults of real Redis servers, and
// holds only tests.
//
// [TestFaults] counts what HTTP clients get. Four processes with ginauth and
// echoauth, each with its own store and connections to one Redis, serve a
// handful of clients that log in, reissue, log out and revoke all the while. The
// clients are correct ones: each keeps its refresh token until it holds the next
// one, and sends a request that was answered with 503 again, a reissue with the
// same Idempotency-Key. Then a fault is injected and healed. Whatever the fault,
// the clients get success or a 503 with Retry-After; every 401 is of a token
// that was ended before; nobody is logged out; and nothing that was acknowledged
// is lost, but for what docs/guarantees.md says of a failover. The test prints
// the counts and the time to recovery, one line for each fault, in a table:
//
//	go -C lab test -run TestFaults -v ./fleet/faults
//	RATCHET_FAULTS_FOR=1m go -C lab test -timeout 0 -run TestFaults -v ./fleet/faults
//
// The variable is how long each fault is repeated; without it each happens once.
package faults
