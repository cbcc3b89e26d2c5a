// Package ginauth puts Ratchet's login sessions into Gin applications:
// middleware that lets requests with a good access token pass, and handlers
// that reissue, log out and manage sessions.
//
// Most applications need [New], [Auth.Require], [Auth.Login], [Auth.Reissue]
// and [Auth.Logout]:
//
//	auth := ginauth.New(authority, ginauth.Options{})
//	r := gin.New()
//	r.POST("/auth/login", func(c *gin.Context) {
//		// check the password, then
//		auth.Login(c, core.Login{Subject: user})
//	})
//	r.POST("/auth/reissue", auth.Reissue)
//	r.POST("/auth/logout", auth.Logout)
//	r.GET("/api/me", auth.Require, func(c *gin.Context) {
//		c.JSON(200, gin.H{"user": ginauth.Claims(c).Subject()})
//	})
//
// [Auth.LogoutAll], [Auth.Sessions] and [Auth.RevokeSession] are for what users
// do with their own sessions, [Auth.Block], [Auth.Unblock] and [Auth.RevokeAll]
// for what administrators do with anybody's; [Auth.JWKS] is for other services,
// [Auth.Health] for what watches over the process. [Auth.Recover] and [ReadJSON]
// are for the application's own handlers.
//
// The package holds no policy: what is accepted is decided by the
// [core.Authority]. The echoauth package is the same for Echo, name for name,
// and both give the same answers, byte for byte.
//
// # Transports
//
// Where tokens travel is the choice of [Options].Transport. Tokens are never
// read from a query.
//
//   - Bearer, the default, for mobile clients and services: the access token
//     comes in the Authorization header (RFC 6750, section 2.1), the refresh
//     token in a body. Both go out in the JSON body of RFC 6749, section 5.1.
//   - [Hybrid], for single-page applications: as bearer, but the refresh token
//     is in a cookie that no script can read. The access token goes out in the
//     Authorization header of the answer as well.
//   - [Cookie], for applications that a browser shows: both tokens are in
//     cookies and none in a body. A Bearer header is accepted as well.
//
// An application with web and mobile clients mounts one Auth for each on the
// same [core.Authority].
//
// # Cookies
//
// The cookies are Secure, HttpOnly, SameSite and, by the prefix "__Host-", of
// one host alone; [CookieOptions] has the rest. A login, a reissue and a
// logout of a transport with cookies, and whatever else changes something by a
// cookie, the handshake of a WebSocket included, must come from the same origin
// or a trusted one, as [http.CrossOriginProtection] judges; otherwise the
// answer is 403. Only a logout, or what else ends the caller's own session,
// clears them.
//
// With [CookieOptions].SilentReissue a browser never needs to ask for a
// reissue. A request to [Auth.Require], or to a handler that authenticates by
// itself, whose access token is missing or has expired, but whose refresh
// cookie is good, is reissued on the way and served, and its answer sets the
// new cookies. That is for the application's own pages, trusted origins and
// links that somebody follows from anywhere: no image, frame or script of
// another site can cause one.
//
// # Administrators
//
// Block, Unblock and RevokeAll act on the user whom the route names, and do not
// check what rights the caller has: only the application knows who is an
// administrator. Its check comes after [Auth.Require] and before them:
//
//	admin := r.Group("/admin/users/:user", auth.Require, requireAdmin)
//	admin.PUT("/block", auth.Block)
//	admin.DELETE("/block", auth.Unblock)
//	admin.DELETE("/sessions", auth.RevokeAll)
//
// Without Require they serve nobody. With Require but without the check they
// serve every user.
//
// # Errors
//
// An error is answered as {"error","error_description","code"}: the code of
// the RFC, a sentence, and Ratchet's own code, such as "token_expired". Each
// is a [core.Error]; [Auth.Error] writes one for the application's own
// handlers, so that they answer alike.
//
// A 401 has its challenge in WWW-Authenticate (RFC 6750, section 3). A store
// that fails or does not answer within 4 seconds is a 503 with Retry-After: it
// says nothing about a token, and the client tries again.
//
// # Methods
//
// A handler that belongs to one method answers any other with 405 by itself,
// before it looks at credentials. For routes that are registered by method Gin
// answers 404, unless the engine is told otherwise:
//
//	r.HandleMethodNotAllowed = true
//	r.NoMethod(auth.MethodNotAllowed)
//	r.NoRoute(auth.NotFound)
//
// Gin does not route HEAD to GET: register both for Sessions, JWKS and Health.
package ginauth
