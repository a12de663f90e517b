package window

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/bookings"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
)

// orderView is the page on which a person decides an order.
type orderView struct {
	*file
	Form   *web.Form
	Held   string // who holds it, when somebody else does
	Mine   bool
	Do     string // outcome that was chosen; empty: none yet
	Fields []deskField
	Asks   []askable

	Originals []original         // at the counter
	Grounds   []string           // for a refusal
	Place     place              // among what the person has in hand
	Strip     *tickets.StripView // at a counter
}

// deskField is one field of the form by which people do what a system does elsewhere.
type deskField struct{ name, label, hint, kind string }

// askable is a material that can be asked for in a correction.
type askable struct {
	code, name string
	handed     bool // it is among what was handed in
}

// deskFields by operation or form: what a person must give with a good outcome.
var deskFields = map[string][]deskField{
	"housing.contract.push": {{"filing", "备案号", "", "text"}},
	"bank.trust.open":       {{"account", "托管账号", "", "text"}},
	"bank.trust.payout":     {{"voucher", "银行凭证号", "", "text"}},
	"bank.trust.refund":     {{"voucher", "银行凭证号", "", "text"}},
	"tax.assessment.push":   append([]deskField{{"number", "核税编号", "", "text"}}, taxFields...),
	"tax-counter":           append([]deskField{{"number", "新的核税编号", "税额不变的不填，下面各项也不用填", "text"}}, taxFields...),
	"bank.loan.evaluate":    loanFields,
	"fund.loan.evaluate":    loanFields,
	"delivery.ems":          {{"receiver", "领证人姓名", "核对身份证后填写", "name"}},
	"pickup":                {{"receiver", "领证人姓名", "核对身份证后填写", "name"}},
}

var taxFields = []deskField{{"deed", "契税（买方）", "没有就填 0", "money"}, {"vat", "增值税及附加（卖方）", "没有就填 0", "money"},
	{"income", "个人所得税（卖方）", "没有就填 0", "money"}}

var loanFields = []deskField{{"amount", "批准金额", "照申请金额批准的可以不填", "money"}, {"contract", "借款合同号", "没有就不填", "text"},
	{"mortgageContract", "抵押合同号", "没有就不填", "text"}}

// confirmable outcomes say on the button what happens.
var verbs = map[string]string{"pass": "通过", "back": "退回上一步", "correct": "要求补正", "refuse": "不予通过", "entered": "登簿", "suspended": "暂缓登簿",
	"retry": "重新登簿", "review": "重新审核", "clear": "继续办理", "confirmed": "确认税额"}

// keysOf gives each outcome its key.
var keysOf = map[string]string{"pass": "a", "entered": "a", "confirmed": "a", "clear": "a", "retry": "a", "correct": "r", "refuse": "d", "back": "b", "suspended": "s", "review": "v"}

func (r *Room) orderPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.openOrder(req)
	if err != nil {
		return err
	}
	view := r.orderView(v, web.NewForm(req), req.URL.Query().Get("do"))
	view.Form.Default("opinion", suggested(view))
	if view.Place, err = r.place(req.Context(), v); err != nil {
		return err
	}
	return r.showOrder(w, req, http.StatusOK, view)
}

// showOrder shows an order as its form wants it: the counter has a page of its own.
func (r *Room) showOrder(w http.ResponseWriter, req *http.Request, status int, v *orderView) error {
	if v.Order.Form == "accept" || v.Order.Form == "pickup" {
		var err error
		if v.Strip, err = r.Tickets.Strip(req.Context(), v.Me); err != nil {
			return err
		}
	}
	counter := v.Order.Form == "accept" && v.Order.State == "open" && v.Held == "" && (v.Do == "" || v.Do == "pass")
	if !counter {
		return web.Render(w, req, status, orderPage(v))
	}
	if err := r.loadMoney(req.Context(), v.file); err != nil {
		return err
	}
	return web.Render(w, req, status, acceptPage(v))
}

func (r *Room) orderView(v *file, f *web.Form, do string) *orderView {
	o := &orderView{file: v, Form: f, Mine: v.Order.Assignee != nil && *v.Order.Assignee == v.Me.ID}
	if v.Order.Assignee != nil && !o.Mine {
		o.Held = v.Order.AssigneeName
	}
	outcomes := casework.Outcomes(*v.Order)
	if slices.Contains(outcomes, do) || (do == "done" && len(outcomes) == 0) {
		o.Do = do
	}
	key := v.Order.Operation
	if key == "" {
		key = v.Order.Form
	}
	if o.Do == "" || o.Do == "pass" || o.Do == "done" || o.Do == "confirmed" {
		o.Fields = deskFields[key]
	}
	if item, ok := r.Catalog.Item(v.Case.Item); ok {
		for _, m := range item.Materials {
			handed := slices.ContainsFunc(v.Case.App.Materials, func(x message.Material) bool { return x.Code == m.Code })
			o.Asks = append(o.Asks, askable{m.Code, m.Name, handed})
		}
		slices.SortStableFunc(o.Asks, func(a, b askable) int {
			switch {
			case a.handed == b.handed:
				return 0
			case a.handed:
				return -1
			}
			return 1
		})
	}
	if v.Order.Form == "accept" {
		o.Originals = originals(v)
	}
	if o.Do == "refuse" {
		o.Grounds = grounds(v.Case)
	}
	return o
}

// act runs something on an order and comes back to its page.
func (r *Room) act(w http.ResponseWriter, req *http.Request, f func(me staff.Person, id uuid.UUID) error, to string) error {
	me, err := r.me(req.Context())
	if err != nil {
		return err
	}
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return web.NotFound()
	}
	o, err := r.Cases.Order(req.Context(), r.Pool, id)
	if err != nil {
		return err
	}
	if !covers(me, o) {
		return web.NotFound()
	}
	if err := f(me, id); err != nil {
		return err
	}
	if to == "" {
		to = "/w/order/" + id.String()
	}
	return web.Redirect(w, req, to)
}

// covers tells whether an order lies within a person's rows; for whom it does not, there is no such order.
func covers(me staff.Person, o casework.Order) bool {
	return staff.ScopeOf(me).Covers(o.District, o.Department) && (me.Org == "" || o.Org == "" || me.Org == o.Org)
}

func (r *Room) claim(w http.ResponseWriter, req *http.Request) error {
	return r.act(w, req, func(me staff.Person, id uuid.UUID) error {
		_, err := r.Cases.Claim(req.Context(), me, id)
		return err
	}, "")
}

func (r *Room) takeOver(w http.ResponseWriter, req *http.Request) error {
	return r.act(w, req, func(me staff.Person, id uuid.UUID) error {
		_, err := r.Cases.TakeOver(req.Context(), me, id)
		return err
	}, "")
}

func (r *Room) release(w http.ResponseWriter, req *http.Request) error {
	return r.act(w, req, func(me staff.Person, id uuid.UUID) error { return r.Cases.Release(req.Context(), me, id) }, "/w/queue/mine")
}

// decide takes the decision. What the form lacks is said beside its fields; nothing that was typed is lost.
func (r *Room) decide(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.openOrder(req)
	if err != nil {
		return err
	}
	view := r.orderView(v, f, f.Value("outcome"))
	d := casework.Decision{Outcome: f.Value("outcome"), Opinion: f.Value("opinion"), Source: web.Source(req.Context()), Values: map[string]string{}}
	if v.Order.Form == "accept" {
		view.compare(f, &d)
	}
	if d.Outcome == "refuse" && f.Value("ground") != "" && strings.TrimSpace(d.Opinion) != "" {
		d.Opinion = groundWords(view.Grounds, f.Value("ground")) + "：" + d.Opinion
	}
	if d.Outcome == "done" {
		d.Outcome = ""
	}
	for _, x := range view.Fields {
		d.Values[x.name] = f.Value(x.name)
	}
	if d.Outcome == "correct" {
		d.Requests = requests(f)
	}
	r.checkDecision(f, view, d)
	if f.OK() {
		err = r.Cases.Decide(req.Context(), v.Me, v.Order.ID, d)
		var fields casework.FieldErrors
		switch {
		case errors.As(err, &fields):
			for name, words := range fields {
				f.Fail(name, words)
			}
		case err != nil:
			return err
		}
	}
	if !f.OK() {
		view.Form = f
		return r.showOrder(w, req, http.StatusUnprocessableEntity, view)
	}
	web.Flash(req.Context(), "green", string(v.Case.No)+" "+v.Order.Name+"："+doneWords(d.Outcome))
	to, err := r.after(req.Context(), v, f.Value("outcome"))
	if err != nil {
		return err
	}
	return web.Redirect(w, req, to)
}

func doneWords(outcome string) string {
	if w := outcomeWords[outcome]; w != "" {
		return w
	}
	return "已完成"
}

// maxField is how many characters a number or a name may have.
const maxField = 60

func (r *Room) checkDecision(f *web.Form, v *orderView, d casework.Decision) {
	if d.Outcome == "refuse" && f.Value("ground") == "" {
		f.Fail("ground", "请选择不予通过的依据")
	}
	if len(casework.Outcomes(*v.Order)) > 0 && d.Outcome == "" {
		f.Fail("outcome", "请选择处理结果")
	}
	if len([]rune(d.Opinion)) > 500 {
		f.Fail("opinion", fmt.Sprintf("意见最多 500 个字，您写了 %d 个", len([]rune(d.Opinion))))
	}
	for _, x := range v.Fields {
		if n := len([]rune(d.Values[x.name])); n > maxField {
			f.Fail(x.name, fmt.Sprintf("最多 %d 个字，您写了 %d 个", maxField, n))
		}
	}
	for _, q := range d.Requests {
		if strings.TrimSpace(q.Reason) == "" {
			f.Fail("why-"+q.Code, "请写明为什么要补")
		}
	}
}

// requests collects the ticked materials with their reasons.
func requests(f *web.Form) []casework.Request {
	var out []casework.Request
	for _, code := range f.Values("ask") {
		out = append(out, casework.Request{Code: code, Reason: f.Value("why-" + code)})
	}
	return out
}

// acceptList shows the cases that wait at a counter of the clerk's district; one is found by its number or by scanning the sheet.
func (r *Room) acceptList(w http.ResponseWriter, req *http.Request) error {
	return r.formList(w, req, "accept")
}

// issueList shows the certificates that wait to be handed over.
func (r *Room) issueList(w http.ResponseWriter, req *http.Request) error {
	return r.formList(w, req, "pickup")
}

func (r *Room) formList(w http.ResponseWriter, req *http.Request, form string) error {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	q := req.URL.Query().Get("q")
	var no land.CaseNumber
	f := web.NewForm(req)
	if q != "" {
		if no, err = land.ParseCaseNumber(q); err != nil {
			f.Set("q", q)
			f.Fail("q", "办件编号不对，请对照通知单再看一遍")
		}
	}
	var rows []casework.Row
	if f.OK() {
		if rows, err = r.Cases.AtCounter(ctx, r.Pool, me, form, no); err != nil {
			return err
		}
	}
	var visits []bookings.Visit
	if form == "accept" && me.Hall != "" {
		if visits, err = r.Visits.Day(ctx, r.Pool, me.Hall, land.DateOf(r.Clock.Now())); err != nil {
			return err
		}
	}
	strip, err := r.Tickets.Strip(ctx, me)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, counterPage(form, f, q, rows, visits, strip, r.Clock.Now()))
}
