package application_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

const sale = "existing-home-sale-mortgage"

// find asks for a home from the application's page.
func (p *person) find(id, cert, name, doc string) *webtest.Page {
	p.h.t.Helper()
	return p.Get("/app/"+id+"/home").Submit("查找房屋", url.Values{"home.certificate": {cert}, "home.ownerName": {name}, "home.document": {doc}})
}

func somebody(h *hall) *person {
	doc, err := land.ParseDocument(land.DocIDCard, "110101199003070011", today)
	if err != nil {
		id, e := land.MakeIDNumber("321202", "1990-03-07", 15)
		if e != nil {
			h.t.Fatal(e)
		}
		doc = land.Document{Kind: land.DocIDCard, Number: string(id)}
	}
	return h.comes("路过人", doc, "13800000000")
}

const noHome = "没有找到相符的房屋。请对照不动产权证书，核对证号、权利人姓名和证件号码。连续 5 次不符，要等 10 分钟再试"

func TestHomeIsFoundByAllThreeOrNotAtAll(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	other := h.contractOf(func(o democity.Contract) bool { return oneLoan(o) && o.Number != k.Number })
	seller := k.Sellers[0]
	p := somebody(h)
	id, _ := p.start(sale)
	for _, tt := range []struct{ name, cert, owner, doc string }{
		{"another home's number", string(other.Cert), seller.Name, seller.Document.Number},
		{"another owner's name", string(k.Cert), other.Sellers[0].Name, seller.Document.Number},
		{"another owner's document", string(k.Cert), seller.Name, other.Sellers[0].Document.Number},
		{"a number that nobody issued", "苏(2026)泰州市不动产权第9999999号", seller.Name, seller.Document.Number},
	} {
		page := sound(t, p.find(id.String(), tt.cert, tt.owner, tt.doc))
		if page.Status != 422 || errorAt(page, "home.certificate") != noHome || len(errorsOf(page)) != 1 {
			t.Errorf("%s: %d %q", tt.name, page.Status, errorsOf(page))
		}
		if page.Value("home.ownerName") != tt.owner || page.Value("home.document") != tt.doc {
			t.Errorf("%s: what was typed is lost", tt.name)
		}
	}
	page := sound(t, p.find(id.String(), strings.NewReplacer("(", "（", ")", "）", "号", " 号").Replace(string(k.Cert)), seller.Name, strings.ToLower(seller.Document.Number)))
	if page.Status != 200 || !page.Has("是这套房吗") || !page.Has(land.MaskName(seller.Name)) || page.Has(seller.Document.Number) {
		t.Fatalf("the right three: %d %s", page.Status, page.Text())
	}
}

func TestWhatIsTypedForAHomeIsChecked(t *testing.T) {
	h := newHall(t)
	p := somebody(h)
	id, page := p.start(sale)
	if page.Value("home.ownerName") != p.Name || page.Value("home.document") != p.Document.Number {
		t.Errorf("the person's own name and number are not filled in: %q", page.Value("home.ownerName"))
	}
	for _, tt := range []struct{ field, value, says string }{
		{"home.certificate", "", "请填写不动产权证号"},
		{"home.certificate", "苏(2024)泰州市不动产权第", "不动产权证号请照证书填写，像这样：苏（2026）泰州市不动产权第 0001234 号"},
		{"home.ownerName", "", "请填写权利人姓名"},
		{"home.document", "32120219900307351", "身份证号码应为 18 位，您填了 17 位"},
		{"home.document", "32120219900307351Ａ", "身份证号码里有“A”，只能是数字，最后一位可能是 X"},
		{"home.document", "321202199003073510", "身份证号码的最后一位对不上，请对照证件再看一遍"},
	} {
		values := url.Values{"home.certificate": {"苏(2024)泰州市不动产权第0012345号"}, "home.ownerName": {"李建华"}, "home.document": {p.Document.Number}}
		values.Set(tt.field, tt.value)
		page := sound(t, p.Get("/app/"+id.String()+"/home").Submit("查找房屋", values))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s %q: %d %q, want %q", tt.field, tt.value, page.Status, errorAt(page, tt.field), tt.says)
		}
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id, _ := p.start(sale)
	for range 5 {
		if page := p.find(id.String(), "苏(2026)泰州市不动产权第9999999号", "李建华", k.Sellers[0].Document.Number); errorAt(page, "home.certificate") != noHome {
			t.Fatalf("a wrong guess: %q", errorsOf(page))
		}
	}
	right := func() *webtest.Page {
		return p.find(id.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number)
	}
	if page := sound(t, right()); page.Status != 422 || errorAt(page, "home.certificate") != "连续 5 次不符。请对照证书，10 分钟后再试" {
		t.Errorf("the right one after five wrong ones: %d %q", page.Status, errorsOf(page))
	}
	again, _ := p.start(sale)
	if page := p.find(again.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number); page.Status != 422 {
		t.Errorf("another draft of the same person is not slowed: %d", page.Status)
	}
	neighbour := h.holder(k.Buyers[0])
	other, _ := neighbour.start(sale)
	if page := neighbour.find(other.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number); page.Status != 200 {
		t.Errorf("another person at the same address is slowed: %d %q", page.Status, errorsOf(page))
	}
	h.clock.Advance(10*time.Minute + time.Second)
	if page := right(); page.Status != 200 || !page.Has("是这套房吗") {
		t.Errorf("ten minutes later: %d %q", page.Status, errorsOf(page))
	}
}

// Asking many at once while the office is slow gives no more guesses.
func TestUnansweredQuestionsCountAsGuesses(t *testing.T) {
	h := newHall(t)
	h.office.set(h.office.mute, message.HomeQuery, true)
	p := somebody(h)
	var forms []*webtest.Page
	for range 8 {
		_, page := p.start(sale)
		forms = append(forms, page)
	}
	answers := make([]*webtest.Page, len(forms))
	var all sync.WaitGroup
	for n, form := range forms {
		all.Go(func() {
			answers[n] = form.Submit("查找房屋", url.Values{"home.certificate": {"苏(2026)泰州市不动产权第9999999号"}, "home.ownerName": {"李建华"}, "home.document": {p.Document.Number}})
		})
	}
	all.Wait()
	waiting, slowed := 0, 0
	for _, page := range answers {
		switch {
		case page.Status == 200 && page.Has("正在查找房屋"):
			waiting++
		case strings.HasPrefix(errorAt(page, "home.certificate"), "连续 5 次不符"):
			slowed++
		}
	}
	if waiting != 5 || slowed != 3 {
		t.Errorf("of 8 questions at once %d were asked and %d slowed, want 5 and 3", waiting, slowed)
	}
}

func TestHomeThatMayNotBeSoldIsRefused(t *testing.T) {
	h := newHall(t)
	for _, e := range h.city.Examples() {
		if e.State != democity.StateSeized {
			continue
		}
		p := somebody(h)
		id, _ := p.start(sale)
		page := sound(t, p.find(id.String(), string(e.Certificate), e.Owner, e.IDNo))
		if !page.Has("这套房现在被依法查封，不能买卖") || !page.Has("请联系作出查封的法院") {
			t.Fatalf("refusal: %s", page.Text())
		}
		forced := p.Get("/app/"+id.String()+"/home").Submit("换一套房", nil)
		if !forced.Has("要卖的是哪套房") {
			t.Errorf("another home: %s", forced.Text())
		}
		return
	}
	t.Fatal("no seized home in the city")
}

func TestMortgageIsShownAndDoesNotStop(t *testing.T) {
	h := newHall(t)
	for _, e := range h.city.Examples() {
		if e.State != democity.StateMortgaged {
			continue
		}
		p := somebody(h)
		id, _ := p.start(sale)
		page := sound(t, p.find(id.String(), string(e.Certificate), e.Owner, e.IDNo))
		if !page.Has("这套房还有抵押") {
			t.Errorf("mortgage is not shown: %s", page.Text())
		}
		if next := page.Submit("是这套房，继续", nil); next.URL.Path != "/app/"+id.String()+"/contract" {
			t.Errorf("after confirming: %s", next.URL)
		}
		return
	}
	t.Fatal("no mortgaged home in the city")
}

func TestSlowOfficeLeavesThePersonFree(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	gate := make(chan struct{})
	h.office.hold(gate)
	p := somebody(h)
	id, _ := p.start(sale)
	page := sound(t, p.find(id.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number))
	if !page.Has("正在查找房屋") || !strings.Contains(page.Body, `<noscript><meta http-equiv="refresh"`) {
		t.Fatalf("waiting page: %s", page.Body)
	}
	if list := p.Get("/app/" + id.String()); list.Status != 200 || !list.Has("填写中") {
		t.Errorf("the list meanwhile: %s", list.Text())
	}
	read := stream(t, p, "/app/"+id.String()+"/wait/home")
	close(gate)
	if text := read(); !strings.Contains(text, "有结果了") || !strings.Contains(text, `href="/app/`+id.String()+`/home"`) {
		t.Errorf("the live page hears %q", text)
	}
	eventually(t, "the answer", func() bool { return p.Get("/app/" + id.String() + "/home").Has("是这套房吗") })
}

func TestSilentRegisterIsSaid(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	h.office.set(h.office.silent, message.HomeQuery, true)
	p := somebody(h)
	id, _ := p.start(sale)
	page := sound(t, p.find(id.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number))
	if !page.Has("登记簿暂时没有回应") || page.Value("home.certificate") == "" {
		t.Errorf("silence: %s", page.Text())
	}
}

func TestAnotherHomeStartsAnew(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	other := h.contractOf(func(o democity.Contract) bool { return oneLoan(o) && o.Number != k.Number })
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "parties")
	p.Get("/app/"+id+"/home").Submit("不是，换一套", nil)
	page := p.find(id, string(other.Cert), other.Sellers[0].Name, other.Sellers[0].Document.Number).Submit("是这套房，继续", nil)
	if page.URL.Path != "/app/"+id+"/contract" {
		t.Fatalf("after another home: %s", page.URL)
	}
	a := h.app(mustID(t, id))
	if a.Form.Contract.Price != 0 || len(a.Form.Parties) != len(other.Sellers) || a.Form.Parties[0].Name != other.Sellers[0].Name {
		t.Errorf("the old deal is still there: %+v", a.Form.Parties)
	}
}
