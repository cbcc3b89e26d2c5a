package holes

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/ratchetauth/ratchet/core"
)

// eventLog collects the events of all processes.
type eventLog struct {
	mu   sync.Mutex
	list []core.Event
}

func (l *eventLog) add(_ context.Context, e core.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

// take returns the events since the last call.
func (l *eventLog) take() []core.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list
	l.list = nil
	return list
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
