package window

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
)

type heatRow = casework.Heat

// lateRow is an order past its limit, for the list of the worst.
type lateRow struct {
	casework.Late
	By time.Duration
}

func (r *Room) lead(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	v := leadView{Me: me}
	scope := staff.ScopeOf(me)
	if v.Heat, err = r.Cases.HeatOf(ctx, r.Pool, scope); err != nil {
		return err
	}
	late, err := r.Cases.LateOf(ctx, r.Pool, scope, 20)
	if err != nil {
		return err
	}
	now := r.Clock.Now()
	for _, x := range late {
		v.Late = append(v.Late, lateRow{x, now.Sub(x.DueAt)})
	}
	return web.Render(w, req, http.StatusOK, leadPage(v))
}

// reassignView offers the colleagues who may take an order.
type reassignView struct {
	Case   *casework.Case
	Order  casework.Order
	People []ui.Choice
	Form   *web.Form
}

func (r *Room) reassignView(req *http.Request, f *web.Form) (*reassignView, staff.Person, error) {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return nil, me, err
	}
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return nil, me, web.NotFound()
	}
	v := &reassignView{Form: f}
	if v.Order, err = r.Cases.Order(ctx, r.Pool, id); err != nil {
		return nil, me, err
	}
	if !covers(me, v.Order) {
		return nil, me, web.NotFound()
	}
	if v.Case, err = r.Cases.ByID(ctx, r.Pool, v.Order.Case); err != nil {
		return nil, me, err
	}
	people, err := r.Staff.Colleagues(ctx, r.Pool, v.Order.District, v.Order.Department, v.Order.Role)
	if err != nil {
		return nil, me, err
	}
	load, err := r.Cases.Load(ctx, r.Pool, people)
	if err != nil {
		return nil, me, err
	}
	for _, p := range people {
		v.People = append(v.People, ui.Choice{Value: p.ID.String(), Text: p.Name, Hint: fmt.Sprintf("手上 %d 件", load[p.ID])})
	}
	return v, me, nil
}

func (r *Room) reassignPage(w http.ResponseWriter, req *http.Request) error {
	v, _, err := r.reassignView(req, web.NewForm(req))
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, reassignPage(v))
}

func (r *Room) reassign(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, me, err := r.reassignView(req, f)
	if err != nil {
		return err
	}
	to, err := uuid.Parse(f.Value("to"))
	if err != nil {
		f.Fail("to", "请选择改派给谁")
	}
	f.Require("reason", "理由")
	if f.OK() {
		person, err := r.Staff.ByID(req.Context(), r.Pool, to)
		if err != nil {
			return err
		}
		err = r.Cases.Reassign(req.Context(), me, v.Order.ID, person, f.Value("reason"), web.Source(req.Context()))
		var fields casework.FieldErrors
		if errors.As(err, &fields) {
			for name, words := range fields {
				f.Fail(name, words)
			}
		} else if err != nil {
			return err
		}
	}
	if !f.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, reassignPage(v))
	}
	web.Flash(req.Context(), "green", "已改派")
	return web.Redirect(w, req, "/w/lead")
}
