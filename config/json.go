package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// maxBody is how many bytes a request body may have, as with the library's own
// endpoints.
const maxBody = 16 << 10

// ReadJSON reads a request body, one JSON object of 16 KiB at most, into the
// struct that v points to: for a program's own handlers, such as the one that
// checks a password. A member is required unless its field is a pointer; an
// empty body has none. Unlike package encoding/json it refuses members that
// the struct does not have, and those that come twice, in whatever case,
// because what checks a request and what acts on it must not read different
// values.
//
// The errors are for Auth.Error: [core.ErrRequestTooLarge],
// [core.ErrUnsupportedMediaType] for what is not application/json, and
// [core.ErrRequestInvalid], which wraps what is wrong.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return core.ErrRequestTooLarge
	case err != nil:
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	case len(body) == 0:
		return checkMembers(v, nil)
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return core.ErrUnsupportedMediaType
	}
	names, err := memberNames(body)
	if err != nil {
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	return checkMembers(v, names)
}

// memberNames returns the names of a JSON object's members that are not null.
func memberNames(body []byte) ([]string, error) {
	if !json.Valid(body) { // also if there is more than one value
		return nil, errors.New("the body is no JSON")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("the body is no JSON object")
	}
	var all, set []string
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if containsFold(all, name) {
			return nil, fmt.Errorf("%q comes twice", name)
		}
		all = append(all, name)
		if string(value) != "null" {
			set = append(set, name)
		}
	}
	return set, nil
}

// checkMembers refuses an object without a member that the struct requires.
func checkMembers(v any, names []string) error {
	t := reflect.TypeOf(v).Elem()
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		if field.Type.Kind() != reflect.Pointer && !containsFold(names, name) {
			return fmt.Errorf("%w: %q is missing", core.ErrRequestInvalid, name)
		}
	}
	return nil
}

// containsFold compares as encoding/json compares names with fields.
func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
