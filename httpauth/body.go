package httpauth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// maxBody is how many bytes a request body may have. Two tokens of 4 KiB fit.
const maxBody = 16 << 10

// maxParams is how many parameters a form may have, and how many members and
// elements a JSON body, however deep in it: so deep may it be, too.
const maxParams = 16

// maxMediaType is how many bytes a Content-Type may have.
const maxMediaType = 256

// The media types of bodies.
const (
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
)

// The parameters of RFC 6749, section 6, and RFC 7009, section 2.1, that the
// endpoints know.
const (
	paramGrantType    = "grant_type"
	paramRefreshToken = "refresh_token"
	paramAccessToken  = "access_token"
	paramToken        = "token"
)

// params are the parameters of a request body. One without a value is as one
// that is absent (RFC 6749, section 3.1).
type params struct {
	values map[string]string
	form   bool // a form, not JSON
}

func (p params) get(name string) string { return p.values[name] }

// readParams reads those parameters from the body, JSON or form, that are
// known; it ignores the others. An empty body has none, whatever its
// Content-Type. The query is never read: a token has no place in a URL.
//
// It returns [core.ErrRequestTooLarge], [core.ErrUnsupportedMediaType] or, if
// the body is malformed or repeats a parameter, [core.ErrRequestInvalid].
func readParams(r *http.Request, known ...string) (params, error) {
	media := mediaType(r.Header)
	if media == mediaForm && r.PostForm != nil && r.ContentLength != 0 && r.ContentLength <= maxBody { // a middleware has read the body
		return formParams(r.PostForm, known)
	}
	body, err := readBody(r)
	if err != nil {
		return params{}, err
	}
	if len(body) == 0 && r.ContentLength <= 0 {
		return params{}, nil
	}
	switch media {
	case mediaJSON:
		return jsonParams(body, known)
	case mediaForm:
		if bytes.Count(body, []byte("&")) >= maxParams {
			return params{}, fmt.Errorf("%w: form: more than %d parameters", core.ErrRequestInvalid, maxParams)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return params{}, fmt.Errorf("%w: form: %w", core.ErrRequestInvalid, err)
		}
		return formParams(form, known)
	}
	return params{}, core.ErrUnsupportedMediaType
}

// readBody returns the body of a request.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, core.ErrRequestTooLarge
	}
	if r.Body == nil { // a request made by hand, for a test
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	var tooLarge *http.MaxBytesError // a middleware's own limit
	if errors.As(err, &tooLarge) || len(body) > maxBody {
		return nil, core.ErrRequestTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%w: read body: %w", core.ErrRequestInvalid, err)
	}
	if len(body) == 0 && r.ContentLength > 0 && mediaType(r.Header) == mediaJSON {
		return nil, errors.New("the request's JSON body has been read before this handler: " +
			"what reads it must put it back, as by r.Body = io.NopCloser(bytes.NewReader(body))")
	}
	return body, nil
}

// mediaType returns the type of the Content-Type header without parameters,
// the empty string if there is not exactly one or it is malformed or too long.
func mediaType(h http.Header) string {
	lines := h["Content-Type"]
	if len(lines) != 1 || len(lines[0]) > maxMediaType {
		return ""
	}
	t, _, err := mime.ParseMediaType(lines[0])
	if err != nil {
		return ""
	}
	return t
}

// formParams takes the known parameters from a form. RFC 6749, section 3.2:
// "Request and response parameters MUST NOT be included more than once."
func formParams(form url.Values, known []string) (params, error) {
	p := params{values: make(map[string]string), form: true}
	for _, name := range known {
		switch values := form[name]; len(values) {
		case 0:
		case 1:
			p.values[name] = values[0]
		default:
			return params{}, fmt.Errorf("%w: %s twice", core.ErrRequestInvalid, name)
		}
	}
	return p, nil
}

// jsonParams takes the known parameters from a JSON object, whose names it
// compares exactly.
func jsonParams(body []byte, known []string) (params, error) {
	invalid := func(format string, args ...any) (params, error) {
		return params{}, fmt.Errorf("%w: JSON: "+format, append([]any{core.ErrRequestInvalid}, args...)...)
	}
	list, err := members(body)
	if err != nil {
		return invalid("%w", err)
	}
	p := params{values: make(map[string]string)}
	for _, m := range list {
		if !slices.Contains(known, m.name) {
			continue
		}
		if _, again := p.values[m.name]; again {
			return invalid("%s twice", m.name)
		}
		text, isString := m.value.(string)
		if m.value != nil && !isString {
			return invalid("%s must be a string", m.name)
		}
		p.values[m.name] = text
	}
	return p, nil
}
