package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// maxBody is how many bytes a request's JSON may have.
const maxBody = 16 << 10

// readJSON reads the body, one JSON object with all of the members given but the
// optional ones, each once, and no others. What checks a request and what acts on it must not read
// different values.
func readJSON(r *http.Request, members map[string]any, optional ...string) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	media, _, bad := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(text) > maxBody:
		return core.ErrRequestTooLarge
	case err == nil && len(text) > 0 && (bad != nil || media != "application/json"):
		return core.ErrUnsupportedMediaType
	case err == nil:
		err = decode(text, members, optional)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	return nil
}

// decode decodes an object. It deletes the members that it has found.
func decode(text []byte, members map[string]any, optional []string) error {
	if !json.Valid(text) { // also if something comes after the object
		return errors.New("malformed JSON")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, _ := d.Token(); t != json.Delim('{') {
		return errors.New("not an object")
	}
	for d.More() {
		t, _ := d.Token()
		name, _ := t.(string)
		v, ok := members[name]
		if !ok {
			return fmt.Errorf("%s is unknown, or there twice", name)
		}
		delete(members, name)
		var raw json.RawMessage
		if d.Decode(&raw) != nil || string(raw) == "null" || json.Unmarshal(raw, v) != nil {
			return fmt.Errorf("%s has a value of another type", name)
		}
	}
	for name := range members {
		if !slices.Contains(optional, name) {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // fails only if the client has gone
}
