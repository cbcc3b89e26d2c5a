package redistest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// waitLimit bounds each wait for a server. It is far above what a server
	// needs, since many packages' tests may share few cores; only a test which
	// fails anyway ever waits that long.
	waitLimit = time.Minute

	// pollInterval is the time between two looks at an awaited condition.
	pollInterval = 10 * time.Millisecond
)

// permanentError wraps an error which no waiting can cure.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// permanent marks err as one that ends [await] at once.
func permanent(err error) error { return &permanentError{err} }

// await calls cond until it returns nil, and fails if that takes longer than
// limit or if cond returns a permanent error. The error holds the last one cond
// returned, because that says what was still missing.
func await(limit time.Duration, cond func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := cond(ctx)
		if err == nil {
			return nil
		}
		var p *permanentError
		if errors.As(err, &p) {
			return p.err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up after %v: %w", limit, err)
		case <-ticker.C:
		}
	}
}
