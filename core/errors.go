package core

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Error is a refusal that a client may be told. The sentinels below are the
// only values; compare with [errors.Is], because most errors wrap one of them
// and add detail that is for operators, not for clients.
//
// An error that is no *Error is a programming or configuration fault and is
// answered as [ErrInternal].
type Error struct {
	status      int
	code        string
	oauth       string
	description string
}

// Error returns the description with the package's prefix.
func (e *Error) Error() string { return "ratchet: " + e.description }

// Status returns the HTTP status that the error is answered with.
func (e *Error) Status() int { return e.status }

// StatusCode is Status, for frameworks that ask an error for it.
func (e *Error) StatusCode() int { return e.status }

// MarshalJSON implements [json.Marshaler]: the body that the error is answered
// with, of RFC 6749, section 5.2, and the member "code".
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Code        string `json:"code"`
	}{e.oauth, e.description, e.code})
}

// Code returns Ratchet's own stable name for the error, such as
// "token_expired".
func (e *Error) Code() string { return e.code }

// OAuthCode returns the error's name in OAuth 2.0, such as "invalid_token": one
// of RFC 6749, sections 4.1.2.1 and 5.2, or of RFC 6750, section 3.1, and
// "not_found" where those have none.
func (e *Error) OAuthCode() string { return e.oauth }

// Description returns a sentence for the client's developer. It never depends
// on the request, so it can reveal nothing about it.
func (e *Error) Description() string { return e.description }

// What an access check, [Authority.Verify], can answer, beside
// [ErrUnavailable].
var (
	ErrTokenMissing = &Error{http.StatusUnauthorized, "token_missing", "invalid_token", "an access token is required"}
	ErrTokenInvalid = &Error{http.StatusUnauthorized, "token_invalid", "invalid_token", "the access token is invalid"}
	ErrTokenExpired = &Error{http.StatusUnauthorized, "token_expired", "invalid_token", "the access token has expired"}
	ErrTokenRevoked = &Error{http.StatusUnauthorized, "token_revoked", "invalid_token", "the access token has been revoked"}
)

// What a reissue can answer. Every refused refresh token gets the same words:
// the reason is in the [Event], where a thief cannot read it. What is no
// genuine refresh token causes no event.
var (
	ErrRefreshMissing = &Error{http.StatusUnauthorized, "refresh_missing", "invalid_grant", "a refresh token is required"}
	ErrRefreshInvalid = &Error{http.StatusUnauthorized, "refresh_invalid", "invalid_grant", "the refresh token is invalid, expired or revoked"}
)

// ErrGrantMissing and ErrGrantInvalid are [ErrRefreshMissing] and
// [ErrRefreshInvalid] as an OAuth client expects them, one that sends a form: with
// status 400 and no challenge (RFC 6749, section 5.2). Codes and words are the
// same. An error that wraps one of them wraps the other as well.
var (
	ErrGrantMissing = &Error{http.StatusBadRequest, ErrRefreshMissing.code, ErrRefreshMissing.oauth, ErrRefreshMissing.description}
	ErrGrantInvalid = &Error{http.StatusBadRequest, ErrRefreshInvalid.code, ErrRefreshInvalid.oauth, ErrRefreshInvalid.description}
)

// What a login and the management of sessions can answer. ErrBadCredentials
// and ErrForbidden are for applications: the library checks no password and
// knows no role. ErrCrossOrigin is the adapters' answer to whatever another
// origin would change by a cookie.
var (
	ErrBadCredentials  = &Error{http.StatusUnauthorized, "bad_credentials", "invalid_grant", "the user name or the password is wrong"}
	ErrUserBlocked     = &Error{http.StatusForbidden, "user_blocked", "access_denied", "the user is blocked"}
	ErrForbidden       = &Error{http.StatusForbidden, "forbidden", "access_denied", "the caller may not do this"}
	ErrCrossOrigin     = &Error{http.StatusForbidden, "cross_origin", "access_denied", "the request comes from another origin"}
	ErrSessionNotFound = &Error{http.StatusNotFound, "session_not_found", "not_found", "no such session"}
	ErrSessionLimit    = &Error{http.StatusConflict, "session_limit", "access_denied", "the user has as many sessions as are allowed"}
)

// ErrInsufficientScope is [ErrForbidden] for an access token without the scope or
// the role that a resource asks for, with the challenge of RFC 6750, section 3.1.
var ErrInsufficientScope = &Error{http.StatusForbidden, ErrForbidden.code, "insufficient_scope", ErrForbidden.description}

// What is wrong with a request as such.
var (
	ErrRequestInvalid       = &Error{http.StatusBadRequest, "request_invalid", "invalid_request", "the request is malformed"}
	ErrUnsupportedGrantType = &Error{http.StatusBadRequest, "request_invalid", "unsupported_grant_type", "the grant type is not supported"}
	ErrNotFound             = &Error{http.StatusNotFound, "not_found", "not_found", "there is nothing at this path"}
	ErrMethodNotAllowed     = &Error{http.StatusMethodNotAllowed, "method_not_allowed", "invalid_request", "the method is not allowed"}
	ErrRequestTooLarge      = &Error{http.StatusRequestEntityTooLarge, "request_too_large", "invalid_request", "the request body is too large"}
	ErrUnsupportedMediaType = &Error{http.StatusUnsupportedMediaType, "unsupported_media_type", "invalid_request", "the media type of the request body is not supported"}
)

// What is wrong on the server's side. ErrUnavailable says that the store, or
// the application's [Config.LoadClaims], could not answer. It says nothing
// about the token: the client keeps it and tries again.
var (
	ErrUnavailable = &Error{http.StatusServiceUnavailable, "store_unavailable", "temporarily_unavailable", "the service is temporarily unavailable"}
	ErrInternal    = &Error{http.StatusInternalServerError, "internal", "server_error", "the server failed"}
)

// ErrUserGone is returned by [Config.LoadClaims] for a user who no longer
// exists or may no longer log in. The reissue is refused with
// [ErrRefreshInvalid], a login with [ErrBadCredentials], and every session of
// the user ends.
var ErrUserGone = errors.New("ratchet: the user is gone")

// AsError returns the *Error that err is or wraps, and [ErrInternal] for any
// other error. It returns nil for a nil error.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrInternal
}
