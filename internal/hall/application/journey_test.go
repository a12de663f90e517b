package application_test

import (
	"net/url"
	"strings"
	"testing"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/application"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// journey counts what a person does on the way: pages at which they stop, answers typed, answers chosen.
type journey struct {
	t                    *testing.T
	pages, typed, chosen int
	page                 *webtest.Page
}

// at says that the person is on this page now, which must keep the rules.
func (j *journey) at(path string) {
	j.t.Helper()
	j.pages++
	if !strings.HasSuffix(j.page.URL.Path, path) || j.page.Status != 200 {
		j.t.Fatalf("page %d is %s (%d), want …%s:\n%s", j.pages, j.page.URL, j.page.Status, path, j.page.Text())
	}
	sound(j.t, j.page)
}

// submit presses the button after typing and choosing.
func (j *journey) submit(button string, typed, chosen url.Values) {
	j.t.Helper()
	change := url.Values{}
	for k, list := range typed {
		j.typed++
		change[k] = list
	}
	for k, list := range chosen {
		j.chosen += len(list)
		change[k] = list
	}
	j.page = j.page.Submit(button, change)
}

// apply goes the way of the buyer of a contract with one commercial loan, from the first page to the last.
func (p *person) apply(t *testing.T, k democity.Contract) (*journey, string) {
	t.Helper()
	j := &journey{t: t, page: p.Get("/apply/existing-home-sale-mortgage")}
	j.at("/apply/existing-home-sale-mortgage")
	j.submit("同意并开始", nil, url.Values{"consent": {"police", "civil-affairs", "registry", "housing"}})
	id := segment(j.page.URL.Path, 2)
	seller := k.Sellers[0]
	j.at("/home")
	j.submit("查找房屋", url.Values{"home.certificate": {strings.ReplaceAll(string(k.Cert), "第", " 第 ")}, "home.ownerName": {seller.Name}, "home.document": {seller.Document.Number}}, nil)
	j.submit("是这套房，继续", nil, nil)
	j.at("/contract")
	j.submit("导入合同", url.Values{"contract.number": {k.Number}}, nil)
	j.submit("保存并继续", nil, nil)
	j.at("/parties")
	j.submit("保存并继续", nil, nil)
	j.at("/tax")
	j.submit("保存并继续", nil, url.Values{"tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"no"}})
	j.at("/trust")
	j.submit("保存并继续", url.Values{"trust.downPayment": {k.Down.String()}, "trust.sellerBank": {"凤城银行海陵支行"}, "trust.sellerAccount": {"6200 0012 3456 7890 123"}},
		url.Values{"trust.bank": {"jsyh"}, "trust.release": {"entered"}})
	j.at("/loan")
	if v := j.page.Value("loan.commercial.amount"); v != k.Loan[0].Amount.String() {
		t.Errorf("amount suggested is %q, want the rest of the price %s", v, k.Loan[0].Amount)
	}
	j.submit("保存并继续", url.Values{"loan.commercial.months": {"240"}}, url.Values{"loan.kind": {"commercial"}, "loan.commercial.repay": {"annuity"}})
	j.at("/utilities")
	j.submit("保存并继续", nil, nil)
	j.at("/materials")
	j.submit("保存并继续", nil, nil)
	j.at("/delivery")
	j.submit("保存并继续", nil, url.Values{"delivery.mode": {"pickup"}, "delivery.hall": {"321202-1"}})
	j.at("/check")
	j.submit("提交给各方确认", nil, url.Values{"truth": {"yes"}})
	return j, id
}

// upTo goes the way of the buyer until the page of a section is open, and returns the application.
func (p *person) upTo(t *testing.T, k democity.Contract, section string) string {
	t.Helper()
	id, page := p.start("existing-home-sale-mortgage")
	steps := []struct {
		section string
		do      func()
	}{
		{"home", func() {
			page = p.find(id.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number).Submit("是这套房，继续", nil)
		}},
		{"contract", func() {
			page = page.Submit("导入合同", url.Values{"contract.number": {k.Number}}).Submit("保存并继续", nil)
		}},
		{"parties", func() { page = page.Submit("保存并继续", nil) }},
		{"tax", func() {
			page = page.Submit("保存并继续", url.Values{"tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"no"}})
		}},
		{"trust", func() {
			page = page.Submit("保存并继续", url.Values{"trust.downPayment": {k.Down.String()}, "trust.sellerBank": {"凤城银行海陵支行"},
				"trust.sellerAccount": {"6200001234567890123"}, "trust.bank": {"jsyh"}, "trust.release": {"entered"}})
		}},
		{"loan", func() {
			page = page.Submit("保存并继续", url.Values{"loan.commercial.months": {"240"}, "loan.kind": {"commercial"}, "loan.commercial.repay": {"annuity"}})
		}},
		{"utilities", func() { page = page.Submit("保存并继续", nil) }},
		{"materials", func() { page = page.Submit("保存并继续", nil) }},
		{"delivery", func() {
			page = page.Submit("保存并继续", url.Values{"delivery.mode": {"pickup"}, "delivery.hall": {"321202-1"}})
		}},
	}
	for _, s := range steps {
		if want := "/app/" + id.String() + "/" + s.section; page.URL.Path != want || page.Status != 200 {
			t.Fatalf("on the way to %s: at %s (%d), want %s: %s", section, page.URL, page.Status, want, page.Text())
		}
		if s.section == section {
			return id.String()
		}
		s.do()
	}
	return id.String()
}

// oneLoan is a contract whose sellers and buyers are all on file with civil affairs.
func oneLoan(k democity.Contract) bool {
	return len(k.Loan) == 1 && k.Loan[0].Kind == "commercial" && onFile(k)
}

func onFile(k democity.Contract) bool {
	c := theCity()
	for _, x := range append(append([]democity.Holder{}, k.Sellers...), k.Buyers...) {
		p, ok := c.Person(land.IDNumber(x.Document.Number))
		if !ok || p.Phone == "" || p.Marriage == democity.Deceased {
			return false
		}
	}
	return true
}

func TestBuyerAppliesWithinTheBudget(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	buyer := h.holder(k.Buyers[0])
	j, id := buyer.apply(t, k)
	j.at("/sent")
	if j.pages > 12 || j.typed > 11 || j.chosen > 22 {
		t.Errorf("%d pages, %d typed, %d chosen: above the budget of 12, 11, 22", j.pages, j.typed, j.chosen)
	}
	t.Logf("%d pages, %d typed, %d chosen", j.pages, j.typed, j.chosen)
	if !j.page.Has("已发给各方确认") || !j.page.Has("CG-261124-00001") {
		t.Errorf("end of the journey: %s", j.page.Text())
	}
	asked := h.notices.of("sms.confirm")
	if len(asked) == 0 {
		t.Fatal("nobody was asked to confirm")
	}
	for _, n := range asked {
		if n.Account == buyer.ID || !n.SMS || n.Args["no"] == "" {
			t.Errorf("asked: %+v", n)
		}
	}
	h.confirmAll(t, id, k, buyer)
	eventually(t, "the submission", func() bool { h.office.mu.Lock(); defer h.office.mu.Unlock(); return len(h.office.submitted) == 1 })
	h.checkSubmitted(t, k)
}

// confirmAll has everybody confirm who has not.
func (h *hall) confirmAll(t *testing.T, id string, k democity.Contract, done *person) {
	t.Helper()
	a := h.app(mustID(t, id))
	parties, err := h.room.Parties(t.Context(), h.pool, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parties {
		if p.State == "confirmed" {
			continue
		}
		who := h.signer0(t, a, p)
		mine, err := h.room.Mine(t.Context(), h.pool, who.ID)
		if err != nil || len(mine) != 1 || mine[0].Kind != "confirm" {
			t.Fatalf("to do of %s: %+v %v", p.Ref, mine, err)
		}
		page := sound(t, who.Get(mine[0].Href))
		for _, paper := range []string{"contract", "trust"} {
			text := sound(t, who.Get(mine[0].Href+"/"+paper))
			if !text.Has(k.Price.String()) || !text.Has(done.Name) {
				t.Errorf("%s does not name price and buyer: %s", paper, text.Text())
			}
		}
		page = who.confirm(page)
		if !page.Has("您已确认") && !page.Has("申请已提交") {
			t.Fatalf("%s after confirming: %s %s", p.Ref, page.URL, page.Text())
		}
	}
}

// confirm ticks everything, passes the face check where it is asked, and confirms again then.
func (p *person) confirm(page *webtest.Page) *webtest.Page {
	p.h.t.Helper()
	all := url.Values{"read": {"yes"}, "consent": {"yes"}, "truth": {"yes"}}
	page = page.Submit("确认并签名", all)
	if strings.HasPrefix(page.URL.Path, "/face/") {
		page = p.pass(page).Submit("确认并签名", all)
	}
	return page
}

// signer0 signs in who has to confirm.
func (h *hall) signer0(t *testing.T, a *application.App, p application.Party) *person {
	t.Helper()
	for _, x := range a.Form.Parties {
		if x.Ref == p.Ref {
			return h.comes(x.Name, x.Document, x.Phone)
		}
		if x.Ref+".spouse" == p.Ref {
			return h.comes(x.Spouse.Name, x.Spouse.Document, "")
		}
	}
	t.Fatalf("no party %s", p.Ref)
	return nil
}

func (h *hall) checkSubmitted(t *testing.T, k democity.Contract) {
	t.Helper()
	got := h.office.submitted[0].Application
	if got.Contract.Price != k.Price || got.Home.UnitCode != k.Unit || got.Loan.Total()+got.Trust.DownPayment != k.Price {
		t.Errorf("submitted %+v", got)
	}
	a := h.app(got.ID)
	if a.State != application.Submitted {
		t.Errorf("state %s", a.State)
	}
	for _, p := range got.Parties {
		found := false
		for _, c := range got.Confirmed {
			found = found || c.Party == p.Ref
			if c.Party == p.Ref && p.Role == message.Seller && !c.Face {
				t.Errorf("seller %s confirmed without a face check", p.Ref)
			}
		}
		if !found || p.Phone == "" || p.Share.IsZero() {
			t.Errorf("party %s: %+v, confirmed %v", p.Ref, p, found)
		}
	}
	for _, code := range []string{"M-01", "M-02", "M-04", "M-05", "M-06", "M-08"} {
		if !hasMaterial(got, code) {
			t.Errorf("material %s is not among %+v", code, got.Materials)
		}
	}
}

func hasMaterial(app message.Application, code string) bool {
	for _, m := range app.Materials {
		if m.Code == code {
			return true
		}
	}
	return false
}
