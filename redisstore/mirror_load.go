package redisstore

import (
	"context"
	"errors"
	"strings"
	"time"
)

// load reads on where a poll has found more than it may read, to the feed's
// end: by XRANGE, which costs the server a fraction of what the script does. It
// gives no lease. Each page begins with the last entry applied, which must be
// the same byte for byte, as in a poll, and a poll comes after it.
//
// It stops after the page that is read at the time enough, and reports that the
// feed goes on: the other shards' leases are not to run out meanwhile.
func (p *poller) load(ctx context.Context, i int, enough time.Time) (goesOn bool, err error) {
	s, shard := p.mirror.store, p.mirror.shards[i]
	feed := s.layout.keysOf(i).feed()
	for {
		cursor := shard.cursor // the call may outlive this one, on a client that heeds no context
		entries, err := p.bounded(ctx, func(ctx context.Context) ([]any, error) {
			return s.client.Do(ctx, "xrange", feed, cursor, "+", "count", pollEntries+1).Slice()
		})
		if err != nil {
			return false, err
		}
		read, err := pageOf(entries, shard.cursor, shard.fields)
		if err != nil || read.status == "broken" { // which the poll will find, too
			return false, err
		}
		if _, err := shard.apply(read, p.serverTime); err != nil {
			return false, err
		}
		if len(entries) <= pollEntries {
			return false, nil
		}
		if !time.Now().Before(enough) {
			return true, nil
		}
	}
}

// pageOf returns the page that follows the last entry applied. It always has
// more to read, because only a poll can tell the end.
func pageOf(entries []any, cursor, fields string) (page, error) {
	var lines strings.Builder
	p := page{status: "broken"}
	for n, e := range entries {
		id, values, err := feedEntry(e)
		if err != nil {
			return page{}, err
		}
		if n == 0 {
			if id != cursor || strings.Join(values, " ") != fields {
				return p, nil
			}
			p.status = "more"
		} else {
			if n > 1 {
				lines.WriteByte('\n')
			}
			lines.WriteString(values[3] + " " + values[5] + " " + values[7])
		}
		if n == len(entries)-1 {
			p.cursor, p.fields = id, strings.Join(values, " ")
		}
	}
	p.lines = lines.String()
	return p, nil
}

// feedEntry returns the id of an entry of a feed and its fields: nonce, session,
// generation and time, each after its name.
func feedEntry(e any) (id string, fields []string, err error) {
	malformed := errors.New("redisstore: a feed entry is malformed")
	pair, _ := e.([]any)
	if len(pair) != 2 {
		return "", nil, malformed
	}
	id, ok := pair[0].(string)
	list, _ := pair[1].([]any)
	if !ok || len(list) != 8 {
		return "", nil, malformed
	}
	fields = make([]string, len(list))
	for i := range list {
		if fields[i], ok = list[i].(string); !ok {
			return "", nil, malformed
		}
	}
	return id, fields, nil
}
