package httpauth

import (
	"context"
	"net/http"
	"time"
)

// patience is how long a health check waits for the store: less than those who
// ask for one wait for the answer.
const patience = 2 * time.Second

// Health answers whether the store can be reached.
func (a *Auth) Health(w http.ResponseWriter, r *http.Request) {
	if !a.allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := a.authority.Ping(ctx); err != nil {
		a.Error(w, r, err)
		return
	}
	a.writeJSON(w, r, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}
