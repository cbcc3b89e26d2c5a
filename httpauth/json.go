package httpauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// member is one member of a JSON object. Its value is the value's first token:
// all of it but for an object or an array.
type member struct {
	name  string
	value json.Token
}

// objectReader reads a JSON object in one pass, and no more than maxParams values
// of it: a body is read before its sender is known, and nested or many small
// values cost many times what a text of their size does. Unlike a map or a
// struct, in which the last of two equal names wins, it finds both.
type objectReader struct {
	*json.Decoder
	values int // members and elements so far, however deep
	list   []member
}

// members returns the members of a JSON object in their order.
func members(text []byte) ([]member, error) {
	if !utf8.Valid(text) { // RFC 8259, section 8.1
		return nil, errors.New("not UTF-8")
	}
	r := objectReader{Decoder: json.NewDecoder(bytes.NewReader(text))}
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
