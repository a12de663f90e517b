package window

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
)

// dayView is what "today" shows.
type dayView struct {
	Me        staff.Person
	Counts    map[string]int
	Rows      []casework.Row
	Reminders []casework.Reminder
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
	if v.Rows, err = r.Cases.Queue(ctx, r.Pool, me, f); err != nil {
		return err
	}
	if len(v.Rows) > pageSize {
		v.Rows = v.Rows[:pageSize]
		last := v.Rows[pageSize-1]
		due := "infinity"
		if last.DueAt != nil {
			due = strconv.FormatInt(last.DueAt.UnixMicro(), 10)
		}
		v.Next = "/w/queue/" + v.View + "?due=" + due + "&after=" + last.Order.String()
	}
	return web.Render(w, req, http.StatusOK, queuePage(v))
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
