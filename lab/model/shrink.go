package model

import (
	"reflect"
	"slices"
	"time"
)

// shrinkTries bounds the search for a shorter history. It is no time, so that
// a busy machine finds the same.
const shrinkTries = 3000

// shrink returns the shortest history that it finds to fail, and how that
// fails: it leaves out ever smaller parts (delta debugging), and then makes
// what is left plainer. The failure may become another one, which is as good.
func shrink(h history, why error, fail func(history) error) (history, error) {
	simplifications := []simplify{
		func(o *op) { o.Fault = "" },
		func(o *op) { o.Key = 0 },
		func(o *op) { o.Session = 0 },
		func(o *op) { o.User = 0 },
		func(o *op) { o.Back = min(o.Back, 1) },
		func(o *op) { o.Back = 0 },
		func(o *op) { o.Access, o.Keep = false, false },
		func(o *op) { o.Until, o.For = "", max(o.For, time.Second) },
	}
	tries := 0
	attempt := func(plainer history) bool {
		if tries++; tries > shrinkTries {
			return false
		}
		err := fail(plainer)
		if err != nil {
			h, why = plainer, err
		}
		return err != nil
	}
	try := func(ops []op) bool { return attempt(history{h.Settings, ops}) }
	for again := true; again; {
		again = false
		for size := max(1, len(h.Ops)/2); size > 0; size /= 2 {
			for end := len(h.Ops); end > 0; { // from the end, on which less depends
				from := max(0, end-size)
				again = try(slices.Concat(h.Ops[:from], h.Ops[end:])) || again
				end = from
			}
		}
		for i := range h.Ops {
			for _, simplify := range simplifications {
				if plainer := simplified(h.Ops[i], simplify); plainer != h.Ops[i] {
					ops := slices.Clone(h.Ops)
					ops[i] = plainer
					again = try(ops) || again
				}
			}
		}
	}
	for i := range reflect.TypeFor[settings]().NumField() {
		plainer := h.Settings
		reflect.ValueOf(&plainer).Elem().Field(i).Set(reflect.ValueOf(common()).Field(i))
		if plainer != h.Settings {
			attempt(history{plainer, h.Ops})
		}
	}
	return h, why
}

// simplify leaves out one parameter of an operation.
type simplify func(*op)

// simplified applies it, but leaves a block its length: without one it is for
// ever, which is no plainer.
func simplified(o op, f simplify) op {
	p := o
	f(&p)
	if o.Do != wait {
		p.Until, p.For = o.Until, o.For
	}
	return p
}
