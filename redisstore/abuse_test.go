package redisstore_test

import "testing"

// The rows of the table of abuse and fault cases that are Redis's own.
func TestAbuse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		test func(*testing.T)
	}{
		{"51_mirror_under_faults", testMirrorUnderFaults},
		{"52_store_unreachable_with_mirror", testStoreUnreachableWithMirror},
		{"62_dump_and_monitor", testDumpAndMonitor},
		{"120_nothing_changed", testNothingChanged},
	} {
		t.Run(row.name, row.test)
	}
}
