package window

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
)

// dayView is what "today" shows.
type dayView struct {
	Me        staff.Person
	Counts    map[string]int
	Rows      []casework.Row
	Reminders []casework.Reminder
	Strip     *tickets.StripView // nil for who calls nobody
	Now       time.Time
}

func (r *Room) day(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	v := dayView{Me: me, Now: r.Clock.Now()}
	if v.Counts, err = r.Cases.Counts(ctx, r.Pool, me); err != nil {
		return err
	}
	if v.Rows, err = r.Cases.Queue(ctx, r.Pool, me, casework.Filter{View: casework.Mine, Limit: 10}); err != nil {
		return err
	}
	if v.Reminders, err = r.Cases.Reminders(ctx, r.Pool, me.ID); err != nil {
		return err
	}
	if v.Strip, err = r.Tickets.Strip(ctx, me); err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, dayPage(v))
}

// queueView is one page of a view of the queue.
type queueView struct {
	Me     staff.Person
	View   string
	Tabs   []ui.Tab
	Rows   []casework.Row
	Next   string
	Now    time.Time
	Counts map[string]int

	Form      *web.Form // the filter
	Steps     []ui.Choice
	Districts []ui.Choice // for who sees several
	Filtered  bool
	First     *preview // what "next" would open
}

// preview is what the first case of the list has to show.
type preview struct {
	Row  casework.Row
	Bad  []casework.Check
	Good int
}

// views in the order of the tabs, with their words.
var views = []struct{ key, words string }{
	{casework.Mine, "我的待办"}, {casework.Pool, "待领"}, {casework.Overdue, "超时"}, {casework.Waiting, "等当事人"},
	{casework.External, "等外部"}, {casework.Today, "今日已办"},
}

const pageSize = 20

func (r *Room) queue(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	v := queueView{Me: me, View: req.PathValue("view"), Now: r.Clock.Now()}
	if v.Counts, err = r.Cases.Counts(ctx, r.Pool, me); err != nil {
		return err
	}
	known := false
	for _, x := range views {
		known = known || x.key == v.View
		v.Tabs = append(v.Tabs, ui.Tab{Text: x.words, Href: "/w/queue/" + x.key, Count: v.Counts[x.key], On: x.key == v.View, Alarm: x.key == casework.Overdue && v.Counts[x.key] > 0})
	}
	if !known {
		return web.NotFound()
	}
	f := casework.Filter{View: v.View, Limit: pageSize + 1, After: afterKey(req)}
	if err := r.filter(req, &v, &f); err != nil {
		return err
	}
	if v.Form.OK() {
		if v.Rows, err = r.Cases.Queue(ctx, r.Pool, me, f); err != nil {
			return err
		}
	}
	if v.First, err = r.preview(ctx, me, v); err != nil {
		return err
	}
	if len(v.Rows) > pageSize {
		v.Rows = v.Rows[:pageSize]
		last := v.Rows[pageSize-1]
		due := "infinity"
		if last.DueAt != nil {
			due = strconv.FormatInt(last.DueAt.UnixMicro(), 10)
		}
		q := req.URL.Query()
		q.Set("due", due)
		q.Set("after", last.Order.String())
		v.Next = "/w/queue/" + v.View + "?" + q.Encode()
	}
	return web.Render(w, req, http.StatusOK, queuePage(v))
}

// filter reads what the list is narrowed to. A number that is none is said beside its field, and nothing is listed.
func (r *Room) filter(req *http.Request, v *queueView, f *casework.Filter) error {
	q := req.URL.Query()
	v.Form = web.NewForm(req)
	for _, name := range []string{"no", "step", "district"} {
		v.Form.Set(name, q.Get(name))
		v.Filtered = v.Filtered || q.Get(name) != ""
	}
	if typed := v.Form.Value("no"); typed != "" {
		no, err := land.ParseCaseNumber(typed)
		if err != nil {
			v.Form.Fail("no", "办件编号不对，请对照通知单再看一遍")
		}
		f.No = no
	}
	f.Step, f.District = v.Form.Value("step"), v.Form.Value("district")
	steps, err := r.Cases.Steps(req.Context(), r.Pool, v.Me, v.View)
	if err != nil {
		return err
	}
	for _, name := range steps {
		v.Steps = append(v.Steps, ui.Choice{Value: name, Text: name})
	}
	if v.Me.District == "" {
		for _, d := range land.Districts() {
			v.Districts = append(v.Districts, ui.Choice{Value: d.Code, Text: d.Name})
		}
	}
	return nil
}

// preview reads the checks of the first case of a list that the person can go on with.
func (r *Room) preview(ctx context.Context, me staff.Person, v queueView) (*preview, error) {
	if len(v.Rows) == 0 || v.View != casework.Mine && v.View != casework.Pool && v.View != casework.Overdue {
		return nil, nil
	}
	c, err := r.Cases.ByNo(ctx, r.Pool, land.CaseNumber(v.Rows[0].CaseNo), staff.ScopeOf(me))
	if err != nil {
		return nil, err
	}
	checks, err := r.Cases.Checks(ctx, r.Pool, c.ID)
	if err != nil {
		return nil, err
	}
	bad, good := failed(checks)
	return &preview{Row: v.Rows[0], Bad: bad, Good: len(good)}, nil
}

// afterKey reads the place from which a page goes on.
func afterKey(req *http.Request) *casework.Key {
	id, err := uuid.Parse(req.URL.Query().Get("after"))
	if err != nil {
		return nil
	}
	k := &casework.Key{ID: id, Due: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if micros, err := strconv.ParseInt(req.URL.Query().Get("due"), 10, 64); err == nil {
		k.Due = time.UnixMicro(micros)
	}
	return k
}

func (r *Room) next(w http.ResponseWriter, req *http.Request) error {
	me, err := r.me(req.Context())
	if err != nil {
		return err
	}
	o, err := r.Cases.Next(req.Context(), me)
	if errors.Is(err, casework.ErrNoOrder) {
		web.Flash(req.Context(), "green", "没有待办了")
		return web.Redirect(w, req, "/w/queue/pool")
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, req, "/w/order/"+o.ID.String())
}

func itoa(n int) string { return strconv.Itoa(n) }
