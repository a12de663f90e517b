package application

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// The parties: sellers are the owners of the register, buyers come from the contract or are added. One page lists them and asks
// what is still missing about each; a page of its own shows one party whole.

// maxParties of one role; more go to a counter.
const maxParties = 40

func partiesSection() section {
	return section{
		needs: []string{"home"},
		asks:  []string{askShare},
		ready: func(*view) templ.Component { return nil },
		page:  partiesPage,
		fill:  func(v *view) url.Values { return v.fillParties() },
		take:  func(v *view) { v.takeParties() },
		then:  func(rm *Room, v *view) *question { return rm.askShares(v.App) },
		line: func(v *view) string {
			if len(v.buyers()) == 0 {
				return ""
			}
			words := names(v.sellers()) + " → " + names(v.buyers())
			if len(v.buyers()) > 1 {
				words += "，" + v.CoOwn.Label()
			}
			return words
		},
		rows: func(v *view) []ui.Row {
			var rows []ui.Row
			for _, p := range v.Form.Parties {
				rows = append(rows, ui.Row{Label: roleWord(p.Role), Value: ui.Str(v.partyLine(p))})
			}
			if len(v.buyers()) > 1 {
				rows = append(rows, ui.Row{Label: "买方怎么共有", Value: ui.Str(v.CoOwn.Label())})
			}
			return rows
		},
		lacks: func(v *view) []string {
			probe := *v
			probe.Input = web.FormOf(v.fillParties())
			probe.checkParties()
			var out []string
			for _, e := range probe.Input.Errors() {
				out = append(out, e.Message)
			}
			return out
		},
	}
}

func (rm *Room) routesOfParties(rt *web.Router) {
	rt.Post("/app/{id}/parties/sum", web.SignedIn, rm.sharesPart, web.Repeatable())
	rt.Get("/app/{id}/parties/{ref}", web.SignedIn, rm.partyPage)
	rt.Post("/app/{id}/parties/{ref}", web.SignedIn, rm.saveParty)
	rt.Post("/app/{id}/parties/{ref}/remove", web.SignedIn, rm.removeParty)
}

func refOf(role message.Role, n int) string { return string(role[0]) + strconv.Itoa(n) }

func roleWord(role message.Role) string {
	if role == message.Seller {
		return "卖方"
	}
	return "买方"
}

// names lists the masked names of parties, the first three.
func names(list []message.Party) string {
	var out []string
	for _, p := range list {
		out = append(out, land.MaskName(p.Name))
	}
	if len(out) > 3 {
		out = append(out[:3], fmt.Sprintf("等 %d 人", len(list)))
	}
	return strings.Join(out, "、")
}

// coOwnOf tells from the shares of buyers how they hold together.
func coOwnOf(buyers []message.Party) land.CoOwn {
	switch {
	case len(buyers) < 2:
		return land.CoOwnSole
	case slices.ContainsFunc(buyers, func(p message.Party) bool { return !p.Share.IsZero() && !p.Share.IsWhole() }):
		return land.CoOwnShares
	}
	return land.CoOwnJoint
}

// gap are the answers about a party that no source gave and that its page or the list still has to ask.
type gap struct{ Phone, Marriage bool }

func (v *view) gap(p message.Party) gap {
	return gap{Phone: p.Phone == "", Marriage: !p.Document.Kind.Organisation() && !minor(p, v.today()) && p.Marriage == ""}
}

func (v *view) fillParties() url.Values {
	values := url.Values{"coOwn": {string(v.CoOwn)}}
	for _, p := range v.buyers() {
		share := ""
		if !p.Share.IsZero() && !p.Share.IsWhole() {
			share = p.Share.String()
		}
		values.Set(p.Ref+".share", share)
	}
	return values
}

// takeParties reads what the list asks, and then looks at all parties together.
func (v *view) takeParties() {
	for i := range v.Form.Parties {
		p := &v.Form.Parties[i]
		missing := v.gap(*p)
		if missing.Phone {
			p.Phone = v.phone("party.phone", p.Ref+".phone")
		}
		if missing.Marriage {
			v.takeMarriage(p, p.Ref+".marriage", p.Ref+".spouse")
		}
	}
	v.takeShares()
	if v.Input.OK() {
		v.checkParties()
	}
	if me := applicantOf(&v.Form, v.Me.Name, v.Me.Document); me != "" {
		v.Form.Applicant = me
	}
}

// takeMarriage reads the marriage of a party and, of who is married, the spouse.
func (v *view) takeMarriage(p *message.Party, field, spouse string) {
	p.Marriage = v.choice("party.marriage", field, false)
	if p.Marriage != "married" {
		p.Spouse = nil
		return
	}
	name, number := spouse+".name", spouse+".number"
	if v.Input.Value(name) == "" && v.Input.Value(number) == "" {
		v.Input.Fail(name, "请填写"+land.MaskName(p.Name)+"配偶的姓名和身份证号码")
		return
	}
	p.Spouse = &message.Owner{Name: v.personName("party.name", name, land.DocIDCard), Document: v.document("party.document.number", number, land.DocIDCard)}
	if p.Spouse.Document == p.Document && p.Document.Number != "" {
		v.Input.Fail(number, "配偶的号码和本人的一样，请再看一遍")
	}
}

// takeShares reads how the buyers will hold.
func (v *view) takeShares() {
	buyers := v.buyers()
	v.CoOwn = land.CoOwnSole
	if len(buyers) > 1 {
		v.CoOwn = land.CoOwn(v.Input.Value("coOwn"))
		if v.CoOwn != land.CoOwnJoint && v.CoOwn != land.CoOwnShares {
			v.Input.Fail("coOwn", v.say("err.choose", map[string]any{"label": "买方怎么共有"}))
			return
		}
	}
	for i := range v.Form.Parties {
		p := &v.Form.Parties[i]
		if p.Role != message.Buyer {
			continue
		}
		p.Share = land.Whole()
		if v.CoOwn != land.CoOwnShares {
			continue
		}
		text := v.requiredAs("party.share", p.Ref+".share")
		if text == "" {
			continue
		}
		share, err := land.ParseShare(text)
		if !v.wrong(p.Ref+".share", err) {
			p.Share = share
			v.Input.Set(p.Ref+".share", share.String())
		}
	}
}

// checkParties looks at all parties together. It fails the place of the page where each thing is mended.
func (v *view) checkParties() {
	sellers, buyers := v.sellers(), v.buyers()
	if len(buyers) == 0 {
		v.Input.Fail("buyers", v.say("err.party.none", map[string]any{"role": "买方"}))
	}
	if len(sellers) == 0 {
		v.Input.Fail("sellers", v.say("err.party.none", map[string]any{"role": "卖方"}))
	}
	v.checkOwners(sellers)
	v.checkEach()
	if v.CoOwn == land.CoOwnShares && len(buyers) > 1 {
		var shares []land.Share
		for _, p := range buyers {
			shares = append(shares, p.Share)
		}
		v.wrong(buyers[len(buyers)-1].Ref+".share", land.CheckShares(shares...))
	}
	if applicantOf(&v.Form, v.Me.Name, v.Me.Document) == "" {
		v.Input.Fail("buyers", "您（"+land.MaskName(v.Me.Name)+"）不是买卖双方，也不是代理人或监护人，不能发起申请。请先把自己加进来")
	}
}

// checkOwners wants all owners to sell; of those who hold by shares, two thirds (Civil Code 301).
func (v *view) checkOwners(sellers []message.Party) {
	var acting []land.Share
	missing := ""
	for _, o := range v.Form.Home.Owners {
		if slices.ContainsFunc(sellers, func(p message.Party) bool { return p.Document.Number == o.Document.Number }) {
			acting = append(acting, o.Share)
		} else if missing == "" {
			missing = o.Name
		}
	}
	if missing == "" {
		return
	}
	sum, err := land.SumShares(acting...)
	if v.Form.Home.CoOwn != land.CoOwnShares || err != nil || !sum.AtLeast(2, 3) {
		v.fail("sellers", "err.owner.missing", map[string]any{"name": land.MaskName(missing)})
	}
}

// checkEach looks at every party beside the others.
func (v *view) checkEach() {
	role := map[string]message.Role{}
	for _, p := range v.Form.Parties {
		if old, twice := role[p.Document.Number]; twice && old != p.Role {
			v.fail(p.Ref, "err.party.both", map[string]any{"name": land.MaskName(p.Name)})
		}
		role[p.Document.Number] = p.Role
		if minor(p, v.today()) && p.Guardian == nil {
			v.fail(p.Ref, "err.idno.age", map[string]any{"name": land.MaskName(p.Name)})
		}
		missing := v.gap(p)
		if missing.Phone || missing.Marriage || p.Marriage == "married" && p.Spouse == nil {
			v.Input.Fail(p.Ref, "还差"+land.MaskName(p.Name)+"的手机号码或婚姻状况")
		}
	}
}

func minor(p message.Party, today land.Date) bool {
	return p.Document.Kind == land.DocIDCard && land.IDNumber(p.Document.Number).Minor(today)
}

var marriageWords = map[string]string{"single": "未婚", "married": "已婚", "divorced": "离异", "widowed": "丧偶"}

// partyLine is a party in a line, names and numbers masked.
func (v *view) partyLine(p message.Party) string {
	words := land.MaskName(p.Name) + "，" + p.Document.Kind.Label() + " " + p.Document.Masked()
	if p.Phone != "" {
		words += "，手机 " + land.MaskPhone(p.Phone)
	}
	if m := marriageWords[p.Marriage]; m != "" {
		words += "，" + m
	}
	if p.Role == message.Buyer && v.CoOwn == land.CoOwnShares {
		words += "，份额 " + p.Share.String()
	}
	if p.Agent != nil {
		words += "，由 " + land.MaskName(p.Agent.Name) + " 代理"
	}
	if p.Guardian != nil {
		words += "，监护人 " + land.MaskName(p.Guardian.Name)
	}
	return words
}

// sum says what the shares typed so far add up to: 合计 1/1 ✓.
func (v *view) sum() (words string, good bool) {
	var shares []land.Share
	for _, p := range v.buyers() {
		share, err := land.ParseShare(v.Input.Value(p.Ref + ".share"))
		if err == nil {
			shares = append(shares, share)
		}
	}
	total, err := land.SumShares(shares...)
	if err != nil {
		return v.say("err.share.fine", nil), false
	}
	switch err := land.CheckShares(shares...); e := err.(type) {
	case nil:
		return "合计 1/1 ✓", true
	case land.ErrShareSum:
		return "合计 " + total.String() + "，还差 " + e.Rest.String(), false
	case land.ErrShareOver:
		return "合计 " + total.String() + "，多了 " + e.Over.String(), false
	}
	return "合计 " + total.String(), false
}

// sharesPart is the sum alone, for the script that shows it while shares are typed.
func (rm *Room) sharesPart(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.posted(r, "parties")
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, sumPart(v))
}

// absent are the owners who are not among the sellers and could be added back.
func (v *view) absent() []message.Owner {
	var out []message.Owner
	for _, o := range v.Form.Home.Owners {
		if !slices.ContainsFunc(v.sellers(), func(p message.Party) bool { return p.Document.Number == o.Document.Number }) {
			out = append(out, o)
		}
	}
	return out
}

// coOwnChoices are the ways in which several buyers may hold.
func coOwnChoices() []ui.Choice {
	return []ui.Choice{
		{Value: string(land.CoOwnJoint), Text: "共同共有", Hint: "不分份额，常见于夫妻"},
		{Value: string(land.CoOwnShares), Text: "按份共有", Hint: "各有各的份额，加起来是全部"},
	}
}
