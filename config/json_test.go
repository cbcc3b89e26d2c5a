package config_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
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
				Name  string
				Count int `json:"n"`
				Until *time.Time
			}
			err := config.ReadJSON(httptest.NewRecorder(), r, &in)
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
	if err := config.ReadJSON(httptest.NewRecorder(), httptest.NewRequest("PUT", "/", nil), &in); err != nil || in.Until != nil {
		t.Errorf("got %v and the error %v", in.Until, err)
	}
}
