package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const (
	feedBuffer   = 64              // events that a page may be behind
	feedPages    = 20              // open at once, of one user
	feedCheck    = 5 * time.Second // between two looks at whether the session lives
	feedPatience = 5 * time.Second // with a page that does not read
)

// feed hands the events of this process to the pages that are open. It never
// waits for one: a page that is too far behind is dropped, and comes again.
//
// It is for a demo. The reason why a refresh token was refused is for
// operators: here a thief with an access token learns it as well.
type feed struct {
	stopping <-chan struct{} // closed when the process is told to end

	mu    sync.Mutex
	pages []*watcher
}

// watcher is one open page.
type watcher struct {
	subject string
	all     bool            // not only the subject's events
	events  chan core.Event // closed when it is dropped
}

func newFeed(stopping <-chan struct{}) *feed { return &feed{stopping: stopping} }

// publish is core.Config.OnEvent.
func (f *feed) publish(_ context.Context, e core.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pages = slices.DeleteFunc(f.pages, func(p *watcher) bool {
		if !p.all && (e.Subject == "" || e.Subject != p.subject) {
			return false
		}
		select {
		case p.events <- e:
			return false
		default:
			close(p.events)
			return true
		}
	})
}

// add opens a page, or returns nil if the user has too many.
func (f *feed) add(subject string, all bool) *watcher {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, p := range f.pages {
		if p.subject == subject {
			n++
		}
	}
	if n >= feedPages {
		return nil
	}
	p := &watcher{subject: subject, all: all, events: make(chan core.Event, feedBuffer)}
	f.pages = append(f.pages, p)
	return p
}

func (f *feed) remove(p *watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pages = slices.DeleteFunc(f.pages, func(other *watcher) bool { return other == p })
}

// serve streams events to a page, as text/event-stream, while its session lives
// and its access token has not expired. A last event of the type "end" says why
// it ends: "revoked", "expired", "behind", "stopping", or "unavailable" if the
// store could not be asked.
func (f *feed) serve(w http.ResponseWriter, r *http.Request, authority *core.Authority, token *core.Claims, all bool) error {
	if r.ContentLength != 0 { // net/http would wait for the body before it sends the header
		return fmt.Errorf("%w: a stream takes no body", core.ErrRequestInvalid)
	}
	s := &stream{w: w, control: http.NewResponseController(w)}
	if r.Method == http.MethodHead {
		s.begin()
		return nil
	}
	page := f.add(token.Subject(), all)
	if page == nil {
		return fmt.Errorf("%w: too many pages are open", core.ErrUnavailable)
	}
	defer f.remove(page)
	s.begin()
	expiry := time.NewTimer(time.Until(token.ExpiresAt()))
	defer expiry.Stop()
	check := time.NewTicker(feedCheck)
	defer check.Stop()
	for !s.ended {
		select {
		case <-r.Context().Done():
			return nil
		case <-f.stopping:
			s.end("stopping")
		case <-expiry.C:
			s.end("expired")
		case <-check.C: // the session may have ended in another process
			s.check(r.Context(), authority, token)
		case e, ok := <-page.events:
			if !ok {
				s.end("behind")
				break
			}
			s.event(e)
			if e.Type == core.SessionRevoked && e.SessionID == token.SessionID() {
				s.end("revoked")
			}
		}
	}
	return nil
}

// stream is the answer to one page.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	ended   bool
}

// begin sends the header.
func (s *stream) begin() {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	s.write(": this user's events\n\n")
}

// write sends text at once. A page that does not take it has gone. The server's
// deadline is for answers that end: a stream has one for each write.
func (s *stream) write(text string) {
	err := s.control.SetWriteDeadline(time.Now().Add(feedPatience))
	if err == nil {
		_, err = io.WriteString(s.w, text)
	}
	if err == nil {
		err = s.control.Flush()
	}
	s.ended = s.ended || err != nil
}

// event sends what a page may know of an event. Err is for operators.
func (s *stream) event(e core.Event) {
	text, err := json.Marshal(map[string]any{
		"type": e.Type, "time": e.Time.UTC(), "subject": e.Subject, "session": e.SessionID,
		"reason": e.Reason, "generation": e.Generation, "ip": e.Device.IP,
	})
	if err == nil {
		s.write(fmt.Sprintf("data: %s\n\n", text))
	}
}

// end says why the stream ends, and ends it.
func (s *stream) end(why string) {
	s.write("event: end\ndata: " + why + "\n\n")
	s.ended = true
}

// check ends the stream unless the session lives.
func (s *stream) check(ctx context.Context, authority *core.Authority, token *core.Claims) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	live, err := authority.Sessions(ctx, token.Subject())
	switch {
	case err != nil:
		s.end("unavailable")
	case !slices.ContainsFunc(live, func(l core.Session) bool { return l.ID == token.SessionID() }):
		s.end("revoked")
	default:
		s.write(": still here\n\n")
	}
}
