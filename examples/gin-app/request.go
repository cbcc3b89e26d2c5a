package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// maxBody is how many bytes a request body may have.
const maxBody = 16 << 10

// change returns the context of a change behind Require, whose check may have
// taken 2 of the 4 seconds that a request may wait for the store.
func change(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), 1900*time.Millisecond)
}

// readCredentials reads the body of a login.
func readCredentials(w http.ResponseWriter, r *http.Request) (name, password string, err error) {
	var body struct {
		Username *string `json:"username"`
		Password *string `json:"password"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return "", "", err
	}
	if body.Username == nil || body.Password == nil {
		return "", "", fmt.Errorf("%w: username or password is missing", core.ErrRequestInvalid)
	}
	return *body.Username, *body.Password, nil
}

// readUntil reads the body of a block. The zero time means for ever.
func readUntil(w http.ResponseWriter, r *http.Request) (time.Time, error) {
	var body struct {
		Until *time.Time `json:"until"`
	}
	if err := readJSON(w, r, &body); err != nil || body.Until == nil {
		return time.Time{}, err
	}
	if body.Until.IsZero() {
		return time.Time{}, fmt.Errorf("%w: until is in the year 1", core.ErrRequestInvalid)
	}
	return *body.Until, nil
}

// readJSON reads the request body, one JSON object without unknown members,
// into the struct that v points to. An empty body leaves it as it is. The
// errors are for auth.Error.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return core.ErrRequestTooLarge
	case err != nil:
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	case len(body) == 0:
		return nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return core.ErrUnsupportedMediaType
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return core.ErrRequestInvalid
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: there is more than one value", core.ErrRequestInvalid)
	}
	return checkNames(body)
}

// checkNames refuses an object that has a name twice, also if only in another
// case: encoding/json would let the last of them win.
func checkNames(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	var names []string
	for d.More() {
		t, err := d.Token()
		name, _ := t.(string)
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
		}
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return fmt.Errorf("%w: a name comes twice", core.ErrRequestInvalid)
		}
		names = append(names, name)
	}
	return nil
}
