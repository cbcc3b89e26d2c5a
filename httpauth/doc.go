// Package httpauth is the HTTP of Ratchet for net/http, and for every router that
// mounts an [http.Handler], such as chi. It reads credentials and bodies, calls
// the [core.Authority] and answers.
//
// Most services need [New], the middleware [Auth.Require], and the handlers
// [Auth.Login], [Auth.Reissue] and [Auth.Logout]:
//
//	auth, err := httpauth.New(authority, httpauth.Options{})
//	mux.HandleFunc("POST /auth/login", func(w http.ResponseWriter, r *http.Request) {
//		// check the password, then:
//		auth.Login(w, r, core.Login{Subject: user})
//	})
//	mux.HandleFunc("POST /auth/reissue", auth.Reissue)
//	mux.HandleFunc("POST /auth/logout", auth.Logout)
//	mux.Handle("GET /api/me", auth.Require(http.HandlerFunc(me)))
//
// [Auth.LogoutAll], [Auth.Sessions] and [Auth.RevokeSession] are for what users do
// with their own sessions, [Auth.BlockUser] and the others about any user for what
// administrators do. [Auth.JWKS] is for other services, [Auth.Health] for what
// watches over the process. The package holds no policy: what is accepted is
// decided by the [core.Authority].
//
// # Transports
//
// Options.Transport says where tokens travel. They are never read from a query.
//
//   - Bearer, the default, is for mobile clients and services. The access token
//     comes in the Authorization header (RFC 6750, section 2.1) and the refresh
//     token in a body. Both go out in the JSON body of RFC 6749, section 5.1.
//   - [Hybrid] is for single-page applications. It is bearer with the refresh token
//     in a cookie that no script can read. The access token goes out in the
//     Authorization header of the answer as well.
//   - [Cookie] is for applications that a browser shows. Both tokens are in cookies
//     and none in a body. A Bearer header is accepted as well.
//
// An application with web and mobile clients makes one Auth for each on the same
// Authority.
//
// # Cookies
//
// The cookies are Secure, HttpOnly, SameSite and, by the prefix "__Host-", of one
// host alone; [CookieOptions] has the rest. A login, a reissue and a logout of a
// transport with cookies must come from the same origin or a trusted one, as
// [http.CrossOriginProtection] judges, and so must whatever else changes something
// by a cookie, the handshake of a WebSocket included. Otherwise the answer is 403.
// [FromOrigin] makes an exception for the login that a provider's page posts. Only
// a logout, or what else ends the caller's own session, clears the cookies.
//
// With [CookieOptions].SilentReissue a browser never needs to ask for a reissue. A
// request to [Auth.Require], or to a handler that authenticates by itself, is
// reissued on the way if its access token is missing or has expired and its
// refresh cookie is good. It is served, and its answer sets the new cookies. That
// is for the application's own pages and trusted origins. A navigation is answered
// first with a page that loads itself again, so that nothing another site causes
// moves a session.
//
// Two cookies of one name are refused with 400 where a token is checked or
// reissued. A login and a logout end the session of each instead, overwrite or
// clear the cookie and log its name.
//
// # Administrators
//
// [Auth.BlockUser], [Auth.UnblockUser], [Auth.RevokeUser], [Auth.RefreshClaims], [Auth.UserSessions] and
// [Auth.RevokeUserSession] act on the user whom the application names. They do not
// check what rights the caller has: only the application knows who is an
// administrator. Its check comes after [Auth.Require] and before them. It is
// [Auth.RequireRole] where roles are in the tokens, put there by
// [core.Config.LoadClaims] or [core.Login.Claims], such as {"roles":["admin"]}:
//
//	admin := auth.RequireRole("admin")
//	mux.Handle("PUT /admin/users/{user}/block", auth.Require(admin(
//		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//			auth.BlockUser(w, r, r.PathValue("user"))
//		}))))
//
// Without Require they serve nobody. With Require but without the check they serve
// every user.
//
// # Answers
//
// Login, Reissue and Logout answer by themselves. [Auth.Issue], [Auth.Renew] and
// [Auth.End] do the same and leave status and body to the application, for a
// redirect, say.
//
// # Errors
//
// A refusal is answered as {"error","error_description","code"}: the code of the
// RFC, a sentence, and Ratchet's own code, such as "token_expired". Each is a
// [core.Error]; [Auth.Error] answers one for the application's own handlers, so that
// they answer alike. Options.ErrorHandler answers them all in a format of the
// application's, with status and headers set.
//
// A 401 has its challenge in WWW-Authenticate (RFC 6750, section 3). A store that
// fails or does not answer within 4 seconds is a 503 with Retry-After: it says
// nothing about a token, and the client tries again.
//
// # Methods
//
// A handler that belongs to one method answers any other with 405 and Allow by
// itself, before it looks at credentials. Mounted for one method it leaves that to
// the router, whose answers have a text of its own. For the paths that no pattern
// has there is an error:
//
//	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
//		auth.Error(w, r, core.ErrNotFound)
//	})
//
// In a [http.ServeMux] that pattern also takes the other methods of every path, so
// they are 404 and not 405. errors.go of the example program http-app tells them
// apart.
//
// [http.ServeMux] serves HEAD by a pattern for GET. Where a router does not, mount
// Sessions, UserSessions, JWKS and Health for both.
//
// # Other frameworks
//
// Packages ginauth, echoauth and echoauth/v5 have the same names for Gin and Echo.
// [Next] and [NoStore] are here alone: Gin's c.Request and Echo's c.Request() fit.
// They and [Auth] stand on [Face], whose operations return their refusal; an
// adapter for another framework that speaks net/http needs no more.
package httpauth
