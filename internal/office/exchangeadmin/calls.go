package exchangeadmin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// callsView is what the page of the log shows.
type callsView struct {
	form      *web.Form
	endpoints []exchange.Endpoint
	calls     []exchange.Call
	next      string           // address of the next page
	first     string           // address of the newest page, where this is a later one
	jobs      map[string]int64 // of the outbox, by message id, where a call is still to be made
}

func (room *Room) showCalls(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := callsView{form: web.FormOf(q)}
	f := filterOf(v.form)
	f.After = exchange.Cursor(q.Get("after"))
	var err error
	if v.endpoints, err = room.Exchange.Endpoints(r.Context()); err != nil {
		return err
	}
	status := http.StatusOK
	if v.form.OK() {
		var next exchange.Cursor
		v.calls, next, err = room.Exchange.Calls(r.Context(), f)
		if errors.Is(err, exchange.ErrCursor) {
			return web.NotFound()
		}
		if err != nil {
			return err
		}
		v.next, v.first = pages(q, next)
		if v.jobs, err = room.waiting(r.Context(), v.calls...); err != nil {
			return err
		}
	} else {
		status = http.StatusUnprocessableEntity
	}
	return web.Render(w, r, status, callsPage(v))
}

// pages are the addresses of the next page and, from a later one, of the newest.
func pages(q url.Values, next exchange.Cursor) (older, newest string) {
	if q.Get("after") != "" {
		q.Del("after")
		newest = "/admin/calls?" + q.Encode()
	}
	if next != "" {
		q.Set("after", string(next))
		older = "/admin/calls?" + q.Encode()
	}
	return older, newest
}

// filterOf reads what is searched for.
func filterOf(f *web.Form) exchange.Filter {
	filter := exchange.Filter{
		Operation: spec.Operation(f.Value("operation")), Direction: f.Value("direction"), Outcome: exchange.Outcome(f.Value("outcome")), MessageID: f.Value("message"), Trace: f.Value("trace"),
	}
	if filter.Outcome == "trouble" {
		filter.Outcome, filter.Trouble = "", true
	}
	if text := f.Value("endpoint"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			f.Fail("endpoint", "没有这个接入点")
		}
		filter.Endpoint = id
	}
	if text := f.Value("case"); text != "" {
		no, err := land.ParseCaseNumber(text)
		if err != nil {
			f.Fail("case", "办件编号不对，请核对后再查")
		}
		filter.Case = string(no)
	}
	filter.From = readDay(f, "from", 0)
	filter.To = readDay(f, "to", 1)
	return filter
}

// readDay reads a day, moved by some days: the end of a span is the beginning of the day after.
func readDay(f *web.Form, name string, plus int) time.Time {
	text := f.Value(name)
	if text == "" {
		return time.Time{}
	}
	d, err := land.ParseDate(text)
	if err != nil {
		f.Fail(name, "日期应形如 2026-11-24")
		return time.Time{}
	}
	t := d.Time()
	return time.Date(t.Year(), t.Month(), t.Day()+plus, 0, 0, 0, 0, clock.Shanghai())
}

func (room *Room) showCall(w http.ResponseWriter, r *http.Request) error {
	v, err := room.call(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, callPage(v))
}

// callView is what the page of one call shows.
type callView struct {
	call     exchange.Call
	endpoint string // name
	job      int64  // of the outbox, where the call is still to be made; 0: none
}

func (room *Room) call(r *http.Request) (callView, error) {
	id, err := idOf(r)
	if err != nil {
		return callView{}, err
	}
	v := callView{}
	if v.call, err = room.Exchange.Call(r.Context(), id); err != nil {
		return v, missing(err)
	}
	if v.call.Endpoint != uuid.Nil {
		e, err := room.Exchange.Endpoint(r.Context(), v.call.Endpoint)
		if err != nil && !errors.Is(err, exchange.ErrNotFound) {
			return v, err
		}
		v.endpoint = e.Name
	}
	jobs, err := room.waiting(r.Context(), v.call)
	v.job = jobs[v.call.MessageID]
	return v, err
}

// waiting finds what still waits in the outbox behind calls out that went wrong.
func (room *Room) waiting(ctx context.Context, calls ...exchange.Call) (map[string]int64, error) {
	var messages []string
	for _, c := range calls {
		if c.Direction == exchange.Out && outcomeTone(c.Outcome) == "red" {
			messages = append(messages, c.MessageID)
		}
	}
	if len(messages) == 0 {
		return nil, nil
	}
	return room.Outbox.OfMessages(ctx, room.Pool, messages)
}

// pretty is JSON in lines.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
