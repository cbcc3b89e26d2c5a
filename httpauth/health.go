package httpauth

import (
	"context"
	"net/http"
	"time"
)

// healthPatience is how long a health check waits for the store: less than those
// who ask for one wait for the answer.
const healthPatience = 2 * time.Second

// Health answers whether the store can be reached.
func (f *Face) Health(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
	defer cancel()
	if err := f.authority.Ping(ctx); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}
