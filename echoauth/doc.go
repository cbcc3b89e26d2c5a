// Package echoauth puts Ratchet's login sessions into Echo applications:
// middleware that lets requests with a good access token pass, and handlers
// that reissue, log out and manage sessions.
//
// Most applications need [New], [Auth.Require], [Auth.Login], [Auth.Reissue]
// and [Auth.Logout]:
//
//	auth := echoauth.New(authority, echoauth.Options{})
//	e := echo.New()
//	e.POST("/auth/login", func(c echo.Context) error {
//		// check the password, then
//		return auth.Login(c, core.Login{Subject: user})
//	})
//	e.POST("/auth/reissue", auth.Reissue)
//	e.POST("/auth/logout", auth.Logout)
//	e.GET("/api/me", func(c echo.Context) error {
//		return c.JSON(200, echo.Map{"user": echoauth.Claims(c).Subject()})
//	}, auth.Require)
//
// The package holds no policy: what is accepted is decided by the
// [core.Authority]. The ginauth package is the same for Gin, name for name,
// and both give the same answers, byte for byte.
//
// # Tokens
//
// The access token comes in the Authorization header (RFC 6750, section 2.1),
// never in a query. Tokens go out in the JSON body of RFC 6749, section 5.1.
//
// # Errors
//
// An error is answered as {"error","error_description","code"}: the code of
// the RFC, a sentence, and Ratchet's own code, such as "token_expired". Each
// is a [core.Error]; [Auth.Error] writes one for the application's own
// handlers, so that they answer alike. The middleware and the handlers write
// their refusals themselves and return nil; with
//
//	e.HTTPErrorHandler = auth.HTTPErrorHandler
//
// the errors that the application's handlers return, and the 404 and 405 of
// Echo's router, are answered in the same form.
//
// # Methods
//
// A handler that belongs to one method answers any other with 405 by itself,
// before it looks at credentials. Echo does not route HEAD to GET: register
// both for Sessions and JWKS.
//
// Give Require and Optional to each route rather than to an [echo.Group]: for a
// group with middleware Echo registers a route that matches every path, which
// turns the router's 405 into a 401 or 404.
package echoauth
