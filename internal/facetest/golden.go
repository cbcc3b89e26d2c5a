package facetest

// The bodies of errors, to the byte.
const (
	tokenMissing = `{"error":"invalid_token","error_description":"an access token is required","code":"token_missing"}`
	tokenInvalid = `{"error":"invalid_token","error_description":"the access token is invalid","code":"token_invalid"}`
	tokenExpired = `{"error":"invalid_token","error_description":"the access token has expired","code":"token_expired"}`
	tokenRevoked = `{"error":"invalid_token","error_description":"the access token has been revoked","code":"token_revoked"}`

	refreshMissing = `{"error":"invalid_grant","error_description":"a refresh token is required","code":"refresh_missing"}`
	refreshInvalid = `{"error":"invalid_grant","error_description":"the refresh token is invalid, expired or revoked","code":"refresh_invalid"}`

	badCredentials  = `{"error":"invalid_grant","error_description":"the user name or the password is wrong","code":"bad_credentials"}`
	userBlocked     = `{"error":"access_denied","error_description":"the user is blocked","code":"user_blocked"}`
	forbidden       = `{"error":"access_denied","error_description":"the caller may not do this","code":"forbidden"}`
	crossOrigin     = `{"error":"access_denied","error_description":"the request comes from another origin","code":"cross_origin"}`
	sessionNotFound = `{"error":"not_found","error_description":"no such session","code":"session_not_found"}`
	sessionLimit    = `{"error":"access_denied","error_description":"the user has as many sessions as are allowed","code":"session_limit"}`

	requestInvalid       = `{"error":"invalid_request","error_description":"the request is malformed","code":"request_invalid"}`
	unsupportedGrantType = `{"error":"unsupported_grant_type","error_description":"the grant type is not supported","code":"request_invalid"}`
	methodNotAllowed     = `{"error":"invalid_request","error_description":"the method is not allowed","code":"method_not_allowed"}`
	requestTooLarge      = `{"error":"invalid_request","error_description":"the request body is too large","code":"request_too_large"}`
	unsupportedMediaType = `{"error":"invalid_request","error_description":"the media type of the request body is not supported","code":"unsupported_media_type"}`

	storeUnavailable = `{"error":"temporarily_unavailable","error_description":"the service is temporarily unavailable","code":"store_unavailable"}`
	internal         = `{"error":"server_error","error_description":"the server failed","code":"internal"}`
	notFound         = `{"error":"not_found","error_description":"there is nothing at this path","code":"not_found"}`
)

// What follows the names of errors in a challenge.
const (
	challengeMissing        = `WWW-Authenticate: Bearer realm="auth.example"`
	challengeInvalid        = `WWW-Authenticate: Bearer realm="auth.example", error="invalid_token", error_description="the access token is invalid"`
	challengeExpired        = `WWW-Authenticate: Bearer realm="auth.example", error="invalid_token", error_description="the access token has expired"`
	challengeRevoked        = `WWW-Authenticate: Bearer realm="auth.example", error="invalid_token", error_description="the access token has been revoked"`
	challengeRefreshInvalid = `WWW-Authenticate: Bearer realm="auth.example", error="invalid_grant", error_description="the refresh token is invalid, expired or revoked"`
	challengeBadCredentials = `WWW-Authenticate: Bearer realm="auth.example", error="invalid_grant", error_description="the user name or the password is wrong"`
)

// tokens is the body of a successful login or reissue at the moment of the
// session's last rotation, but for the session's id.
const tokens = `{"access_token":"<jwt>","token_type":"Bearer","expires_in":600,"refresh_token":"<jwt>","refresh_token_expires_in":604800,"session_id":`

// answer is an answer in JSON, none of which may be stored.
func answer(status int, body string, header ...string) want {
	common := []string{"Content-Type: application/json", "Cache-Control: no-store", "Pragma: no-cache"}
	return want{status: status, header: append(common, header...), body: body + "\n"}
}

// unavailable is the answer if the store fails.
func unavailable() want { return answer(503, storeUnavailable, "Retry-After: 1") }

// notAllowed is the answer to another method than those given.
func notAllowed(methods string) want { return answer(405, methodNotAllowed, "Allow: "+methods) }

// notRouted is the answer to another method on a route of the application.
func notRouted(methods string) want {
	w := notAllowed(methods)
	w.router = true
	return w
}

// application is an answer of the application itself.
func application(body string) want {
	return want{status: 200, header: []string{"Content-Type: application/json"}, body: body}
}

// headOnly is the answer to HEAD.
func headOnly(w want) want {
	w.body = ""
	return w
}

// alice and nobody are what the application answers to them.
func alice() want  { return application(`{"user":"alice","session":"$session"}` + "\n") }
func nobody() want { return application(`{"user":"","session":""}` + "\n") }
