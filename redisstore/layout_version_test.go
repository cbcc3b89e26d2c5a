package redisstore_test

import (
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// Data of another layout is not touched: what it means is not known.
func TestAnotherLayoutVersion(t *testing.T) {
	client := redistest.Start(t).Client(t)
	for _, version := range []int{1, 3} {
		mustSucceed(t, client.HSet(t.Context(), "ratchet:meta", "layout", version, "shards", 16).Err())
		s, err := redisstore.New(client, redisstore.Options{Logger: quiet()})
		if err == nil || s != nil || !strings.Contains(err.Error(), "layout version") {
			t.Errorf("New with data of layout %d: got %v, %v, want an error that names the layout version", version, s, err)
		}
	}
}
