package holes

import (
	"context"
	"errors"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// unreliable is a store behind a bad connection.
type unreliable struct {
	core.Store
	loseAnswers int  // so many answers to rotations to come are lost
	runTwice    bool // as a driver does that missed the first answer
	down        bool
}

// Rotate implements [core.Store].
func (u *unreliable) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	if u.down {
		return driver.RotateResult{}, errors.New("the store is away")
	}
	result, err := u.Store.Rotate(ctx, r)
	if u.loseAnswers > 0 {
		u.loseAnswers--
		return driver.RotateResult{}, errors.New("the connection broke before the answer")
	}
	if u.runTwice && err == nil {
		return u.Store.Rotate(ctx, r)
	}
	return result, err
}

// End implements [core.Store].
func (u *unreliable) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
	if u.down {
		return driver.EndResult{}, errors.New("the store is away")
	}
	return u.Store.End(ctx, r)
}

// Revoked implements [core.Store].
func (u *unreliable) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	if u.down {
		return driver.RevokedResult{}, errors.New("the store is away")
	}
	return u.Store.Revoked(ctx, r)
}
