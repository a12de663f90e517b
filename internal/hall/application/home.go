package application

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// The home is found by an exact question: certificate number, owner's name, document number. What does not match, in whichever of
// the three, gets one and the same sentence.

func homeSection() section {
	return section{
		asks: []string{askHome},
		ready: func(v *view) templ.Component {
			switch {
			case v.waits(askHome):
				return waitPage(v, waitHome(v))
			case v.Form.Home.UnitCode == "":
				if v.Failed[askHome] == "none" {
					v.Input.Fail("home.certificate", v.noHome())
				}
				return nil
			case v.obstacle() != nil:
				return refusedHomePage(v, *v.obstacle())
			}
			return homePage(v)
		},
		page: homeQueryPage,
		fill: func(v *view) url.Values {
			return url.Values{"home.ownerName": {v.Me.Name}, "home.document": {v.Me.Document.Number}}
		},
		post: (*Room).findHome,
		line: func(v *view) string {
			if h := v.Form.Home; h.UnitCode != "" {
				return h.Address + " · " + h.Area.String() + " ㎡"
			}
			return ""
		},
		rows: func(v *view) []ui.Row { return homeRows(v.Form.Home) },
		lacks: func(v *view) []string {
			if o := v.obstacle(); o != nil && v.isSaved("home") {
				return []string{o.Text}
			}
			return nil
		},
	}
}

func (rm *Room) routesOfHome(rt *web.Router) {
	rt.Get("/app/{id}/home/confirm", web.SignedIn, func(w http.ResponseWriter, r *http.Request) error {
		return web.Redirect(w, r, "/app/"+r.PathValue("id")+"/home")
	})
	rt.Post("/app/{id}/home/confirm", web.SignedIn, rm.confirmHome)
	rt.Post("/app/{id}/home/other", web.SignedIn, rm.otherHome)
}

// noHome is the one sentence for every question that finds nothing.
func (v *view) noHome() string {
	return v.say("err.home.none", map[string]any{"min": minutes(guessPause)})
}

// errWait says that the person has to wait before asking for another home.
type errWait struct{ left time.Duration }

func (errWait) Error() string { return "application: too many questions for a home" }

// findHome asks for the home.
func (rm *Room) findHome(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.posted(r, "home")
	if err != nil {
		return err
	}
	a, form := v.App, v.Input
	if form.Draft() || form.Do() == "later" {
		return rm.keepTyped(w, r, v)
	}
	cert := v.certificate("home.certificate")
	name := v.required("home.ownerName")
	doc := v.anyDocument("home.document")
	if !form.OK() {
		return web.Again(w, r, form, homeQueryPage(v))
	}
	q, err := rm.askHome(r, v, cert, name, doc)
	var wait errWait
	if errors.As(err, &wait) {
		form.Fail("home.certificate", v.say("err.home.slow", map[string]any{"n": guessesOfAccount, "min": minutes(wait.left)}))
		return web.Again(w, r, form, homeQueryPage(v))
	}
	if err != nil {
		return err
	}
	if err := rm.put(r.Context(), a, q); err != nil {
		return err
	}
	if a, err = rm.fresh(r, askHome); err != nil {
		return err
	}
	v = v.on(a)
	if a.Failed[askHome] == "none" {
		form.Fail("home.certificate", v.noHome())
		return web.Again(w, r, form, homeQueryPage(v))
	}
	return web.Redirect(w, r, v.afterAsking("home", askHome))
}

// askHome notes the question and the guess that it is.
func (rm *Room) askHome(r *http.Request, v *view, cert land.CertNumber, name, doc string) (*question, error) {
	var q *question
	typed := typedOf(r)
	err := rm.edit(r, func(ctx context.Context, tx pgx.Tx, a *App) error {
		head := rm.note(a, askHome, "")
		wait, err := rm.guess(ctx, tx, head.Query, a.Owner, web.Source(ctx))
		if err != nil {
			return err
		}
		if wait > 0 {
			return errWait{wait}
		}
		a.keep("home", typed)
		q = &question{askHome, message.HomeQuery, head, message.HomeQueryBody{Ask: head, Certificate: cert, OwnerName: name, Document: doc}}
		return rm.record(ctx, tx, audit.KindQuery, "查询房屋", a.ID, audit.OK, nil)
	})
	return q, err
}

// homeAnswered takes the home in. Another home than before makes everything that hangs on it start anew.
func (rm *Room) homeAnswered(ctx context.Context, tx pgx.Tx, a *App, reply message.HomeReply) error {
	switch {
	case reply.Error == "silent" || reply.Error == "slow":
		a.fail(askHome, "silent")
		return nil
	case reply.Error != "" || reply.Home == nil:
		a.fail(askHome, "none")
		return nil
	}
	if err := rm.found(ctx, tx, reply.Query); err != nil {
		return err
	}
	if a.Form.Home.UnitCode != reply.Home.UnitCode {
		a.dropHome()
	}
	a.Form.Home = *reply.Home
	a.HomeOK = false
	a.cameFrom("home", "不动产登记簿", rm.Clock.Now())
	if item, ok := rm.Catalog().Item(a.Item); ok && !item.OfferedIn(reply.Home.District) {
		d, _ := land.FindDistrict(reply.Home.District)
		a.Form.Home.Obstacles = append([]message.Obstacle{{Code: "district", Blocks: true, Text: rm.say("err.home.district", map[string]any{"district": d.Name})}}, a.Form.Home.Obstacles...)
	}
	return nil
}

// dropHome forgets the home and all that was said about it.
func (d *Draft) dropHome() {
	f := &d.Form
	f.Home, f.Contract, f.Parties, f.Utilities, f.Tax, f.Trust, f.Loan = message.Home{}, message.Contract{}, nil, nil, message.TaxSituation{}, message.Trust{}, message.Loan{}
	d.HomeOK, d.CoOwn, d.From, d.Failed, d.Shared = false, "", nil, nil, Shared{}
	for kind := range d.Asked {
		if kind != askHome {
			delete(d.Asked, kind)
		}
	}
	d.reopen("home", "contract", "parties", "tax", "trust", "loan", "utilities", "materials")
}

// obstacle is what stops the sale of the home; nil where nothing does.
func (v *view) obstacle() *message.Obstacle {
	for i, o := range v.Form.Home.Obstacles {
		if o.Blocks {
			return &v.Form.Home.Obstacles[i]
		}
	}
	return nil
}

// nextSteps says what can be done about an obstacle, by its code.
var nextSteps = map[string]string{
	"seized":              "请联系作出查封的法院，解除后再来申请。",
	"objected":            "请带上身份证到登记大厅，书面承诺知道风险以后在窗口办理。",
	"advance-notice":      "请先和预告登记的权利人商量，由他一起到登记大厅办理或注销预告登记。",
	"transfer-restricted": "请先取得抵押银行的书面同意，或由银行注销抵押，再来申请。",
	"reserved":            "请等那一件办完或撤回，再来申请。要问进度，可以打 12345。",
	"no-title":            "请先由开发企业或建造人办理首次登记。",
	"district":            "请带上证件到当地登记大厅办理。",
}

func nextStep(code string) string {
	if s, ok := nextSteps[code]; ok {
		return s
	}
	return "请带上不动产权证书和身份证，到登记大厅问清楚。"
}

// confirmHome says that this is the home: its owners become the sellers, and what hangs on it is asked.
func (rm *Room) confirmHome(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ParseForm(r); err != nil {
		return err
	}
	var v *view
	var asks []*question
	err := rm.edit(r, func(_ context.Context, _ pgx.Tx, a *App) error {
		var err error
		if v, err = rm.at(r, a, "home"); err != nil {
			return err
		}
		if a.Form.Home.UnitCode == "" || v.obstacle() != nil {
			return web.Conflict("这套房现在不能申请。")
		}
		if !a.HomeOK {
			a.HomeOK = true
			a.Form.Parties = append(sellersOf(a.Form.Home), a.Form.PartiesOf(message.Buyer)...)
		}
		a.accept("home", v.Now)
		asks = []*question{rm.askUtilities(a), rm.askShares(a)}
		return nil
	})
	if err != nil {
		return err
	}
	if err := rm.put(r.Context(), v.App, asks...); err != nil {
		return err
	}
	return web.Redirect(w, r, v.next())
}

// sellersOf are the owners of a home as sellers.
func sellersOf(h message.Home) []message.Party {
	var out []message.Party
	for i, o := range h.Owners {
		out = append(out, message.Party{Ref: refOf(message.Seller, i+1), Role: message.Seller, Name: o.Name, Document: o.Document, Share: o.Share})
	}
	return out
}

// otherHome goes back to the question.
func (rm *Room) otherHome(w http.ResponseWriter, r *http.Request) error {
	err := rm.edit(r, func(_ context.Context, _ pgx.Tx, a *App) error {
		typed := a.Typed["home"]
		delete(a.Asked, askHome)
		a.dropHome()
		if typed != nil {
			a.keep("home", typed)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/app/"+r.PathValue("id")+"/home")
}

// homeRows are the facts of a home.
func homeRows(h message.Home) []ui.Row {
	rows := []ui.Row{
		{Label: "坐落", Value: ui.Str(h.Address)},
		{Label: "不动产权证号", Value: ui.Str(h.Certificate.Printed())},
		{Label: "不动产单元号", Value: ui.Str(h.UnitCode.Grouped())},
		{Label: "建筑面积", Value: ui.Num(h.Area.String() + " ㎡")},
		{Label: "用途", Value: ui.Str(h.Use)},
	}
	if h.Floor != "" {
		rows = append(rows, ui.Row{Label: "所在层／总层数", Value: ui.Num(h.Floor)})
	}
	rows = append(rows, ui.Row{Label: "登记日期", Value: ui.Str(h.HeldSince.Chinese())}, ui.Row{Label: "共有方式", Value: ui.Str(h.CoOwn.Label())})
	for _, o := range h.Owners {
		words := land.MaskName(o.Name) + "，" + o.Document.Kind.Label() + " " + o.Document.Masked()
		if len(h.Owners) > 1 && h.CoOwn == land.CoOwnShares {
			words += "，份额 " + o.Share.String()
		}
		rows = append(rows, ui.Row{Label: "权利人", Value: ui.Str(words)})
	}
	return rows
}

// hasMinor reports whether an owner is under age: a guardian has to apply then.
func (v *view) hasMinor() bool {
	for _, o := range v.Form.Home.Owners {
		if o.Document.Kind == land.DocIDCard && land.IDNumber(o.Document.Number).Minor(v.today()) {
			return true
		}
	}
	return false
}

func waitHome(v *view) wait {
	return wait{Kind: askHome, Title: "正在查找房屋", Words: "正在登记簿里查找，一般几秒钟就有结果。", Back: v.path("home"), Cancel: v.path("home/other"), CancelWords: "重新填写"}
}

// homeNotes are what has to be known about a home that may be sold.
func (v *view) homeNotes() []string {
	var out []string
	for _, o := range v.Form.Home.Obstacles {
		out = append(out, o.Text)
	}
	if v.hasMinor() {
		out = append(out, v.say("err.home.minor", nil))
	}
	return out
}

// returnQuery keeps the way back to the page that checks all answers.
func (v *view) returnQuery() string {
	if v.Return {
		return "?return=check"
	}
	return ""
}
