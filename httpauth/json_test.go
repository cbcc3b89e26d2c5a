package httpauth_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

func TestReadJSON(t *testing.T) {
	const good = `{"name":"alice","n":1}`
	for _, test := range []struct {
		name, media, body string
		want              error
	}{
		{"good", "application/json", good, nil},
		{"with a charset", "application/json; charset=utf-8", good, nil},
		{"names in another case", "application/json", `{"Name":"alice","N":1}`, nil},
		{"an optional member", "application/json", `{"name":"alice","n":1,"until":"2999-01-01T00:00:00Z"}`, nil},
		{"an optional member that is null", "application/json", `{"name":"alice","n":1,"until":null}`, nil},
		{"zero values", "application/json", `{"name":"","n":0}`, nil},
		{"16 KiB", "application/json", good + strings.Repeat(" ", 16<<10-len(good)), nil},
		{"over 16 KiB", "application/json", good + strings.Repeat(" ", 16<<10-len(good)+1), core.ErrRequestTooLarge},
		{"no body", "", "", core.ErrRequestInvalid},
		{"a member is missing", "application/json", `{"name":"alice"}`, core.ErrRequestInvalid},
		{"a member is null", "application/json", `{"name":null,"n":1}`, core.ErrRequestInvalid},
		{"another member", "application/json", `{"name":"alice","n":1,"admin":true}`, core.ErrRequestInvalid},
		{"a member twice", "application/json", `{"name":"alice","n":1,"name":"bob"}`, core.ErrRequestInvalid},
		{"a member twice, in two cases", "application/json", `{"name":"alice","n":1,"NAME":"bob"}`, core.ErrRequestInvalid},
		{"a member twice, by a fold that is not ASCII", "application/json", `{"name":"alice","n":1,"\u017fecret":"","secret":""}`, core.ErrRequestInvalid},
		{"a member twice, deep inside", "application/json", `{"name":"alice","n":1,"more":[{"a":[{"b":1,"B":2}]}]}`, core.ErrRequestInvalid},
		{"one name in two objects", "application/json", `{"name":"alice","n":1,"more":[{"a":1},{"a":{"a":2}}]}`, nil},
		{"a member of a field that JSON does not know", "application/json", `{"name":"alice","n":1,"Hidden":"x"}`, core.ErrRequestInvalid},
		{"white space", "application/json", "  ", core.ErrRequestInvalid},
		{"two types", "application/json, application/json", good, core.ErrUnsupportedMediaType},
		{"a member twice, once null", "application/json", `{"name":"alice","n":1,"name":null}`, core.ErrRequestInvalid},
		{"another type", "application/json", `{"name":1,"n":1}`, core.ErrRequestInvalid},
		{"broken", "application/json", good[:9], core.ErrRequestInvalid},
		{"two values", "application/json", good + good, core.ErrRequestInvalid},
		{"an array", "application/json", "[" + good + "]", core.ErrRequestInvalid},
		{"null", "application/json", "null", core.ErrRequestInvalid},
		{"deep", "application/json", strings.Repeat("[", 16<<10), core.ErrRequestInvalid},
		{"a form", "application/x-www-form-urlencoded", "name=alice&n=1", core.ErrUnsupportedMediaType},
		{"no type", "", good, core.ErrUnsupportedMediaType},
		{"a malformed type", "application/json; =", good, core.ErrUnsupportedMediaType},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.media)
			var in struct {
				Name    string
				Count   int `json:"n"`
				Until   *time.Time
				Secret  *string
				More    *[]any
				Hidden  string `json:"-"`
				private string
			}
			in.private = "is no member"
			err := httpauth.ReadJSON(r, &in)
			if !errors.Is(err, test.want) {
				t.Fatalf("got the error %v, want %v", err, test.want)
			}
			if err == nil && strings.Contains(test.body, "alice") && (in.Name != "alice" || in.Count != 1) {
				t.Errorf("got %+v", in)
			}
		})
	}
}

// A body without required members may be empty.
func TestReadJSONOptional(t *testing.T) {
	var in struct{ Until *time.Time }
	if err := httpauth.ReadJSON(httptest.NewRequest("PUT", "/", nil), &in); err != nil || in.Until != nil {
		t.Errorf("got %v and the error %v", in.Until, err)
	}
}

// TestReadJSONRequired checks which members a struct requires.
func TestReadJSONRequired(t *testing.T) {
	type Inner struct{ City string }
	type body struct {
		Inner
		Name    string `json:",omitempty"`
		Address *string
		List    []string `json:"list"`
	}
	const whole = `{"city":"Seoul","name":"alice","list":[]}`
	for _, missing := range []string{"", `"city":"Seoul",`, `"name":"alice",`, `,"list":[]`} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Replace(whole, missing, "", 1)))
		r.Header.Set("Content-Type", "application/json")
		var in body
		err := httpauth.ReadJSON(r, &in)
		if errors.Is(err, core.ErrRequestInvalid) != (missing != "") {
			t.Errorf("without %q: got the error %v", missing, err)
		}
		if err == nil && (in.City != "Seoul" || in.Name != "alice" || in.List == nil || in.Address != nil) {
			t.Errorf("got %+v", in)
		}
	}
}

// TestReadJSONFault checks that the program's own faults are none of the
// client's.
func TestReadJSONFault(t *testing.T) {
	request := func() *http.Request {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"name":"alice"}`))
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	type body struct{ Name string }
	read := request()
	io.Copy(io.Discard, read.Body)
	for _, tt := range []struct {
		name string
		r    *http.Request
		v    any
	}{
		{"nil", request(), nil},
		{"a struct", request(), body{}},
		{"a map", request(), &map[string]string{}},
		{"a pointer to nothing", request(), (*body)(nil)},
		{"a body that has been read", read, &body{}},
	} {
		if err := httpauth.ReadJSON(tt.r, tt.v); err == nil || core.AsError(err) != core.ErrInternal {
			t.Errorf("%s: got the error %v, want an internal one", tt.name, err)
		}
	}
}

// TestReadJSONNoFurther checks that a body costs no more than its size allows.
func TestReadJSONNoFurther(t *testing.T) {
	body := &endless{}
	r := httptest.NewRequest("POST", "/", body)
	r.Header.Set("Content-Type", "application/json")
	var in struct{}
	if err := httpauth.ReadJSON(r, &in); !errors.Is(err, core.ErrRequestTooLarge) || body.read > 32<<10 {
		t.Errorf("got %v after %d bytes, want it refused soon after 16 KiB", err, body.read)
	}
}

// FuzzReadJSON checks that what is accepted is what package encoding/json
// reads too, and that all else is the client's fault.
func FuzzReadJSON(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `{"name":"x"}`, `{"name":"x","NAME":"y"}`, `{"name":null}`, `{"name":"x","more":{"a":[1,{"a":2}]}}`, `[[[`, `{"name":"\ud800"}`, "\xff",
	} {
		f.Add(body)
	}
	type target struct {
		Name string
		More *any
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var got, want target
		err := httpauth.ReadJSON(r, &got)
		if err != nil {
			if !errors.Is(err, core.ErrRequestInvalid) && !errors.Is(err, core.ErrRequestTooLarge) {
				t.Errorf("got the error %v", err)
			}
			return
		}
		if err := json.Unmarshal([]byte(body), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v, %v", got, want, err)
		}
	})
}

// A body that middleware has read before is not taken for none: members that
// the client sent would be as if it had not.
func TestReadJSONConsumed(t *testing.T) {
	for _, media := range []string{"application/json", "application/merge-patch+json", "application/x-www-form-urlencoded"} {
		for _, length := range []int64{5, -1} { // -1: chunked
			r := httptest.NewRequest("PUT", "/", strings.NewReader("a=b&c"))
			r.Header.Set("Content-Type", media)
			r.ContentLength = length
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Fatal(err)
			}
			var in struct{ Until *time.Time }
			if err := httpauth.ReadJSON(r, &in); err == nil {
				t.Errorf("%s, length %d: got no error", media, length)
			}
		}
	}
}

// What a struct embeds is part of the same object, unless the field has a name.
func TestReadJSONEmbedded(t *testing.T) {
	type Base struct{ A int }
	type ID string
	for _, test := range []struct {
		name, body string
		into       any
		good       bool
	}{
		{"embedded", `{"A":1,"B":2}`, &struct {
			Base
			B int
		}{}, true},
		{"embedded, missing", `{"B":2}`, &struct {
			Base
			B int
		}{}, false},
		{"embedded, with a name", `{"base":{"A":1}}`, &struct {
			Base `json:"base"`
		}{}, true},
		{"embedded, left out", `{"B":2}`, &struct {
			Base `json:"-"`
			B    int
		}{}, true},
		{"embedded, no struct", `{"B":2}`, &struct {
			ID
			B int
		}{}, false},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		if err := httpauth.ReadJSON(r, test.into); (err == nil) != test.good {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}
