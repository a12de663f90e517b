package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/inquiry"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
)

// The kinds of questions to the office; at most one of a kind is under way.
const (
	askHome      = "home"
	askContract  = "contract"
	askShare     = "share"
	askUtilities = "utility"
)

// question is what will be put to the office once the form that notes it is saved.
type question struct {
	kind string
	typ  message.Type
	head message.Ask
	body any
}

// note prepares a question of a kind: the form remembers it, and its answer is known by the id.
func (rm *Room) note(a *App, kind, about string) message.Ask {
	if a.Asked == nil {
		a.Asked = map[string]Asked{}
	}
	id := uuid.Must(uuid.NewV7())
	a.Asked[kind] = Asked{ID: id, At: rm.Clock.Now(), For: about}
	delete(a.Failed, kind)
	return message.Ask{Query: id, By: a.Owner.String(), App: a.ID}
}

// put sends the questions that a saved form has noted.
func (rm *Room) put(ctx context.Context, a *App, list ...*question) error {
	for _, q := range list {
		if q == nil {
			continue
		}
		if err := rm.Inquiry.Ask(ctx, a.Owner, q.head.Query, q.typ, q.body); err != nil {
			return fmt.Errorf("application: ask %s: %w", q.kind, err)
		}
	}
	return nil
}

// answer is what came back to a question; gone means that the question is no longer known and will never be answered.
type answer struct {
	id    uuid.UUID
	gone  bool
	reply any
}

// answers collects what has come back to the open questions of a form.
func (rm *Room) answers(ctx context.Context, a *App) (map[string]answer, error) {
	out := map[string]answer{}
	for kind, asked := range a.Asked {
		reply, ok, err := rm.read(ctx, a.Owner, kind, asked.ID, false)
		switch {
		case errors.Is(err, inquiry.ErrUnknown):
			// A question noted a moment ago may not have been put yet.
			if rm.Clock.Now().Sub(asked.At) > time.Minute {
				out[kind] = answer{id: asked.ID, gone: true}
			}
		case err != nil:
			return nil, err
		case ok:
			out[kind] = answer{id: asked.ID, reply: reply}
		}
	}
	return out, nil
}

// read looks for the reply to a question, or waits for it as long as a page may.
func (rm *Room) read(ctx context.Context, acc uuid.UUID, kind string, id uuid.UUID, wait bool) (any, bool, error) {
	switch kind {
	case askHome:
		return readReply[message.HomeReply](ctx, rm.Inquiry, acc, id, wait)
	case askContract:
		return readReply[message.ContractReply](ctx, rm.Inquiry, acc, id, wait)
	case askShare:
		return readReply[message.ShareReply](ctx, rm.Inquiry, acc, id, wait)
	case askUtilities:
		return readReply[message.UtilityReply](ctx, rm.Inquiry, acc, id, wait)
	}
	return nil, false, inquiry.ErrUnknown
}

func readReply[T any](ctx context.Context, d *inquiry.Desk, acc, id uuid.UUID, wait bool) (any, bool, error) {
	if wait {
		return eitherReply(inquiry.Wait[T](ctx, d, acc, id))
	}
	return eitherReply(inquiry.Answer[T](ctx, d, acc, id))
}

func eitherReply[T any](reply T, ok bool, err error) (any, bool, error) { return reply, ok, err }

// absorb takes the answers into the form. One that the form does not wait for any more is dropped.
func (rm *Room) absorb(ctx context.Context, tx pgx.Tx, a *App, got map[string]answer) error {
	for kind, ans := range got {
		asked, waits := a.Asked[kind]
		if !waits || asked.ID != ans.id {
			continue
		}
		delete(a.Asked, kind)
		if ans.gone {
			a.fail(kind, "silent")
			continue
		}
		switch reply := ans.reply.(type) {
		case message.HomeReply:
			if err := rm.homeAnswered(ctx, tx, a, reply); err != nil {
				return err
			}
		case message.ContractReply:
			rm.contractAnswered(a, reply)
		case message.ShareReply:
			rm.sharesAnswered(a, asked.For, reply)
		case message.UtilityReply:
			rm.utilitiesAnswered(a, reply)
		}
	}
	return nil
}

func (d *Draft) fail(kind, how string) {
	if d.Failed == nil {
		d.Failed = map[string]string{}
	}
	d.Failed[kind] = how
}

// fresh reads the owner's application with every answer that has come, and waits a moment for the kinds named.
func (rm *Room) fresh(r *http.Request, kinds ...string) (*App, error) {
	ctx := r.Context()
	a, err := rm.own(r)
	if err != nil || !a.Open() || len(a.Asked) == 0 {
		return a, err
	}
	for _, kind := range kinds {
		if asked, ok := a.Asked[kind]; ok {
			if _, _, err := rm.read(ctx, a.Owner, kind, asked.ID, true); err != nil && !errors.Is(err, inquiry.ErrUnknown) {
				return nil, err
			}
		}
	}
	got, err := rm.answers(ctx, a)
	if err != nil || len(got) == 0 {
		return a, err
	}
	err = rm.edit(r, func(_ context.Context, _ pgx.Tx, changed *App) error { a = changed; return nil })
	return a, err
}

// afterAsking is the page to go to after a question was put: it does not wait once more where the answer is still to come.
func (v *view) afterAsking(page, kind string) string {
	q := url.Values{}
	if v.waits(kind) {
		q.Set("waited", "1")
	}
	if v.Return {
		q.Set("return", "check")
	}
	return v.path(page) + queryString(q)
}

// waits reports whether an answer of the kind is still to come.
func (a *App) waits(kind string) bool { _, ok := a.Asked[kind]; return ok }

// waiting tells a page that looks live when its answer is there.
func (rm *Room) waiting(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	kind := r.PathValue("kind")
	return web.Stream(w, r, func(ctx context.Context, _ string, send func(string, templ.Component) error) error {
		for asked, open := a.Asked[kind]; open; {
			_, ok, err := rm.read(ctx, a.Owner, kind, asked.ID, true)
			if err != nil && !errors.Is(err, inquiry.ErrUnknown) {
				return err
			}
			open = !ok && err == nil
		}
		if err := send("1", arrived(waitBack(a, kind))); err != nil {
			return err
		}
		<-ctx.Done() // a browser would ask again if the stream ended
		return nil
	})
}

// waitBack is the page that waits for an answer.
func waitBack(a *App, kind string) string {
	page := map[string]string{askHome: "home", askContract: "contract", askShare: "materials", askUtilities: "utilities"}[kind]
	return "/app/" + a.ID.String() + "/" + page
}

// digest names what a question was about, so that an answer to something else is noticed.
func digest(parts ...string) string { return sm.SM3Hex([]byte(strings.Join(parts, "\x00"))) }

// again puts a question once more.
func (rm *Room) again(kind string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var q *question
		var a *App
		err := rm.edit(r, func(_ context.Context, _ pgx.Tx, changed *App) error {
			a = changed
			if a.waits(kind) && rm.Clock.Now().Sub(a.Asked[kind].At) < time.Minute {
				return nil
			}
			switch kind {
			case askUtilities:
				q = rm.askUtilities(a)
			case askShare:
				a.Shared.For = ""
				q = rm.askShares(a)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := rm.put(r.Context(), a, q); err != nil {
			return err
		}
		return web.Redirect(w, r, waitBack(a, kind))
	}
}
