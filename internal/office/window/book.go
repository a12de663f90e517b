package window

import (
	"errors"
	"net/http"

	"yichuang/internal/audit"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
)

// book shows the register page of a unit of the person's district.
func (r *Room) book(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	code, err := land.ParseUnitCode(req.PathValue("unit"))
	if err != nil || (me.District != "" && me.District != code.District()) {
		return web.NotFound()
	}
	if err := r.looked(ctx, me, "查看登记簿", string(code), ""); err != nil {
		return err
	}
	page, err := r.Register.Unit(ctx, r.Pool, code)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, bookPage(page, r.mark(ctx, me)))
}

func (r *Room) searchPage(w http.ResponseWriter, req *http.Request) error {
	return web.Render(w, req, http.StatusOK, searchPage(web.NewForm(req), ""))
}

// search is the exact query: certificate, name and number together, with a reason that is kept. Whatever does not
// match gets the same sentence.
func (r *Room) search(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	f.Require("reason", "查询事由")
	f.Require("name", "权利人姓名")
	f.Require("document", "证件号码")
	cert, err := land.ParseCertNumber(f.Value("certificate"))
	if err != nil {
		f.Fail("certificate", "请填写完整的不动产权证书号，例如 苏（2024）泰州市不动产权第 0012345 号")
	}
	if !f.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, searchPage(f, ""))
	}
	page, err := r.Register.Find(ctx, r.Pool, cert, f.Value("name"), f.Value("document"))
	outcome := audit.OK
	if errors.Is(err, register.ErrNoMatch) || (err == nil && me.District != "" && page.Unit.Code.District() != me.District) {
		outcome = audit.Refused
	} else if err != nil {
		return err
	}
	if err := r.Audit.Record(ctx, r.Pool, audit.Entry{Actor: me.ID.String(), ActorName: me.Name, Kind: audit.KindQuery, Action: "精确查询登记簿", Object: string(cert),
		Source: web.Source(ctx), Outcome: outcome, Detail: map[string]any{"reason": f.Value("reason")}}); err != nil {
		return err
	}
	if outcome != audit.OK {
		return web.Render(w, req, http.StatusOK, searchPage(f, "没有找到相符的登记。请核对证号、姓名和证件号码。"))
	}
	return web.Render(w, req, http.StatusOK, bookPage(page, r.mark(ctx, me)))
}

// leadView is the leader's page: what is late, by step, and the worst first.
type leadView struct {
	Me   staff.Person
	Heat []heatRow
	Late []lateRow
}
