package httpauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"unicode"

	"github.com/ratchetauth/ratchet/core"
)

// member is one member of a JSON object. The value of one that is null is nil.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of a JSON object in their order. Unlike a map or
// a struct, in which the last of two equal names wins, it has both.
func members(text []byte) ([]member, error) {
	if !json.Valid(text) { // also if there is more than one value
		return nil, errors.New("malformed")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var list []member
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		var m member
		m.name, _ = t.(string)
		if err := d.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if string(m.value) == "null" {
			m.value = nil
		}
		list = append(list, m)
	}
	return list, nil
}

// ReadJSON reads the body, one JSON object, into the struct that v points to:
// for handlers of the application. The adapters' ReadJSON has the rules.
func ReadJSON(r *http.Request, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("httpauth: ReadJSON into a %T, want a pointer to a struct", v)
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var list []member
	if len(body) > 0 || r.ContentLength != 0 { // what has a length but no text, a middleware has read
		if mediaType(r.Header) != mediaJSON {
			return core.ErrUnsupportedMediaType
		}
		if list, err = decodeStrictly(body, v); err != nil {
			return fmt.Errorf("%w: JSON: %w", core.ErrRequestInvalid, err)
		}
	}
	set := make(map[string]bool)
	for _, m := range list {
		set[fold(m.name)] = m.value != nil
	}
	for _, name := range required(target.Elem().Type()) {
		if !set[fold(name)] {
			return fmt.Errorf("%w: JSON: %s is missing", core.ErrRequestInvalid, name)
		}
	}
	return nil
}

// decodeStrictly decodes an object into v and returns its members.
func decodeStrictly(text []byte, v any) ([]member, error) {
	list, err := members(text)
	if err != nil {
		return nil, err
	}
	if err := checkTwice(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return list, d.Decode(v)
}

// checkTwice reads one value and refuses an object, however deep in it, with
// two members of which package encoding/json would let the last win.
func checkTwice(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := make(map[string]bool)
	for d.More() {
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := t.(string)
			if seen[fold(name)] {
				return fmt.Errorf("%s twice", name)
			}
			seen[fold(name)] = true
		}
		if err := checkTwice(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// required returns the names of the members that a struct must be given: those
// of its fields but pointers, and of what it embeds.
func required(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-" || field.Type.Kind() == reflect.Pointer:
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			names = append(names, required(field.Type)...)
		case !field.IsExported():
		case name == "":
			names = append(names, field.Name)
		default:
			names = append(names, name)
		}
	}
	return names
}

// fold returns what the names have in common that encoding/json takes for one
// field's.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name)
}
