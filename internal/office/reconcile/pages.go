package reconcile

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
)

// Routes adds the pages to the zone's router.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/w/reconcile", staff.Balance, r.showDays)
	rt.Post("/w/reconcile/day", staff.Balance, r.openDay)
	rt.Get("/w/reconcile/run/{id}", staff.Balance, r.showRun)
	rt.Post("/w/reconcile/run/{id}/again", staff.Balance, r.again)
	rt.Get("/w/reconcile/difference/{id}", staff.Balance, r.showDifference)
	rt.Post("/w/reconcile/difference/{id}", staff.Balance, r.settle)
}

// daysPerPage is how many days a page lists.
const daysPerPage = 7

// daysView is what the list of days shows.
type daysView struct {
	runs  []Run
	next  string // address of the page of older days
	later bool   // this is not the newest page
	form  *web.Form
}

func (r *Room) daysView(req *http.Request, f *web.Form) (daysView, error) {
	v := daysView{form: f}
	me, err := r.Staff.ByID(req.Context(), r.Pool, web.Who(req.Context()).ID)
	if err != nil {
		return v, err
	}
	before := land.Date(req.URL.Query().Get("before"))
	if before != "" && !before.Valid() {
		return v, web.NotFound()
	}
	v.later = before != ""
	var more bool
	if v.runs, more, err = r.Days(req.Context(), me, before, daysPerPage); err != nil {
		return v, err
	}
	if more && len(v.runs) > 0 {
		v.next = "/w/reconcile?before=" + string(v.runs[len(v.runs)-1].Day)
	}
	return v, nil
}

func (r *Room) showDays(w http.ResponseWriter, req *http.Request) error {
	v, err := r.daysView(req, web.NewForm(req))
	if err != nil {
		return err
	}
	v.form.Default("day", string(r.Yesterday()))
	return web.Render(w, req, http.StatusOK, daysPage(v))
}

// openDay compares a day that somebody asks for. Today may be asked for, too: what is still under way then differs.
func (r *Room) openDay(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	day, err := land.ParseDate(f.Value("day"))
	today := land.DateOf(r.Clock.Now())
	switch {
	case err != nil:
		f.Fail("day", "应为日期，形如 2026-11-24")
	case day > today:
		f.Fail("day", "这一天还没有到")
	case day < today.AddDays(-oldestDay):
		f.Fail("day", fmt.Sprintf("只能核对最近 %d 天", oldestDay))
	}
	if !f.OK() {
		v, err := r.daysView(req, f)
		if err != nil {
			return err
		}
		return web.Again(w, req, f, daysPage(v))
	}
	if err := r.Open(req.Context(), day); err != nil {
		return err
	}
	web.Flash(req.Context(), "green", string(day)+" 的核对已经开始，结果出来后列在下面。")
	return web.Redirect(w, req, "/w/reconcile")
}

// oldestDay is how many days back a day may be compared: as long as counterparts keep their statements at hand.
const oldestDay = 90

// run finds the run of the address, if it is the asker's business.
func (r *Room) run(req *http.Request) (Run, error) {
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return Run{}, web.NotFound()
	}
	me, err := r.Staff.ByID(req.Context(), r.Pool, web.Who(req.Context()).ID)
	if err != nil {
		return Run{}, err
	}
	run, err := r.Run(req.Context(), id)
	if errors.Is(err, ErrUnknown) || err == nil && !concerns(me, run.Subject) {
		return run, web.NotFound()
	}
	return run, err
}

func (r *Room) showRun(w http.ResponseWriter, req *http.Request) error {
	run, err := r.run(req)
	if err != nil {
		return err
	}
	list, err := r.Differences(req.Context(), run.ID)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, runPage(run, list))
}

// again compares a day anew, such as after a late notice has come.
func (r *Room) again(w http.ResponseWriter, req *http.Request) error {
	run, err := r.run(req)
	if err != nil {
		return err
	}
	who := web.Who(req.Context())
	err = pg.InTx(req.Context(), r.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(req.Context(), `UPDATE reconcile.run SET state = 'waiting', trouble = '', done_at = NULL WHERE id = $1 AND state <> 'waiting'`, run.ID)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if err := r.begin(req.Context(), tx, run.ID, run.Subject, run.Day); err != nil {
			return err
		}
		return r.Audit.Record(req.Context(), tx, audit.Entry{Actor: who.ID.String(), ActorName: who.Name, Kind: audit.KindChange, Action: "重新对账", Object: run.title(),
			Source: web.Source(req.Context()), Outcome: audit.OK})
	})
	if err != nil {
		return err
	}
	web.Flash(req.Context(), "green", "正在重新核对，结果出来后显示在这里。")
	return web.Redirect(w, req, "/w/reconcile/run/"+run.ID.String())
}

// difference finds the difference of the address, if it is the asker's business.
func (r *Room) difference(req *http.Request) (staff.Person, Difference, Run, error) {
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return staff.Person{}, Difference{}, Run{}, web.NotFound()
	}
	me, err := r.Staff.ByID(req.Context(), r.Pool, web.Who(req.Context()).ID)
	if err != nil {
		return me, Difference{}, Run{}, err
	}
	d, run, err := r.theirs(req.Context(), me, id)
	if errors.Is(err, ErrUnknown) {
		err = web.NotFound()
	}
	return me, d, run, err
}

func (r *Room) showDifference(w http.ResponseWriter, req *http.Request) error {
	_, d, run, err := r.difference(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, differencePage(d, run, web.NewForm(req)))
}

// settle ends the difference, by words alone or by bringing our page to the registry's.
func (r *Room) settle(w http.ResponseWriter, req *http.Request) error {
	me, d, run, err := r.difference(req)
	if err != nil {
		return err
	}
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	if !f.Require("words", "说明") {
		return web.Again(w, req, f, differencePage(d, run, f))
	}
	version, err := strconv.Atoi(f.Value("version"))
	if err != nil {
		return web.Conflict("这一页太旧了，请重新打开。")
	}
	done := "已记下说明。"
	if f.Do() == "adopt" {
		done = "已按登记系统的登记簿更新。"
		err = r.Adopt(req.Context(), me, web.Source(req.Context()), d.ID, version, f.Value("words"))
	} else {
		err = r.Explain(req.Context(), me, web.Source(req.Context()), d.ID, version, f.Value("words"))
	}
	switch {
	case errors.Is(err, ErrMoved), errors.Is(err, register.ErrStale):
		return web.Conflict("这处差异已由别人处理，或刚刚重新核对过。请重新打开看看。")
	case errors.Is(err, exchange.ErrUnavailable):
		f.Fail("words", "登记系统没有应答，没有改动。请稍后再试")
		return web.Again(w, req, f, differencePage(d, run, f))
	case err != nil:
		return err
	}
	web.Flash(req.Context(), "green", done)
	return web.Redirect(w, req, "/w/reconcile/run/"+run.ID.String())
}
