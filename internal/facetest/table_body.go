package facetest

import (
	"context"
	"errors"
	"strings"
)

// reissueBodyRows are the bodies that a reissue may have but for forms.
func reissueBodyRows() []row {
	invalid := answer(400, requestInvalid)
	tooLarge := answer(413, requestTooLarge)
	unsupported := answer(415, unsupportedMediaType)
	good := `{"refresh_token":"$refresh"}`
	body := func(text string) Request { return postJSON(reissuePath, text) }
	typed := func(contentType ...string) Request {
		var header []string
		for _, t := range contentType {
			header = append(header, "Content-Type: "+t)
		}
		return Request{Method: "POST", Path: reissuePath, Header: header, Body: good}
	}
	rows := []row{
		{name: "body/none", request: post(reissuePath), want: missing()},
		{name: "body/empty JSON", request: body(""), want: missing()},
		{name: "body/empty form", request: postForm(reissuePath, ""), want: missing()},
		{name: "body/empty, of another type", request: post(reissuePath, "Content-Type: text/plain"), want: missing()},
		{name: "body/empty object", request: body(`{}`), want: missing()},
		{name: "body/member missing", request: body(`{"token":"$refresh"}`), want: missing()},
		{name: "body/member empty", request: body(`{"refresh_token":""}`), want: missing()},
		{name: "body/member null", request: body(`{"refresh_token":null}`), want: missing()},
		{name: "body/member in another case", request: body(`{"Refresh_Token":"$refresh"}`), want: missing()},
		{name: "body/unknown members", request: body(`{"a":{"refresh_token":[1,{}]},"refresh_token":"$refresh","a":null,"scope":7}`), want: reissued()},
		{name: "body/white space", request: body("\r\n\t { \"refresh_token\" : \"$refresh\" } \n"), want: reissued()},
		{name: "body/escaped", request: body(`{"refresh\u005ftoken":"$refresh"}`), want: reissued()},
		{name: "body/chunked", request: Request{Method: "POST", Path: reissuePath, Header: []string{JSON}, Body: good, Chunked: true}, want: reissued()},

		{name: "body/member twice", request: body(`{"refresh_token":"$refresh","refresh_token":"$refresh"}`), want: invalid},
		{name: "body/member twice, escaped", request: body(`{"refresh_token":"$refresh","refresh\u005ftoken":"x"}`), want: invalid},
		{name: "body/member twice, first null", request: body(`{"refresh_token":null,"refresh_token":"$refresh"}`), want: invalid},
		{name: "body/other known member twice", request: body(`{"refresh_token":"$refresh","access_token":"","access_token":""}`), want: invalid},
		{name: "body/number", request: body(`{"refresh_token":1}`), want: invalid},
		{name: "body/true", request: body(`{"refresh_token":true}`), want: invalid},
		{name: "body/array of one", request: body(`{"refresh_token":["$refresh"]}`), want: invalid},
		{name: "body/object as token", request: body(`{"refresh_token":{"value":"$refresh"}}`), want: invalid},
		{name: "body/other known member a number", request: body(`{"refresh_token":"$refresh","access_token":1}`), want: invalid},
		{name: "body/array", request: body(`["$refresh"]`), want: invalid},
		{name: "body/string", request: body(`"$refresh"`), want: invalid},
		{name: "body/null", request: body(`null`), want: invalid},
		{name: "body/white space only", request: body("  \n"), want: invalid},
		{name: "body/not JSON", request: body(`refresh_token=$refresh`), want: invalid},
		{name: "body/cut off", request: body(`{"refresh_token":"$refresh"`), want: invalid},
		{name: "body/trailing comma", request: body(`{"refresh_token":"$refresh",}`), want: invalid},
		{name: "body/trailing rubbish", request: body(good + `x`), want: invalid},
		{name: "body/two objects", request: body(good + ` ` + good), want: invalid},
		{name: "body/byte order mark", request: body("\ufeff" + good), want: invalid},
		{name: "body/comment", request: body(`{/**/"refresh_token":"$refresh"}`), want: invalid},
		{name: "body/deep", request: body(`{"a":` + strings.Repeat("[", 16000)), want: invalid},
		{name: "body/deep and closed", request: body(`{"a":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + `}`), want: invalid},

		{name: "body/16 values", request: body(`{"refresh_token":"$refresh","a":[{"b":{}},` + strings.Repeat("0,", 11) + `0]}`), want: reissued()},
		{name: "body/17 values", request: body(`{"refresh_token":"$refresh","a":[{"b":{}},` + strings.Repeat("0,", 12) + `0]}`), want: invalid},
		{name: "body/not UTF-8", request: body(`{"refresh_token":"$refresh","a":"` + "\xff" + `"}`), want: invalid},
		{name: "body/mismatched", request: body(`{"refresh_token":"$refresh","a":[}`), want: invalid},

		{name: "body/16 KiB", request: body(pad(`{}`, 16<<10)), want: missing()},
		{name: "body/over 16 KiB", request: body(pad(`{}`, 16<<10+1)), want: tooLarge},
		{name: "body/over 16 KiB, chunked", request: Request{Method: "POST", Path: reissuePath, Header: []string{JSON}, Body: pad(`{}`, 16<<10+1), Chunked: true}, want: tooLarge},
		{name: "body/over 16 KiB, of another type", request: Request{Method: "POST", Path: reissuePath, Header: []string{"Content-Type: text/plain"}, Body: letters(16<<10 + 1)}, want: tooLarge},
		{name: "body/over 16 KiB, a form", request: postForm(reissuePath, "grant_type=refresh_token&refresh_token="+letters(16<<10)), want: tooLarge},
		{name: "body/a million deep", request: body(strings.Repeat(`{"a":`, 1_000_000)), want: tooLarge},
		{name: "body/a million deep, chunked", request: Request{Method: "POST", Path: reissuePath, Header: []string{JSON}, Body: strings.Repeat("[", 1_000_000), Chunked: true}, want: tooLarge},

		{name: "type/charset", request: typed("application/json; charset=utf-8"), want: reissued()},
		{name: "type/upper case", request: typed("Application/JSON"), want: reissued()},
		{name: "body/grant_type", request: postJSON(reissuePath, `{"grant_type":"refresh_token","refresh_token":"$refresh"}`), want: reissued()},
		{name: "body/another grant_type", request: postJSON(reissuePath, `{"grant_type":"password","refresh_token":"$refresh"}`),
			want: answer(400, unsupportedGrantType)},
		{name: "type/none", request: typed(), want: unsupported},
		{name: "type/empty", request: typed(""), want: unsupported},
		{name: "type/text", request: typed("text/plain"), want: unsupported},
		{name: "type/+json", request: typed("application/vnd.api+json"), want: unsupported},
		{name: "type/two in one", request: typed("application/json, text/plain"), want: unsupported},
		{name: "type/two headers", request: typed("application/json", "application/json"), want: unsupported},
		{name: "type/malformed", request: typed("application/json; charset"), want: unsupported},
		{name: "type/256 bytes", request: typed("application/json; x=" + letters(236)), want: reissued()},
		{name: "type/257 bytes", request: typed("application/json; x=" + letters(237)), want: unsupported},
		{name: "type/multipart", request: Request{Method: "POST", Path: reissuePath, Header: []string{"Content-Type: multipart/form-data; boundary=b"},
			Body: "--b\r\nContent-Disposition: form-data; name=\"refresh_token\"\r\n\r\n$refresh\r\n--b--\r\n"}, want: unsupported},
	}
	for i, r := range rows {
		if r.want.status >= 400 {
			rows[i].then = func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }
		}
	}
	return rows
}

// reissueFormRows are the forms of RFC 6749, section 6, and their errors,
// section 5.2.
func reissueFormRows() []row {
	form := func(text string) Request { return postForm(reissuePath, text) }
	invalid := answer(400, requestInvalid)
	return []row{
		{name: "form", request: form("grant_type=refresh_token&refresh_token=$refresh"), want: reissued()},
		{name: "form/charset", request: Request{Method: "POST", Path: reissuePath, Header: []string{Form + "; charset=UTF-8"},
			Body: "grant_type=refresh_token&refresh_token=$refresh"}, want: reissued()},
		{name: "form/unknown fields", request: form("client_id=web&scope=&scope=a&grant_type=refresh_token&refresh_token=$refresh&token=x"), want: reissued()},
		{name: "form/client's Basic header", request: postForm(reissuePath, "grant_type=refresh_token&refresh_token=$refresh", "Authorization: Basic Y2xpZW50Og=="),
			want: reissued()},
		{name: "form/16 fields", request: form("grant_type=refresh_token&refresh_token=$refresh" + strings.Repeat("&a=b", 14)), want: reissued()},
		{name: "form/17 fields", request: form("grant_type=refresh_token&refresh_token=$refresh" + strings.Repeat("&a=b", 15)), want: invalid},
		{name: "form/no token", request: form("grant_type=refresh_token"), want: answer(400, refreshMissing)},
		{name: "form/empty token", request: form("grant_type=refresh_token&refresh_token="), want: answer(400, refreshMissing)},
		{name: "form/token in the query", request: postForm(reissuePath+"?refresh_token=$refresh", "grant_type=refresh_token"), want: answer(400, refreshMissing)},
		{name: "form/refused", request: form("grant_type=refresh_token&refresh_token=rubbish"), want: answer(400, refreshInvalid)},
		{name: "form/after logout", given: func(s *scene) { s.Logout(s.names["refresh"]) },
			request: form("grant_type=refresh_token&refresh_token=$refresh"), want: answer(400, refreshInvalid)},
		{name: "form/no grant_type", request: form("refresh_token=$refresh"), want: invalid},
		{name: "form/empty grant_type", request: form("grant_type=&refresh_token=$refresh"), want: invalid},
		{name: "form/grant_type in the query", request: postForm(reissuePath+"?grant_type=refresh_token", "refresh_token=$refresh"), want: invalid},
		{name: "form/another grant_type", request: form("grant_type=password&refresh_token=$refresh"), want: answer(400, unsupportedGrantType)},
		{name: "form/grant_type in another case", request: form("grant_type=Refresh_Token&refresh_token=$refresh"), want: answer(400, unsupportedGrantType)},
		{name: "form/token twice", request: form("grant_type=refresh_token&refresh_token=$refresh&refresh_token=$refresh"), want: invalid},
		{name: "form/grant_type twice", request: form("grant_type=refresh_token&grant_type=password&refresh_token=$refresh"), want: invalid},
		{name: "form/token twice, escaped", request: form("grant_type=refresh_token&refresh_token=$refresh&refresh%5Ftoken=x"), want: invalid},
		{name: "form/bad escape", request: form("grant_type=refresh_token&refresh_token=$refresh&x=%zz"), want: invalid},
		{name: "form/semicolon", request: form("grant_type=refresh_token;refresh_token=$refresh"), want: invalid},
		{name: "form/JSON in it", request: form(`{"refresh_token":"$refresh"}`), want: invalid},
		{name: "form/two Bearer headers", request: postForm(reissuePath, "grant_type=refresh_token&refresh_token=$refresh", withAccess, withAccess), want: invalid},
		{name: "form/store fails", given: (*scene).fail, request: form("grant_type=refresh_token&refresh_token=$refresh"), want: unavailable()},
	}
}

// failAfter makes a method of the store happen and its answer get lost.
func (s *scene) failAfter(method string) {
	s.Store.After(func(_ context.Context, m string) error {
		if m == method {
			return errors.New(secretDetail)
		}
		return nil
	})
}

// pad fills a text up with spaces to n bytes.
func pad(text string, n int) string { return text + strings.Repeat(" ", n-len(text)) }

// letters returns n letters.
func letters(n int) string { return strings.Repeat("a", n) }
