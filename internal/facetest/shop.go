package facetest

import (
	"errors"
	"fmt"

	"github.com/ratchetauth/ratchet/core"
)

// ShopEnvironment returns the settings of the application that [RunShop] plays, as
// os.Getenv does.
func ShopEnvironment(name string) string {
	return map[string]string{
		"TRANSPORT":    "hybrid",
		"MAX_SESSIONS": "1",
		"ACCESS_TTL":   "5m",
		"IDLE_TTL":     "24h",
		"SESSION_TTL":  "48h",
		"REDIS_PREFIX": "shop:", // and no REDIS_URL
		"PATH_PREFIX":  "/shop/v1",
	}[name]
}

// The errors of the shop itself.
var (
	ErrNoUser     = errors.New("no such user")
	errNotTheirs  = errors.New("not the customer's")
	errNoDatabase = errors.New("the database is gone")
)

// Order returns why the shop does not show an order, nil for the order 1.
func Order(id string) error {
	switch id {
	case "1":
		return nil
	case "2":
		return errNotTheirs
	}
	return errNoDatabase
}

// ShopError returns what the shop, which maps its errors in one place, makes of one.
func ShopError(err error) error {
	switch {
	case errors.Is(err, ErrNoUser):
		return fmt.Errorf("%w: %w", core.ErrBadCredentials, err)
	case errors.Is(err, errNotTheirs):
		return fmt.Errorf("%w: %w", core.ErrForbidden, err)
	}
	return err
}
