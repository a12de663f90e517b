package tickets

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
)

// StripView is the clerk's strip: where they sit, whom they serve, how many wait.
type StripView struct {
	Hall    string
	Counter int // 0 where none was chosen today
	Usual   int // the counter that the account is of
	Now     time.Time
	Current *Ticket
	CaseNo  string // of the current ticket; empty where it has none
	Waiting int
}

// Strip reads the strip of a clerk; nil where the account calls nobody.
func (r *Room) Strip(ctx context.Context, me staff.Person) (*StripView, error) {
	if me.Hall == "" || !staff.RightsOf(me.Roles)[staff.Accept] {
		return nil, nil
	}
	v := &StripView{Hall: me.Hall, Usual: me.WindowNo, Now: r.Clock.Now()}
	var err error
	if v.Counter, err = r.Seat(ctx, r.Pool, me); err != nil || v.Counter == 0 {
		return v, err
	}
	if err := r.Pool.QueryRow(ctx, `SELECT count(*) FROM tickets WHERE hall = $1 AND day = $2 AND state IN ('waiting', 'transferred') AND (state = 'waiting' OR counter = $3)`,
		me.Hall, string(r.Today()), v.Counter).Scan(&v.Waiting); err != nil {
		return nil, err
	}
	t, err := r.At(ctx, r.Pool, me.Hall, v.Counter)
	if errors.Is(err, ErrNoTicket) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	v.Current = &t
	if t.App != nil {
		c, err := r.Cases.ByID(ctx, r.Pool, *t.App)
		switch {
		case errors.Is(err, casework.ErrNoCase):
		case err != nil:
			return nil, err
		case staff.ScopeOf(me).District == "" || staff.ScopeOf(me).District == c.District:
			v.CaseNo = string(c.No)
		}
	}
	return v, nil
}

// used is how long the current ticket has been at the counter.
func (v *StripView) used() string {
	if v.Current == nil || v.Current.CalledAt == nil {
		return ""
	}
	d := max(0, v.Now.Sub(*v.Current.CalledAt))
	return strconv.Itoa(int(d.Minutes())) + " 分钟"
}

// counterView is the clerk's page of the queue.
type counterView struct {
	Strip *StripView
	Form  *web.Form
	Queue []Ticket
}

func (r *Room) counter(w http.ResponseWriter, req *http.Request) error {
	return r.showCounter(w, req, web.NewForm(req), http.StatusOK)
}

func (r *Room) showCounter(w http.ResponseWriter, req *http.Request, f *web.Form, status int) error {
	me, err := r.me(req.Context())
	if err != nil {
		return err
	}
	v := counterView{Form: f}
	if v.Strip, err = r.Strip(req.Context(), me); err != nil {
		return err
	}
	if v.Strip != nil {
		if v.Queue, err = r.Queue(req.Context(), r.Pool, me.Hall); err != nil {
			return err
		}
	}
	return web.Render(w, req, status, counterPage(v))
}

// clerk is the account behind the request, of a hall.
func (r *Room) clerk(ctx context.Context) (staff.Person, error) {
	me, err := r.me(ctx)
	if err == nil && me.Hall == "" {
		err = web.Conflict("您的账号没有登记所在的大厅，不能叫号。请联系安全管理员。")
	}
	return me, err
}

// sit takes the number of the counter.
func (r *Room) sit(w http.ResponseWriter, req *http.Request) error {
	me, err := r.clerk(req.Context())
	if err != nil {
		return err
	}
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	number, ok := counterNumber(f.Value("number"))
	if !ok {
		f.Fail("number", "窗口号是 1 到 99 的数字")
		return r.showCounter(w, req, f, http.StatusUnprocessableEntity)
	}
	switch err := r.Sit(req.Context(), me, number); {
	case errors.Is(err, ErrCounterBusy):
		f.Fail("number", "这个窗口或您现在的窗口还有人在办，请先办完或过号")
		return r.showCounter(w, req, f, http.StatusUnprocessableEntity)
	case err != nil:
		return err
	}
	return web.Redirect(w, req, "/w/counter")
}

func counterNumber(typed string) (int, bool) {
	n, err := strconv.Atoi(land.Narrow(typed))
	return n, err == nil && n >= 1 && n <= 99
}

// call is F2, F4 and the other buttons of the strip.
func (r *Room) call(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.clerk(ctx)
	if err != nil {
		return err
	}
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	switch f.Do() {
	case "next":
		return r.callNext(w, req, me)
	case "again":
		err = r.Again(ctx, me)
	case "serve":
		err = r.Serve(ctx, me)
	case "done":
		err = r.End(ctx, me, false)
	default:
		return web.Invalid("没有这个操作。")
	}
	if errors.Is(err, ErrNoTicket) {
		web.Flash(ctx, "amber", "窗口前现在没有人")
		return web.Redirect(w, req, "/w/counter")
	}
	if err != nil {
		return err
	}
	if f.Do() == "again" {
		web.Flash(ctx, "green", "又叫了一次")
	}
	return r.toCurrent(w, req, me)
}

// callNext calls the next person and opens the case that they come for.
func (r *Room) callNext(w http.ResponseWriter, req *http.Request, me staff.Person) error {
	t, err := r.Next(req.Context(), me)
	if errors.Is(err, ErrNoTicket) {
		web.Flash(req.Context(), "green", "现在没有人等候")
		return web.Redirect(w, req, "/w/counter")
	}
	if err != nil {
		return err
	}
	return r.open(w, req, me, t)
}

// toCurrent goes back to whom the counter serves.
func (r *Room) toCurrent(w http.ResponseWriter, req *http.Request, me staff.Person) error {
	counter, err := r.Seat(req.Context(), r.Pool, me)
	if err != nil {
		return err
	}
	t, err := r.At(req.Context(), r.Pool, me.Hall, counter)
	if errors.Is(err, ErrNoTicket) {
		return web.Redirect(w, req, "/w/counter")
	}
	if err != nil {
		return err
	}
	return r.open(w, req, me, t)
}

// open leads from a ticket to the work at its case: acceptance or handing over where that waits, claimed for the clerk; else
// the case; the counter's page where there is none or it is not the clerk's to see.
func (r *Room) open(w http.ResponseWriter, req *http.Request, me staff.Person, t Ticket) error {
	ctx := req.Context()
	if t.App == nil {
		return web.Redirect(w, req, "/w/counter")
	}
	orders, err := r.Cases.Orders(ctx, r.Pool, *t.App)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.State != "open" || o.Kind != casework.Person || o.Form != "accept" && o.Form != "pickup" {
			continue
		}
		_, err := r.Cases.Claim(ctx, me, o.ID)
		var held casework.ErrHeld
		switch {
		case err == nil, errors.As(err, &held): // the page says who has it
			return web.Redirect(w, req, "/w/order/"+o.ID.String()+"#top") // not to an element of the page: the first tick takes the keyboard
		case errors.Is(err, casework.ErrNoOrder), errors.Is(err, casework.ErrNotOpen), errors.Is(err, casework.ErrSamePerson):
		default:
			return err
		}
	}
	v, err := r.Strip(ctx, me)
	if err != nil {
		return err
	}
	if v != nil && v.CaseNo != "" {
		return web.Redirect(w, req, "/w/case/"+v.CaseNo)
	}
	web.Flash(ctx, "amber", "这位当事人的办件不归本窗口办")
	return web.Redirect(w, req, "/w/counter")
}

// asideView is the page of F9: the person did not come, or belongs to another counter.
type asideView struct {
	Strip *StripView
	Form  *web.Form
	Other []ui.Choice
}

func (r *Room) aside(w http.ResponseWriter, req *http.Request) error {
	return r.showAside(w, req, web.NewForm(req), http.StatusOK)
}

func (r *Room) showAside(w http.ResponseWriter, req *http.Request, f *web.Form, status int) error {
	ctx := req.Context()
	me, err := r.clerk(ctx)
	if err != nil {
		return err
	}
	v := asideView{Form: f}
	if v.Strip, err = r.Strip(ctx, me); err != nil {
		return err
	}
	if v.Strip == nil || v.Strip.Current == nil {
		web.Flash(ctx, "amber", "窗口前现在没有人")
		return web.Redirect(w, req, "/w/counter")
	}
	open, err := r.Counters(ctx, r.Pool, me.Hall)
	if err != nil {
		return err
	}
	for _, n := range open {
		if n != v.Strip.Counter {
			v.Other = append(v.Other, ui.Choice{Value: itoa(n), Text: itoa(n) + " 号窗口"})
		}
	}
	return web.Render(w, req, status, asidePage(v))
}

func (r *Room) setAside(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.clerk(ctx)
	if err != nil {
		return err
	}
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	words := ""
	switch f.Do() {
	case "missed":
		err, words = r.End(ctx, me, true), "已过号。本人再刷一次身份证就回到队里"
	case "transfer":
		to, _ := counterNumber(f.Value("to"))
		if err = r.Transfer(ctx, me, to); errors.Is(err, ErrTarget) {
			f.Fail("to", "请选一个今天开着的窗口")
			return r.showAside(w, req, f, http.StatusUnprocessableEntity)
		}
		words = "已转到 " + itoa(to) + " 号窗口，那边下一个就叫"
	default:
		return web.Invalid("没有这个操作。")
	}
	if errors.Is(err, ErrNoTicket) {
		words, err = "窗口前现在没有人", nil
	}
	if err != nil {
		return err
	}
	web.Flash(ctx, "green", words)
	return web.Redirect(w, req, "/w/counter")
}
