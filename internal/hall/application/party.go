package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// The words in the place of a ref under which a party is added.
const (
	newBuyer  = "new-buyer"
	newSeller = "new-seller" // an owner who is not a seller yet: ?owner=0
)

// partyView is the page of one party.
type partyView struct {
	*view
	Ref    string
	Party  message.Party
	New    bool
	Locked bool // name and document come from the register or the contract
	Minor  bool
}

// partyView finds the party of the address, or makes the one to be added.
func (rm *Room) partyView(r *http.Request, a *App) (*partyView, error) {
	v, err := rm.at(r, a, "parties")
	if err != nil {
		return nil, err
	}
	p := &partyView{view: v, Ref: r.PathValue("ref")}
	switch p.Ref {
	case newBuyer:
		p.New, p.Party = true, message.Party{Role: message.Buyer, Document: land.Document{Kind: land.DocIDCard}, Share: land.Whole()}
	case newSeller:
		absent := v.absent()
		var n int
		if _, err := fmt.Sscanf(v.Query.Get("owner"), "%d", &n); err != nil || n < 0 || n >= len(absent) {
			return nil, web.NotFound()
		}
		o := absent[n]
		p.New, p.Locked, p.Party = true, true, message.Party{Role: message.Seller, Name: o.Name, Document: o.Document, Share: o.Share}
	default:
		found, ok := a.Form.Party(p.Ref)
		if !ok {
			return nil, web.NotFound()
		}
		p.Party = *found
		p.Locked = found.Role == message.Seller || a.source(p.Ref+".name") != "" && v.Own != "name"
	}
	p.Minor = minor(p.Party, v.today())
	return p, nil
}

// where says where the name of the party came from.
func (p *partyView) where() string {
	if p.Party.Role == message.Seller {
		return p.source("home")
	}
	return p.source(p.Ref + ".name")
}

// marriageFrom is where the marriage came from, unless the person wants to state it anew.
func (p *partyView) marriageFrom() string {
	if p.Own != "" || p.Input.Has("party.marriage") && !p.Input.OK() {
		return ""
	}
	return p.source(p.Ref + ".marriage")
}

// hasAgent reports whether the page asks about an agent.
func (p *partyView) hasAgent() bool { return p.Party.Agent != nil || p.Query.Get("agent") == "1" }

// agentQuery opens the page with the questions about an agent.
func (p *partyView) agentQuery() string {
	q := url.Values{"agent": {"1"}}
	for _, k := range []string{"owner", "return"} {
		if s := p.Query.Get(k); s != "" {
			q.Set(k, s)
		}
	}
	return queryString(q)
}

// self is the address of the page.
func (p *partyView) self() string {
	q := url.Values{}
	for _, k := range []string{"own", "owner", "agent", "return"} {
		if s := p.Query.Get(k); s != "" {
			q.Set(k, s)
		}
	}
	return p.path("parties/"+p.Ref) + queryString(q)
}

func (rm *Room) partyPage(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.fresh(r, askShare)
	if err != nil {
		return err
	}
	p, err := rm.partyView(r, a)
	if err != nil {
		return err
	}
	if !a.Open() {
		return web.Redirect(w, r, p.path("sent"))
	}
	p.Input = web.NewForm(r)
	if !p.Input.Kept() {
		for name, list := range p.fill() {
			p.Input.Default(name, list...)
		}
	}
	return web.Render(w, r, http.StatusOK, partyFormPage(p))
}

func (p *partyView) fill() url.Values {
	x := p.Party
	values := url.Values{"party.name": {x.Name}, "party.document.kind": {string(x.Document.Kind)}, "party.document.number": {x.Document.Number},
		"party.phone": {x.Phone}, "party.marriage": {x.Marriage}}
	if p.Own == "name" { // another person: what is known of this one does not hold
		values.Del("party.marriage")
		x.Spouse = nil
	}
	if x.Spouse != nil {
		values.Set("spouse.name", x.Spouse.Name)
		values.Set("spouse.number", x.Spouse.Document.Number)
	}
	for prefix, act := range map[string]*message.Agent{"agent": x.Agent, "guardian": x.Guardian} {
		if act != nil {
			values.Set(prefix+".name", act.Name)
			values.Set(prefix+".number", act.Document.Number)
			values.Set(prefix+".phone", act.Phone)
		}
	}
	if p.hasAgent() {
		values.Set("agent", "yes")
	}
	return values
}

// saveParty reads the page of one party.
func (rm *Room) saveParty(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	var p *partyView
	var q *question
	err = rm.edit(r, func(_ context.Context, _ pgx.Tx, a *App) error {
		if p, err = rm.partyView(r, a); err != nil {
			return err
		}
		p.Input = form
		p.take()
		if !form.OK() {
			return errFaulty
		}
		p.put()
		q = rm.askShares(a)
		return nil
	})
	if errors.Is(err, errFaulty) {
		return web.Again(w, r, form, partyFormPage(p))
	}
	if err != nil {
		return err
	}
	if err := rm.put(r.Context(), p.App, q); err != nil {
		return err
	}
	return web.Redirect(w, r, p.back("parties"))
}

// take reads the page into the party.
func (p *partyView) take() {
	x := &p.Party
	before := *x
	if p.New && p.full(x.Role) {
		p.fail("party.name", "err.party.many", map[string]any{"role": roleWord(x.Role), "max": maxParties})
	}
	if !p.Locked {
		p.takeIdentity()
	}
	p.Minor = minor(*x, p.today())
	x.Phone = p.phone("party.phone", "party.phone")
	switch another := x.Name != before.Name || x.Document != before.Document; {
	case x.Document.Kind.Organisation():
		x.Marriage, x.Spouse = "", nil
	case p.marriageFrom() == "":
		p.takeMarriageHere()
	case another: // what a department said of the one before does not hold of this one
		x.Marriage, x.Spouse = "", nil
	}
	x.Agent = nil
	if p.Input.Chosen("agent", "yes") {
		x.Agent = p.actor("agent", "代理人")
		p.checkAgent()
	}
	p.takeGuardian()
}

// takeIdentity reads name and document.
func (p *partyView) takeIdentity() {
	kind, err := land.ParseDocKind(p.choice("party.document.kind", "party.document.kind", false))
	if p.Input.Err("party.document.kind") == "" && !p.wrong("party.document.kind", err) {
		p.Party.Name = p.personName("party.name", "party.name", kind)
		p.Party.Document = p.document("party.document.number", "party.document.number", kind)
	}
	p.checkTwice()
}

// takeMarriageHere reads the marriage; a child has none to ask about.
func (p *partyView) takeMarriageHere() {
	if p.Minor {
		p.Party.Marriage, p.Party.Spouse = "single", nil
		return
	}
	p.takeMarriage(&p.Party, "party.marriage", "spouse")
}

// takeGuardian reads the guardian whom a minor needs.
func (p *partyView) takeGuardian() {
	x := &p.Party
	x.Guardian = nil
	if !p.Minor {
		return
	}
	if p.Input.Value("guardian.name") == "" && p.Input.Value("guardian.number") == "" {
		p.fail("guardian.name", "err.idno.age", map[string]any{"name": land.MaskName(x.Name)})
		return
	}
	x.Guardian = p.actor("guardian", "监护人")
	if x.Guardian != nil && land.IDNumber(x.Guardian.Document.Number).Minor(p.today()) {
		p.fail("guardian.number", "err.guardian.minor", nil)
	}
}

// actor reads who acts for the party: an agent or guardian is a person with an identity card.
func (p *partyView) actor(prefix, who string) *message.Agent {
	act := &message.Agent{}
	for _, f := range []struct{ name, label string }{{".name", "姓名"}, {".number", "身份证号码"}, {".phone", "手机号码"}} {
		if p.Input.Value(prefix+f.name) == "" {
			p.fail(prefix+f.name, "err.required", map[string]any{"label": who + f.label})
		}
	}
	if p.Input.Err(prefix+".name") == "" {
		act.Name = p.personName("party.name", prefix+".name", land.DocIDCard)
	}
	if p.Input.Err(prefix+".number") == "" {
		act.Document = p.document("party.document.number", prefix+".number", land.DocIDCard)
	}
	if p.Input.Err(prefix+".phone") == "" {
		act.Phone = p.phone("party.phone", prefix+".phone")
	}
	if act.Document.Number != "" && act.Document == p.Party.Document {
		p.Input.Fail(prefix+".number", who+"不能是本人，请再看一遍号码")
	}
	return act
}

// checkTwice refuses a person who is in the deal already.
func (p *partyView) checkTwice() {
	for _, other := range p.Form.Parties {
		if other.Ref == p.Ref || other.Document.Number != p.Party.Document.Number || p.Party.Document.Number == "" {
			continue
		}
		id := "err.party.twice"
		if other.Role != p.Party.Role {
			id = "err.party.both"
		}
		p.fail("party.document.number", id, map[string]any{"name": land.MaskName(other.Name)})
	}
}

// checkAgent keeps the two sides apart: who acts for one is nobody of the other (Civil Code 168).
func (p *partyView) checkAgent() {
	for _, other := range everybody(&p.Form) {
		if other.Role != string(p.Party.Role) && other.Role != "spouse" && other.Document == p.Party.Agent.Document && other.Document.Number != "" {
			p.fail("agent.number", "err.agent.same", nil)
		}
	}
}

// put sets the party into the form. What stood on the parties before has to be looked at again.
func (p *partyView) put() {
	form := &p.Form
	if p.New {
		p.Party.Ref = p.freeRef()
		at := len(form.Parties)
		if p.Party.Role == message.Seller {
			at = len(p.sellers())
		}
		form.Parties = slices.Insert(form.Parties, at, p.Party)
		if len(p.buyers()) > 1 && p.CoOwn == land.CoOwnSole {
			p.CoOwn = ""
		}
		p.reopen("parties")
		return
	}
	old, _ := form.Party(p.Ref)
	if old.Name != p.Party.Name || old.Document != p.Party.Document {
		p.forget(p.Ref + ".")
	}
	if p.Own != "" {
		p.forget(p.Ref + ".marriage")
	}
	*old = p.Party
}

// freeRef is the first ref of the role that no party has.
func (p *partyView) freeRef() string {
	for n := 1; ; n++ {
		ref := refOf(p.Party.Role, n)
		if _, taken := p.Form.Party(ref); !taken {
			return ref
		}
	}
}

// full reports whether no further party of the role can be added.
func (v *view) full(role message.Role) bool { return len(v.Form.PartiesOf(role)) >= maxParties }

// removeParty takes a party out of the deal.
func (rm *Room) removeParty(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ParseForm(r); err != nil {
		return err
	}
	ref := r.PathValue("ref")
	var a *App
	var q *question
	err := rm.edit(r, func(_ context.Context, _ pgx.Tx, changed *App) error {
		a = changed
		if _, ok := a.Form.Party(ref); !ok {
			return web.NotFound()
		}
		a.Form.Parties = slices.DeleteFunc(a.Form.Parties, func(p message.Party) bool { return p.Ref == ref })
		if len(a.Form.PartiesOf(message.Buyer)) < 2 {
			a.CoOwn = land.CoOwnSole
		}
		a.forget(ref + ".")
		a.reopen("parties")
		q = rm.askShares(a)
		return nil
	})
	if err != nil {
		return err
	}
	if err := rm.put(r.Context(), a, q); err != nil {
		return err
	}
	web.Flash(r.Context(), "green", "已删除。")
	return web.Redirect(w, r, "/app/"+a.ID.String()+"/parties")
}

// title is the heading of the page.
func (p *partyView) heading() string {
	switch {
	case p.New && p.Party.Role == message.Buyer:
		return "添加买方"
	case p.New:
		return "添加卖方"
	}
	return roleWord(p.Party.Role) + "：" + strings.TrimSpace(p.Party.Name)
}
