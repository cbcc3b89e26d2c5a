// Package ginauth puts Ratchet's login sessions into Gin applications: the
// middleware and the handlers of package httpauth, which documents them.
//
//	auth, err := ginauth.New(authority, ginauth.Options{})
//	r := gin.New()
//	r.POST("/auth/login", func(c *gin.Context) {
//		// check the password, then:
//		auth.Login(c, core.Login{Subject: user})
//	})
//	r.POST("/auth/reissue", auth.Reissue)
//	r.POST("/auth/logout", auth.Logout)
//	r.GET("/api/me", auth.Require, func(c *gin.Context) {
//		c.JSON(200, gin.H{"user": ginauth.Claims(c).Subject()})
//	})
//
// # Gin's ways
//
// Gin answers 404 to a method that a path does not have, unless the engine is
// told otherwise, and does not route HEAD to GET:
//
//	r.HandleMethodNotAllowed = true
//	r.NoMethod(func(c *gin.Context) { auth.Error(c, core.ErrMethodNotAllowed) })
//	r.NoRoute(func(c *gin.Context) { auth.Error(c, core.ErrNotFound) })
//
// c.Param is the path's own text, and a name with a slash has no route. An engine
// with UseEscapedPath routes such names too, but then needs UnescapePathValues
// off, or a plus sign becomes a space, and url.PathUnescape around c.Param.
//
// The claims are in the context of the request. A *gin.Context used as a
// context.Context finds them only with gin.Engine.ContextWithFallback; [Claims]
// always does.
package ginauth

import (
	"bufio"
	"errors"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// What every face shares is declared in package httpauth.
type (
	Options       = httpauth.Options
	Transport     = httpauth.Transport
	CookieOptions = httpauth.CookieOptions
	CallOption    = httpauth.CallOption
)

// Hybrid returns the transport of [httpauth.Hybrid].
func Hybrid(o CookieOptions) Transport { return httpauth.Hybrid(o) }

// Cookie returns the transport of [httpauth.Cookie].
func Cookie(o CookieOptions) Transport { return httpauth.Cookie(o) }

// FromOrigin returns the option of [httpauth.FromOrigin].
func FromOrigin(origin string) CallOption { return httpauth.FromOrigin(origin) }

// Auth is the middleware and the handlers of one transport. It is safe for
// concurrent use.
type Auth struct {
	face *httpauth.Face

	// ErrorHandler answers refusals in place of the library, in the application's
	// format. It is set before the Auth serves. When it is called the headers of the
	// refusal are set, and its status, which is sent unless the handler writes another.
	// The error has been recorded by c.Error, and the chain has been stopped.
	ErrorHandler func(*gin.Context, error)
}

// New returns an Auth for the Authority, as [httpauth.New] does. It refuses
// Options.ErrorHandler: Gin's is the field of Auth.
func New(a *core.Authority, o Options) (*Auth, error) {
	f, err := httpauth.NewFace(a, o)
	if o.ErrorHandler != nil {
		err = errors.Join(err, errors.New("ginauth: Options.ErrorHandler is set: Gin's is Auth.ErrorHandler"))
	}
	if err != nil {
		return nil, err
	}
	return &Auth{face: f}, nil
}

// Claims returns the claims of the request's access token, nil if neither
// [Auth.Require] nor [Auth.Optional] has found a good one.
func Claims(c *gin.Context) *core.Claims { return httpauth.Claims(c.Request) }

// ClaimsAs returns the custom claims as [httpauth.ClaimsAs] does.
func ClaimsAs[T any](c *gin.Context) (T, error) { return httpauth.ClaimsAs[T](c.Request) }

// Require is the middleware of [httpauth.Auth.Require]. A refusal stops the chain.
func (a *Auth) Require(c *gin.Context) { a.admit(c, (*httpauth.Face).Require) }

// Optional is the middleware of [httpauth.Auth.Optional].
func (a *Auth) Optional(c *gin.Context) { a.admit(c, (*httpauth.Face).Optional) }

// RequireRole is the middleware of [httpauth.Auth.RequireRole]. A refusal stops the chain.
func (a *Auth) RequireRole(any ...string) gin.HandlerFunc {
	return a.further(func(r *http.Request) error { return a.face.RequireRole(r, any...) })
}

// RequireScope is the middleware of [httpauth.Auth.RequireScope]. A refusal stops the chain.
func (a *Auth) RequireScope(all ...string) gin.HandlerFunc {
	return a.further(func(r *http.Request) error { return a.face.RequireScope(r, all...) })
}

// further returns middleware that looks at what Require has found.
func (a *Auth) further(check func(*http.Request) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := check(c.Request); err != nil {
			a.Error(c, err)
		}
	}
}

type check func(*httpauth.Face, http.ResponseWriter, *http.Request) (httpauth.Admission, error)

func (a *Auth) admit(c *gin.Context, check check) {
	// Middleware of the whole engine runs before NoMethod too, for which Gin
	// has set the status, and 405 comes before 401.
	if c.FullPath() == "" && c.Writer.Status() == http.StatusMethodNotAllowed {
		a.Error(c, core.ErrMethodNotAllowed)
		return
	}
	admission, err := check(a.face, c.Writer, c.Request)
	if admission.Renewal != nil {
		w := keepingWriter{c.Writer, admission.Renewal}
		c.Writer = w
		defer w.keep() // for a handler that has written nothing, or panics
	}
	if err != nil || admission.Answered {
		a.answered(c, err)
		return
	}
	c.Request = admission.Request
	if admission.Renewal != nil {
		c.Next()
	}
}

// Error answers an error as [httpauth.Auth.Error] does, or by ErrorHandler, records
// it by c.Error and stops the chain.
func (a *Auth) Error(c *gin.Context, err error) {
	c.Abort()
	e := a.face.Prepare(c.Writer, c.Request, err)
	err = httpauth.Cause(e, err)
	c.Error(&recorded{e, err})
	if a.ErrorHandler == nil {
		httpauth.WriteError(c.Writer, e)
		return
	}
	c.Status(e.Status())
	a.ErrorHandler(c, err)
	c.Writer.WriteHeaderNow()
}

// keepingWriter has its say last, at whatever sends the header: the answer carries
// new cookies.
type keepingWriter struct {
	gin.ResponseWriter
	renewal *httpauth.Renewal
}

// keep says so unless the header has been sent.
func (w keepingWriter) keep() {
	if !w.Written() || w.Status() < 200 { // 1xx is not the header yet
		w.renewal.Keep(w.Header())
	}
}

// Unwrap is for [http.ResponseController].
func (w keepingWriter) Unwrap() http.ResponseWriter { w.keep(); return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w keepingWriter) WriteHeader(status int) { w.keep(); w.ResponseWriter.WriteHeader(status) }

// WriteHeaderNow implements [gin.ResponseWriter].
func (w keepingWriter) WriteHeaderNow() { w.keep(); w.ResponseWriter.WriteHeaderNow() }

// Write implements [http.ResponseWriter].
func (w keepingWriter) Write(data []byte) (int, error) { w.keep(); return w.ResponseWriter.Write(data) }

// WriteString implements [io.StringWriter].
func (w keepingWriter) WriteString(s string) (int, error) {
	w.keep()
	return w.ResponseWriter.WriteString(s)
}

// Flush implements [http.Flusher].
func (w keepingWriter) Flush() { w.keep(); w.ResponseWriter.Flush() }

// Hijack implements [http.Hijacker].
func (w keepingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.keep()
	return w.ResponseWriter.Hijack()
}
