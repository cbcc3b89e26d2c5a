package facetest

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
