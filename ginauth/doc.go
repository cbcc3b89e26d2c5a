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
// The package holds no policy: what is accepted is decided by the
// [core.Authority]. The echoauth package is the same for Echo, name for name,
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
// handlers, so that they answer alike.
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
// Gin does not route HEAD to GET: register both for Sessions and JWKS.
package ginauth
