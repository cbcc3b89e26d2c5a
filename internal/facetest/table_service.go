package facetest

import "strings"

// healthRows are what a process says of itself.
func healthRows() []row {
	const path = "/healthz"
	ok := answer(200, `{"status":"ok"}`)
	return []row{
		{name: "health", request: get(path), want: ok, then: func(s *scene, _ Answer) { s.wantCalls(1, "Ping") }},
		{name: "health/HEAD", request: Request{Method: "HEAD", Path: path}, want: headOnly(ok)},
		{name: "health/bad header", request: get(path, "Authorization: Bearer rubbish"), want: ok},
		{name: "health/store fails", given: (*scene).fail, request: get(path), want: unavailable()},
		{name: "health/store fails, HEAD", given: (*scene).fail, request: Request{Method: "HEAD", Path: path}, want: headOnly(unavailable())},
		{name: "health/POST", request: post(path), want: notAllowed("GET, HEAD")},
	}
}

// panicRows are a handler that panics behind Recover.
func panicRows() []row {
	told := func(s *scene, _ Answer) {
		if log := s.Log(); !strings.Contains(log, secretDetail) || !strings.Contains(log, "facetest.Panic") || !strings.Contains(log, "path="+s.layout.Prefix+"/api/panic") {
			s.t.Errorf("log: got %s, want the panic, its stack and the request", log)
		}
	}
	return []row{
		{name: "panic", request: get("/api/panic"), want: answer(500, internal), then: told},
		{name: "panic/of a refusal", request: get("/api/panic?code=forbidden"), want: answer(500, internal), then: told},
		{name: "panic/behind what is said of the answer", request: get("/api/panic?header=1"), want: answer(500, internal, "X-Kept: 1"), then: told},
	}
}

// readRows are bodies that the application reads.
func readRows() []row {
	invalid := answer(400, requestInvalid)
	read := func(body string) Request { return postJSON("/api/read", body) }
	return []row{
		{name: "read", request: read(`{"name":"bob","until":"2026-03-02T13:00:00Z"}`), want: application("bob 2026-03-02T13:00:00Z")},
		{name: "read/optional member missing", request: read(`{"name":"bob"}`), want: application("bob")},
		{name: "read/member missing", request: read(`{"until":null}`), want: invalid},
		{name: "read/none", request: post("/api/read"), want: invalid},
		{name: "read/unknown member", request: read(`{"name":"bob","admin":true}`), want: invalid},
		{name: "read/member twice", request: read(`{"name":"bob","name":"alice"}`), want: invalid},
		{name: "read/member twice, in two cases", request: read(`{"name":"bob","NAME":"alice"}`), want: invalid},
		{name: "read/not JSON", request: read(`name=bob`), want: invalid},
		{name: "read/over 16 KiB", request: read(pad(`{"name":"bob"}`, 16<<10+1)), want: answer(413, requestTooLarge)},
		{name: "read/form", request: postForm("/api/read", "name=bob"), want: answer(415, unsupportedMediaType)},
	}
}
