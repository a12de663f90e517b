package interfacebook

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/book"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

// lines is what is known of the systems at the other end: their endpoints by counterpart, and the calls of the last day.
type lines struct {
	endpoints map[string][]exchange.Endpoint
	calls     map[spec.Operation]exchange.Tally
}

func (room *Room) lines(ctx context.Context) (lines, error) {
	l := lines{endpoints: map[string][]exchange.Endpoint{}}
	all, err := room.Exchange.Endpoints(ctx)
	if err != nil {
		return l, err
	}
	for _, e := range all {
		l.endpoints[e.Counterpart] = append(l.endpoints[e.Counterpart], e)
		if e.Dialect != desk {
			l.endpoints[book.Common] = append(l.endpoints[book.Common], e)
		}
	}
	l.calls, err = room.Exchange.OperationTallies(ctx, room.Clock.Now().Add(-day))
	return l, err
}

// desk is the dialect of endpoints without a system.
const desk = "desk"

// use is how much an operation is used.
type use struct {
	endpoints []exchange.Endpoint
	exchange.Tally
}

func (l lines) of(op *book.Operation) use {
	return use{l.endpoints[op.Counterpart], l.calls[op.Operation]}
}

// state says whether an operation is in use: tone and words.
func (u use) state() (tone, words string) {
	wired := slices.DeleteFunc(slices.Clone(u.endpoints), func(e exchange.Endpoint) bool { return e.Dialect == desk })
	switch {
	case u.Calls > 0:
		return "green", "在用"
	case len(u.endpoints) == 0:
		return "", "未接入"
	case len(wired) == 0:
		return "", "由人办理"
	case !slices.ContainsFunc(wired, func(e exchange.Endpoint) bool { return e.Enabled }):
		return "amber", "已停用"
	}
	return "", "已接入"
}

// counted says how often it was called in the last day.
func (u use) counted() string {
	if u.Calls == 0 {
		return "—"
	}
	if u.Trouble == 0 {
		return fmt.Sprintf("%d 次", u.Calls)
	}
	return fmt.Sprintf("%d 次，异常 %d 次", u.Calls, u.Trouble)
}

// catalogueView is what the catalogue shows.
type catalogueView struct {
	book   *book.Book
	form   *web.Form
	groups []group
	lines  lines
	shown  int
}

// group is a counterpart with its operations that fit what is searched for.
type group struct {
	book.Counterpart
	found []*book.Operation
}

func (room *Room) showCatalogue(w http.ResponseWriter, r *http.Request) error {
	v := catalogueView{book: room.book, form: web.FormOf(r.URL.Query())}
	var err error
	if v.lines, err = room.lines(r.Context()); err != nil {
		return err
	}
	for _, c := range room.book.Counterparts {
		g := group{Counterpart: c}
		for _, op := range c.Operations {
			if fits(op, c, r.URL.Query()) {
				g.found = append(g.found, op)
			}
		}
		if len(g.found) > 0 {
			v.groups = append(v.groups, g)
			v.shown += len(g.found)
		}
	}
	return web.Render(w, r, http.StatusOK, cataloguePage(v))
}

// fits tells whether an operation is searched for.
func fits(op *book.Operation, c book.Counterpart, q url.Values) bool {
	if want := q.Get("counterpart"); want != "" && want != c.Name {
		return false
	}
	if want := q.Get("direction"); want != "" && want != op.Direction.String() {
		return false
	}
	word := strings.ToLower(strings.TrimSpace(q.Get("word")))
	return word == "" || strings.Contains(strings.ToLower(string(op.Operation)+"\n"+op.Title+"\n"+op.Purpose+"\n"+c.About), word)
}

func counterpartChoices(b *book.Book) []ui.Choice {
	var list []ui.Choice
	for _, c := range b.Counterparts {
		list = append(list, ui.Choice{Value: c.Name, Text: name(c)})
	}
	return list
}

func directionChoices() []ui.Choice {
	return []ui.Choice{{Value: spec.ToCounterpart.String(), Text: "平台调用对方"}, {Value: spec.ToPlatform.String(), Text: "对方调用平台"}}
}

// name is a counterpart in short.
func name(c book.Counterpart) string { return strings.TrimSpace(strings.TrimSuffix(c.Title, "接口")) }

func direction(op *book.Operation) string {
	from, to := op.Sides()
	return from + " → " + to
}

func page(op spec.Operation) string { return "/admin/interface/" + string(op) }

// to leads from a page of the room to others.
func to(ref string) string {
	if op, ok := book.OperationOf(ref); ok {
		return page(op)
	}
	if strings.HasPrefix(ref, "code-") || strings.HasPrefix(ref, "type-") {
		return "/admin/interface/codes#" + ref
	}
	return ""
}

// within leads to what stands on the page of codes, and to operations.
func within(ref string) string {
	if strings.HasPrefix(ref, "code-") || strings.HasPrefix(ref, "type-") {
		return "#" + ref
	}
	return to(ref)
}
