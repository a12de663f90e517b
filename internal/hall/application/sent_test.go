package application_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/application"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web/webtest"
)

func TestSentFormIsOutOfItsOwnersHands(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "done")
	open := map[string]*webtest.Page{}
	for _, s := range []string{"contract", "parties", "tax", "trust", "loan", "utilities", "materials", "delivery", "check"} {
		open[s] = p.Get("/app/" + id + "/" + s)
	}
	p.Get("/app/"+id+"/check").Submit("提交给各方确认", url.Values{"truth": {"yes"}})
	before := h.app(mustID(t, id))
	for s, page := range open {
		got := p.Post("/app/"+id+"/"+s, withToken(page, url.Values{"_rev": {page.Value("_rev")}, "truth": {"yes"}, "delivery.mode": {"pickup"}, "delivery.hall": {"321202-1"}}))
		if got.Status != http.StatusConflict || !got.Has("这份申请已经发出，现在不能修改") {
			t.Errorf("%s, opened before: %d %s", s, got.Status, got.Text())
		}
		if got := p.Post("/app/"+id+"/"+s+"?draft=1", withToken(page, url.Values{"_rev": {page.Value("_rev")}})); got.Status != http.StatusConflict && s != "check" {
			t.Errorf("%s saves itself: %d", s, got.Status)
		}
	}
	if after := h.app(mustID(t, id)); after.Version != before.Version {
		t.Errorf("version %d became %d", before.Version, after.Version)
	}
	paper := sound(t, p.Get("/app/"+id+"/print"))
	if !paper.Has("非正式文书，仅供核对") || !paper.Has(k.Price.String()) || paper.Has(k.Sellers[0].Document.Number) {
		t.Errorf("the form on paper: %s", paper.Text())
	}
}

func TestWithdrawnApplicationIsOver(t *testing.T) {
	h := newHall(t)
	id, buyer, first, second := h.sent(t)
	app := mustID(t, id)
	if own, err := h.room.Own(t.Context(), h.pool, buyer.ID); err != nil || len(own) != 0 {
		t.Errorf("before it is submitted: %v %v", own, err)
	}
	first.confirm(first.Get("/confirm/" + id))
	second.confirm(second.Get("/confirm/" + id))
	for name, p := range map[string]*person{"buyer": buyer, "seller": second} {
		if own, err := h.room.Own(t.Context(), h.pool, p.ID); err != nil || len(own) != 1 || own[0] != app {
			t.Errorf("own of the %s: %v %v", name, own, err)
		}
		if mine, err := h.room.Mine(t.Context(), h.pool, p.ID); err != nil || len(mine) != 0 {
			t.Errorf("to do of the %s after submission: %+v %v", name, mine, err)
		}
	}
	withdraw := func() error {
		return pg.InTx(t.Context(), h.pool, func(tx pgx.Tx) error { return h.room.Withdraw(t.Context(), tx, app) })
	}
	if err := withdraw(); err != nil {
		t.Fatal(err)
	}
	if err := withdraw(); err != application.ErrNone {
		t.Errorf("withdrawn twice: %v", err)
	}
	if page := sound(t, second.Get("/confirm/"+id)); !page.Has("申请已撤回") {
		t.Errorf("a seller sees: %s", page.Text())
	}
	if page := sound(t, buyer.Get("/app/"+id+"/sent")); !page.Has("申请已撤回") {
		t.Errorf("the buyer sees: %s", page.Text())
	}
	if ref, err := h.room.PartyOf(t.Context(), h.pool, app, first.ID); err != nil || ref != "s1" {
		t.Errorf("a party still sees its case: %q %v", ref, err)
	}
}

// A buyer who came with the contract may be mended; what hung on the old person is asked anew.
func TestBuyerOfTheContractCanBeMended(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "tax")
	page := sound(t, p.Get("/app/"+id+"/parties/b1"))
	if byID(page, "party.name") != nil {
		t.Fatalf("the name of the contract is not locked: %s", page.Text())
	}
	page = sound(t, page.Click("内容不对"))
	v := grownUp(t, 31)
	if page = page.Submit("保存", v); page.URL.Path != "/app/"+id+"/parties" {
		t.Fatalf("mending: %d %q", page.Status, errorsOf(page))
	}
	eventually(t, "the answer about the new person", func() bool {
		p.Get("/app/" + id + "/parties")
		b := h.app(mustID(t, id)).Form.PartiesOf(message.Buyer)[0]
		return b.Name == v.Get("party.name") && b.Marriage == "single"
	})
	if got := p.Get("/app/"+id+"/parties").Submit("保存并继续", nil); got.Status != 422 {
		t.Errorf("the applicant is not in the deal any more, and it goes on: %s", got.URL)
	}
}

// Of a buyer who was added by hand a department may know the marriage; another person in the same place has another.
func TestMarriageStaysWithThePerson(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	p := h.holder(k.Buyers[0])
	id := p.manual(t, k)
	v := grownUp(t, 31)
	v.Set("party.name", p.Name)
	v.Set("party.document.number", p.Document.Number)
	v.Set("party.marriage", "single")
	p.add(id, v)
	buyer := func() message.Party { return h.app(mustID(t, id)).Form.PartiesOf(message.Buyer)[0] }
	p.Get("/app/"+id+"/parties/b1").Submit("保存", nil) // stated by the person: it stays
	if m := buyer().Marriage; m != "single" {
		t.Errorf("a statement became %q", m)
	}
	p.Get("/app/"+id+"/parties/s1").Submit("保存", url.Values{"party.phone": {"13812345678"}})
	page := p.Get("/app/" + id + "/parties/b1")
	if page = page.Submit("保存", url.Values{"party.name": {"陈别人"}, "party.document.number": {number(t, "1980-02-02", 55)}, "party.marriage": {"widowed"}}); page.Status != 200 {
		t.Fatalf("another person: %q", errorsOf(page))
	}
	if b := buyer(); b.Name != "陈别人" || b.Marriage != "widowed" || b.Spouse != nil {
		t.Errorf("buyer %+v", b)
	}
}
