package httpauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/core"
)

// member is one member of a JSON object. Its value is the value's first token:
// all of it but for an object or an array.
type member struct {
	name  string
	value json.Token
}

// is reports whether encoding/json takes the member for the field of a name.
func (m member) is(name string) bool { return strings.EqualFold(m.name, name) }

// objectReader reads a JSON object in one pass, and no more than maxParams values
// of it: a body is read before its sender is known, and nested or many small
// values cost many times what a text of their size does. Unlike a map or a
// struct, in which the last of two equal names wins, it finds both.
type objectReader struct {
	*json.Decoder
	values int  // members and elements so far, however deep
	unique bool // refuse two names, at any depth, that encoding/json takes for one
	list   []member
}

// members returns the members of a JSON object in their order. If they must be
// unique, an object with two members of which package encoding/json would let
// the last win is refused, however deep in it.
func members(text []byte, unique bool) ([]member, error) {
	if !utf8.Valid(text) { // RFC 8259, section 8.1
		return nil, errors.New("not UTF-8")
	}
	r := objectReader{Decoder: json.NewDecoder(bytes.NewReader(text)), unique: unique}
	r.UseNumber()
	first, err := r.value(0)
	if err != nil {
		return nil, fmt.Errorf("malformed: %w", err)
	}
	if first != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	if _, err := r.Token(); err != io.EOF {
		return nil, errors.New("malformed: there is more than one value")
	}
	return r.list, nil
}

// value reads a value, in so many others, and returns its first token.
func (r *objectReader) value(depth int) (json.Token, error) {
	first, err := r.Token()
	open, container := first.(json.Delim)
	if err != nil || !container {
		return first, err
	}
	var seen []string
	for r.More() {
		if r.values++; r.values > maxParams {
			return nil, fmt.Errorf("more than %d members and elements", maxParams)
		}
		var m member
		if open == '{' {
			t, err := r.Token()
			if err != nil {
				return nil, err
			}
			m.name, _ = t.(string)
			if r.unique {
				if slices.ContainsFunc(seen, m.is) {
					return nil, fmt.Errorf("%s twice", m.name)
				}
				seen = append(seen, m.name)
			}
		}
		if m.value, err = r.value(depth + 1); err != nil {
			return nil, err
		}
		if depth == 0 {
			r.list = append(r.list, m)
		}
	}
	_, err = r.Token()
	return first, err
}

// readJSON reads the body, one JSON object, into the struct that v points to:
// for handlers of the application. The adapters' readJSON has the rules.
func readJSON(r *http.Request, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("httpauth: readJSON into a %T, want a pointer to a struct", v)
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
	for _, name := range required(target.Elem().Type()) {
		if !slices.ContainsFunc(list, func(m member) bool { return m.is(name) && m.value != nil }) {
			return fmt.Errorf("%w: JSON: %s is missing", core.ErrRequestInvalid, name)
		}
	}
	return nil
}

// decodeStrictly decodes an object into v and returns its members.
func decodeStrictly(text []byte, v any) ([]member, error) {
	list, err := members(text, true)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return list, d.Decode(v)
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
