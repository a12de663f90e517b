package application

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// The contract comes from the housing system by its number, or is filled in by who deals without one.

func contractSection() section {
	return section{
		needs: []string{"home"},
		asks:  []string{askContract},
		ready: func(v *view) templ.Component {
			if v.waits(askContract) {
				return waitPage(v, wait{Kind: askContract, Title: "正在导入合同", Words: "正在向住建部门查找这份合同，一般几秒钟就有结果。",
					Back: v.path("contract"), Cancel: v.path("contract/drop"), CancelWords: "自己填写"})
			}
			if how := v.Failed[askContract]; how != "" {
				v.Input.Fail("contract.number", v.noContract(how))
			}
			if v.asksNumber() {
				return importPage(v)
			}
			return nil
		},
		page: contractPage,
		fill: func(v *view) url.Values {
			c := v.Form.Contract
			return url.Values{"contract.number": {c.Number}, "contract.price": {notZero(c.Price)}, "contract.signedOn": {string(c.SignedOn)},
				"contract.payBy": {string(c.PayBy)}, "contract.handOver": {string(c.HandOver)}, "contract.agency": {c.Agency}}
		},
		take: func(v *view) { v.takeContract() },
		then: func(rm *Room, v *view) *question { return rm.askShares(v.App) },
		line: func(v *view) string {
			c := v.Form.Contract
			switch {
			case c.Price == 0:
				return ""
			case c.Number == "":
				return "自行成交，成交价 " + c.Price.String() + " 元"
			}
			return "网签合同 " + c.Number + "，成交价 " + c.Price.String() + " 元"
		},
		rows: func(v *view) []ui.Row {
			c := v.Form.Contract
			return []ui.Row{
				{Label: "网签合同号", Value: ui.Num(orNone(c.Number, "自行成交，没有网签合同"))},
				{Label: v.name("contract", "contract.price"), Value: ui.Num(c.Price.String() + " 元（" + c.Price.Capital() + "）")},
				{Label: v.name("contract", "contract.signedOn"), Value: ui.Str(c.SignedOn.Chinese())},
				{Label: v.name("contract", "contract.payBy"), Value: ui.Str(orNone(c.PayBy.Chinese(), "没有约定"))},
				{Label: v.name("contract", "contract.handOver"), Value: ui.Str(c.HandOver.Chinese())},
				{Label: v.name("contract", "contract.agency"), Value: ui.Str(orNone(c.Agency, "没有"))},
			}
		},
	}
}

func orNone(s, none string) string {
	if strings.TrimSpace(s) == "" {
		return none
	}
	return s
}

// name is the label of a question of another section.
func (v *view) name(section, field string) string {
	s, _ := v.Item.Section(section)
	f, _ := s.Field(field)
	return f.Label
}

func (rm *Room) routesOfContract(rt *web.Router) {
	rt.Post("/app/{id}/contract/import", web.SignedIn, rm.importContract)
	rt.Post("/app/{id}/contract/drop", web.SignedIn, rm.dropContract)
}

// asksNumber reports whether the page asks for the number first: nothing is imported and the person did not choose to fill in.
func (v *view) asksNumber() bool {
	if v.Query.Get("import") == "1" {
		return !v.Form.Contract.Imported
	}
	return !v.Form.Contract.Imported && v.Form.Contract.Price == 0 && v.Query.Get("fill") != "1" && !v.Input.Kept() && len(v.Typed["contract"]) == 0
}

func (v *view) noContract(how string) string {
	if how == "silent" {
		return v.say("err.dept.silent", map[string]any{"dept": "住建部门", "min": 5})
	}
	return v.say("err.contract.none", nil)
}

// importContract asks the housing system for the contract.
func (rm *Room) importContract(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.posted(r, "contract")
	if err != nil {
		return err
	}
	form := v.Input
	number := land.Narrow(v.required("contract.number"))
	if number != "" && (utf8.RuneCountInString(number) > 40 || !printable(number)) {
		v.fail("contract.number", "err.contract.none", nil)
	}
	if !form.OK() {
		return web.Again(w, r, form, importPage(v))
	}
	var q *question
	v, err = rm.inForm(r, v, func(_ context.Context, _ pgx.Tx, v *view) error {
		if !v.isSaved("home") {
			return web.Conflict("请先确认房屋，再导入合同。")
		}
		head := rm.note(v.App, askContract, "")
		q = &question{askContract, message.ContractQuery, head, message.ContractQueryBody{Ask: head, District: v.Form.Home.District, Unit: v.Form.Home.UnitCode, Number: number}}
		return nil
	})
	if err != nil {
		return err
	}
	if err := rm.put(r.Context(), v.App, q); err != nil {
		return err
	}
	a, err := rm.fresh(r, askContract)
	if err != nil {
		return err
	}
	if how := a.Failed[askContract]; how != "" {
		form.Fail("contract.number", v.noContract(how))
		return web.Again(w, r, form, importPage(v.on(a)))
	}
	if !a.waits(askContract) {
		if err := rm.sharesAfter(r); err != nil {
			return err
		}
	}
	return web.Redirect(w, r, v.on(a).afterAsking("contract", askContract))
}

// sharesAfter asks what departments share about parties that have just become known.
func (rm *Room) sharesAfter(r *http.Request) error {
	var q *question
	var a *App
	err := rm.edit(r, func(_ context.Context, _ pgx.Tx, changed *App) error {
		a = changed
		q = rm.askShares(changed)
		return nil
	})
	if err != nil {
		return err
	}
	return rm.put(r.Context(), a, q)
}

// contractAnswered takes the contract in with its parties. Who stood in the form already keeps what was added about them.
func (rm *Room) contractAnswered(a *App, reply message.ContractReply) {
	switch {
	case reply.Error == "silent" || reply.Error == "slow":
		a.fail(askContract, "silent")
		return
	case reply.Error != "" || reply.Contract == nil:
		a.fail(askContract, "none")
		return
	}
	now := rm.Clock.Now()
	a.Form.Contract = *reply.Contract
	a.Form.Contract.Imported = true
	a.Imported = reply.Parties
	a.reopen("contract", "parties", "tax", "trust", "loan", "materials")
	a.cameFrom("contract", "住建网签备案系统", now)
	a.Form.Parties = mergeParties(a.Form, reply.Parties)
	a.CoOwn = coOwnOf(a.Form.PartiesOf(message.Buyer))
	for _, p := range a.Form.Parties {
		if p.Role == message.Buyer {
			a.cameFrom(p.Ref+".name", "住建网签备案系统", now)
		}
	}
}

// mergeParties keeps the owners as the sellers, with the phones of the contract, and takes the buyers of the contract.
func mergeParties(form message.Application, imported []message.Party) []message.Party {
	known := map[string]message.Party{}
	for _, p := range form.Parties {
		known[p.Document.Number] = p
	}
	var out []message.Party
	for _, s := range form.PartiesOf(message.Seller) {
		for _, p := range imported {
			if p.Role == message.Seller && p.Document.Number == s.Document.Number && s.Phone == "" {
				s.Phone = p.Phone
			}
		}
		out = append(out, s)
	}
	n := 0
	for _, p := range imported {
		if p.Role != message.Buyer {
			continue
		}
		n++
		if old, ok := known[p.Document.Number]; ok && old.Role == message.Buyer {
			p.Marriage, p.Spouse, p.Agent, p.Guardian = old.Marriage, old.Spouse, old.Agent, old.Guardian
		}
		p.Ref = refOf(message.Buyer, n)
		out = append(out, p)
	}
	return out
}

// dropContract forgets the imported contract; the parties stay.
func (rm *Room) dropContract(w http.ResponseWriter, r *http.Request) error {
	err := rm.edit(r, func(_ context.Context, _ pgx.Tx, a *App) error {
		c := &a.Form.Contract
		*c = message.Contract{Price: c.Price, SignedOn: c.SignedOn, PayBy: c.PayBy, HandOver: c.HandOver, Agency: c.Agency}
		delete(a.Asked, askContract)
		delete(a.Failed, askContract)
		a.Imported = nil
		a.forget("contract")
		a.reopen("contract", "materials")
		return nil
	})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/app/"+r.PathValue("id")+"/contract?fill=1")
}

// mismatch is one fact that contract and register tell differently.
type mismatch struct{ What, Contract, Register string }

// mismatches compares the imported sellers with the owners of the register. A price or a date has nothing to differ from.
func (v *view) mismatches() []mismatch {
	var out []mismatch
	if !v.Form.Contract.Imported {
		return nil
	}
	for _, o := range v.Form.Home.Owners {
		words := "没有这位"
		for _, p := range v.Imported {
			if p.Role != message.Seller || p.Document.Number != o.Document.Number {
				continue
			}
			words = ""
			if p.Name != o.Name {
				words = land.MaskName(p.Name)
			}
		}
		if words != "" {
			out = append(out, mismatch{"卖方", words, land.MaskName(o.Name)})
		}
	}
	return out
}

// takeContract reads the contract. What was imported cannot be typed over.
func (v *view) takeContract() {
	c := v.Form.Contract
	if !c.Imported {
		c.Number = v.text("contract.number", "contract.number", 40, true)
		c.Price = v.price()
		c.SignedOn = v.date("contract.signedOn", "contract.signedOn", false)
		if c.SignedOn > v.today() {
			v.fail("contract.signedOn", "err.date.future", nil)
		}
		c.Agency = v.text("contract.agency", "contract.agency", 60, true)
	}
	if !c.Imported || v.Form.Contract.PayBy == "" || v.Input.Has("contract.payBy") {
		c.PayBy = v.date("contract.payBy", "contract.payBy", c.Imported)
		v.after("contract.payBy", "contract.payBy", c.PayBy, c.SignedOn, v.label("contract.signedOn"))
	}
	if !c.Imported || v.Form.Contract.HandOver == "" {
		c.HandOver = v.date("contract.handOver", "contract.handOver", false)
		v.after("contract.handOver", "contract.handOver", c.HandOver, c.SignedOn, v.label("contract.signedOn"))
	}
	if c.Price != v.Form.Contract.Price {
		v.reopen("trust", "loan")
	}
	v.Form.Contract = c
}

// Prices of a square metre out of which a price looks like a slip of the unit, in yuan. They only ask, they do not refuse.
const (
	lowPrice  = 1_000
	highPrice = 200_000
)

// price reads the price, and asks to look again at one that is far from any home's.
func (v *view) price() land.Fen {
	fen, ok := v.money("contract.price", "contract.price")
	if !ok {
		return 0
	}
	sure := v.Input.Value("priceSure") == fen.String()
	perMetre := int64(fen) / max(1, int64(v.Form.Home.Area)) // fen a hundredth of a square metre: yuan a square metre
	switch {
	case fen == 0:
		v.fail("contract.price", "err.money.zero", nil)
	case perMetre < lowPrice && !sure:
		v.fail("contract.price", "err.money.unit", map[string]any{"v": fen.String()})
		v.Doubt = fen
	case perMetre > highPrice && !sure:
		v.Input.Fail("contract.price", fmt.Sprintf("成交价填的是 %s 元，比同小区高很多。单位是“元”，请再确认", fen))
		v.Doubt = fen
	}
	return fen
}
