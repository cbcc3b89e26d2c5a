package httpauth

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/ratchetauth/ratchet/core"
)

// Options configures [New] and the New of each face. The zero value is ready to
// use: the bearer transport.
type Options struct {
	// Transport says where tokens travel. The default is bearer; [Hybrid] and
	// [Cookie] make the others.
	Transport Transport

	// LoginPage is the path of the application's login page, such as "/login". A
	// navigation (GET or HEAD of a browser that asks for a page) that Require
	// refuses with 401 is sent there by 303, before any error handler, with the
	// query parameter "next" for [Next]. The page itself is never sent to itself.
	// Default none.
	LoginPage string

	// ErrorHandler answers refusals in place of the library, in the format of
	// the application. The headers of the refusal (challenge, Retry-After,
	// Cache-Control) are set when it is called, and it may change them. Its
	// writer sends the status of the refusal unless it calls WriteHeader, also
	// if it writes nothing. core.AsError tells it what to answer. The faces of
	// frameworks have their own way and refuse this field.
	ErrorHandler func(http.ResponseWriter, *http.Request, error)

	// Logger receives the faults that clients are not told, those answered
	// with 500. Default: the Authority's logger.
	Logger *slog.Logger
}

// Err reports every fault of the options themselves, each with the name of its
// field. [New] reports them as well, and what does not go with the Authority.
func (o Options) Err() error {
	err := o.Transport.Err()
	if o.LoginPage != "" {
		err = errors.Join(err, checkLoginPage(o.LoginPage))
	}
	return err
}

// check reports what [Options.Err] does, and what does not go with the Authority.
func (o Options) check(a *core.Authority) error {
	err := o.Err()
	if a == nil {
		return errors.Join(errors.New("httpauth: the Authority is nil"), err)
	}
	if c := o.Transport.cookies; c != nil && c.silent && a.ReuseGrace() == core.Strict {
		err = errors.Join(err, errors.New("httpauth: CookieOptions.SilentReissue is set and core.Config.ReuseGrace is Strict: "+
			"a browser that sends two requests at once would be logged out"))
	}
	return err
}
