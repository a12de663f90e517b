package application_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// saveDraft does what the script does: it posts the form as it stands to the page's own address with draft=1.
func (p *person) saveDraft(path string, v url.Values) *webtest.Page {
	page := p.Get(path)
	return p.Post(path+"?draft=1", with(withToken(page, v), "_rev", page.Value("_rev")))
}

func TestStartWantsEveryConsent(t *testing.T) {
	h := newHall(t)
	p := somebody(h)
	page := sound(t, p.Get("/apply/"+sale))
	if !page.Has("我同意向民政查询我的婚姻状况证明，只用于这次办理") {
		t.Errorf("consents: %s", page.Text())
	}
	page = sound(t, page.Submit("同意并开始", url.Values{"consent": {"police", "registry"}}))
	if page.Status != 422 || !strings.HasPrefix(errorAt(page, "consent"), "还没有同意向民政、住建网签备案系统查询") && len(errorsOf(page)) != 1 {
		t.Errorf("half the consents: %d %q", page.Status, errorsOf(page))
	}
	if mine, err := h.room.Mine(t.Context(), h.pool, p.ID); err != nil || len(mine) != 0 {
		t.Errorf("something was started: %+v %v", mine, err)
	}
	if got := p.Get("/apply/gold-mine"); got.Status != 404 {
		t.Errorf("an item that is none: %d", got.Status)
	}
}

func TestRepeatedStartMakesOneDraft(t *testing.T) {
	h := newHall(t)
	p := somebody(h)
	page := p.Get("/apply/" + sale)
	v := url.Values{"consent": {"police", "civil-affairs", "registry", "housing"}}
	first := page.Submit("同意并开始", v)
	second := page.Submit("同意并开始", v)
	if first.URL.Path != second.URL.Path {
		t.Errorf("two clicks lead to %s and %s", first.URL, second.URL)
	}
	mine, err := h.room.Mine(t.Context(), h.pool, p.ID)
	if err != nil || len(mine) != 1 {
		t.Errorf("drafts: %+v %v", mine, err)
	}
	if again := sound(t, p.Get("/apply/"+sale)); !again.Has("接着填 " + mine[0].No) {
		t.Errorf("the draft is not offered: %s", again.Text())
	}
}

func TestDraftSavesItselfAndGoesOnElsewhere(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "trust")
	path := "/app/" + id + "/trust"
	got := p.saveDraft(path, url.Values{"trust.downPayment": {"不是数"}, "trust.sellerBank": {"凤城银行"}})
	if got.Status != http.StatusNoContent {
		t.Fatalf("draft: %d %s", got.Status, got.Text())
	}
	phone := h.holder(k.Buyers[0]) // the same person, another browser
	page := sound(t, phone.Get(path))
	if page.Value("trust.downPayment") != "不是数" || page.Value("trust.sellerBank") != "凤城银行" {
		t.Errorf("on the other device: %q %q", page.Value("trust.downPayment"), page.Value("trust.sellerBank"))
	}
	list := sound(t, phone.Get("/app/"+id))
	if !list.Has("填写中") || !list.Has("11-24 10:30 已自动保存，换一台设备也能接着填") || !list.Has("已完成 4 / 11 项") || !list.Has("继续：资金托管") {
		t.Errorf("list: %s", list.Text())
	}
	h.clock.Advance(time.Minute)
	later := page.Submit("保存，稍后再填", url.Values{"trust.sellerBank": {"建设银行"}, "trust.downPayment": {""}})
	if later.URL.Path != "/app/"+id || !later.Has("10:31 已自动保存") || phone.Get(path).Value("trust.sellerBank") != "建设银行" {
		t.Errorf("saved for later: %s %s", later.URL, later.Text())
	}
}

func TestTypedWithErrorsIsKept(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "contract")
	p.Get("/app/"+id+"/contract?fill=1").Submit("保存并继续", url.Values{"contract.price": {"128万"}, "contract.agency": {"安家"}})
	page := h.holder(k.Buyers[0]).Get("/app/" + id + "/contract")
	if page.Value("contract.agency") != "安家" || page.Value("contract.price") == "" {
		t.Errorf("after an error, on another device: %q %q", page.Value("contract.agency"), page.Value("contract.price"))
	}
}

func TestTwoWindowsAreShownToEachOther(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "trust")
	path := "/app/" + id + "/trust"
	good := func(bank string) url.Values {
		return url.Values{"trust.bank": {"jsyh"}, "trust.downPayment": {k.Down.String()}, "trust.sellerBank": {bank}, "trust.sellerAccount": {"6200001234567890123"}, "trust.release": {"entered"}}
	}
	one, two := p.Get(path), p.Get(path)
	one.Submit("保存并继续", good("第一支行"))
	page := sound(t, two.Submit("保存并继续", good("第二支行")))
	if page.Status != http.StatusConflict || !page.Has("您打开后，另一个窗口在 10:30 改过这一页") || !page.Has("第一支行") || !page.Has("第二支行") {
		t.Fatalf("conflict: %d %s", page.Status, page.Text())
	}
	if h.app(mustID(t, id)).Form.Trust.SellerBank != "第一支行" {
		t.Error("the second window overwrote the first")
	}
	if got := p.Post(path+"?draft=1", with(withToken(two, good("第二支行")), "_rev", two.Value("_rev"))); got.Status != http.StatusConflict {
		t.Errorf("an old window saves itself over the new text: %d", got.Status)
	}
	if next := page.Submit("保留我填的", nil); next.URL.Path != "/app/"+id+"/loan" || h.app(mustID(t, id)).Form.Trust.SellerBank != "第二支行" {
		t.Errorf("keeping mine: %s", next.URL)
	}
	if theirs := page.Click("保留现在的"); theirs.Value("trust.sellerBank") != "第二支行" {
		t.Errorf("keeping what stands: %q", theirs.Value("trust.sellerBank"))
	}
	// Windows on different parts do not disturb each other.
	tax, trust := p.Get("/app/"+id+"/tax"), p.Get(path)
	trust.Submit("保存并继续", good("第三支行"))
	if got := tax.Submit("保存并继续", url.Values{"tax.sellerOnlyHome": {"no"}}); got.Status != 200 {
		t.Errorf("another part: %d %s", got.Status, got.Text())
	}
}

func TestOtherPeoplesDraftsAreNotThere(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	owner := h.holder(k.Buyers[0])
	id := owner.upTo(t, k, "tax")
	thief := somebody(h)
	_, own := thief.start(sale)
	for _, path := range []string{"", "/home", "/home/confirm", "/contract", "/parties", "/parties/s1", "/parties/new-buyer", "/tax", "/trust", "/loan", "/utilities", "/materials", "/m/M-04-s1/phone",
		"/delivery", "/check", "/sent", "/reopen", "/print", "/abandon"} {
		if got := thief.Get("/app/" + id + path); got.Status != 404 && got.URL.Path != "/app/"+id+"/home" {
			t.Errorf("GET %s: %d", path, got.Status)
		}
	}
	for _, path := range []string{"/home", "/home/confirm", "/home/other", "/contract", "/contract/import", "/contract/drop", "/parties", "/parties/sum", "/parties/s1", "/parties/s1/remove", "/tax", "/tax/estimate",
		"/trust", "/loan", "/loan/parts", "/utilities", "/utilities/again", "/materials", "/materials/again", "/m/M-04-s1", "/delivery", "/check", "/sent/remind", "/reopen", "/abandon"} {
		got := thief.Post("/app/"+id+path, withToken(thief.Get(own.URL.Path), url.Values{"contract.number": {"x"}, "home.certificate": {string(k.Cert)}, "home.ownerName": {"李"}, "home.document": {thief.Document.Number}, "truth": {"yes"}}))
		if got.Status != 404 {
			t.Errorf("POST %s: %d %s", path, got.Status, got.Text())
		}
	}
	for _, path := range []string{"/confirm/" + id, "/confirm/" + id + "/contract", "/confirm/" + id + "/trust", "/confirm/" + id + "/refuse", "/confirm/" + uuid.NewString(), "/app/" + uuid.NewString(), "/app/1", "/confirm/1"} {
		if got := thief.Get(path); got.Status != 404 {
			t.Errorf("GET %s: %d", path, got.Status)
		}
	}
	if _, err := h.room.PartyOf(t.Context(), h.pool, mustID(t, id), thief.ID); err != application.ErrNone {
		t.Errorf("PartyOf of a stranger: %v", err)
	}
	if ref, err := h.room.PartyOf(t.Context(), h.pool, mustID(t, id), owner.ID); err != nil || ref != "b1" {
		t.Errorf("PartyOf of the owner: %q %v", ref, err)
	}
	// A seller of the draft is no party before it was sent.
	seller := h.holder(k.Sellers[0])
	if _, err := h.room.PartyOf(t.Context(), h.pool, mustID(t, id), seller.ID); err != application.ErrNone {
		t.Errorf("PartyOf of a seller before it was sent: %v", err)
	}
}

func TestSessionThatEndsInTheMiddleLosesNothing(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "trust")
	page := p.Get("/app/" + id + "/trust")
	p.ForgetSession()
	got := page.Submit("保存并继续", url.Values{"trust.sellerBank": {"凤城银行海陵支行"}, "trust.sellerAccount": {"6200 0012 3456"}})
	if got.URL.Path != "/webtest/login" || got.URL.Query().Get("back") != "/app/"+id+"/trust" {
		t.Fatalf("sent to %s", got.URL)
	}
	p.SignIn(account.IdentityOf(p.Citizen))
	page = sound(t, p.Get("/app/"+id+"/trust"))
	if page.Value("trust.sellerBank") != "凤城银行海陵支行" || page.Value("trust.sellerAccount") != "6200 0012 3456" || !page.Has("您刚才填的内容还在") {
		t.Errorf("after signing in again: %q %s", page.Value("trust.sellerBank"), page.Text())
	}
}

func TestFormOfAnotherAccountIsStale(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "delivery")
	page := p.Get("/app/" + id + "/delivery")
	other := somebody(h)
	p.SignIn(account.IdentityOf(other.Citizen)) // somebody else signs in at the same browser
	if got := page.Submit("保存并继续", url.Values{"delivery.mode": {"pickup"}, "delivery.hall": {"321202-1"}}); got.Status != http.StatusConflict || !got.Has("这一页放得太久了") {
		t.Errorf("a form left open: %d %s", got.Status, got.Text())
	}
}

func TestNothingPersonalIsReadableAtRest(t *testing.T) {
	h := newHall(t)
	id, _, _, _ := h.sent(t)
	k := h.contractOf(twoAndOne)
	var dump string
	err := h.pool.QueryRow(t.Context(), `SELECT encode(a.body, 'escape') || coalesce((SELECT string_agg(encode(p.person || coalesce(p.seal, ''), 'escape'), '') FROM application_parties p WHERE p.app = a.id), '')
		|| coalesce((SELECT string_agg(encode(source, 'escape'), '') FROM application_guesses), '') FROM applications a WHERE id = $1`, id).Scan(&dump)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{k.Sellers[0].Name, k.Sellers[0].Document.Number, k.Buyers[0].Phone, "6200001234567890123", "127.0.0.1"} {
		if strings.Contains(dump, words) {
			t.Errorf("the database holds %q", words)
		}
	}
}

func TestDraftLapsesAfterAWarning(t *testing.T) {
	h := newHall(t)
	p, id, page := h.asksMarriage(t)
	page.Upload("上传", webtest.File{Name: "a.jpg", Data: photo(640, 480)})
	files, err := h.room.Uploads.List(t.Context(), h.pool, mustID(t, id), "")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	sweep := func() {
		t.Helper()
		if err := h.room.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.clock.Advance(79 * 24 * time.Hour)
	sweep()
	if n := len(h.notices.of(application.DraftWarning)); n != 0 {
		t.Errorf("warned on day 79: %d", n)
	}
	h.clock.Advance(2 * 24 * time.Hour)
	sweep()
	sweep()
	told := h.notices.of(application.DraftWarning)
	if len(told) != 1 || told[0].Account != p.ID || told[0].Link != "/app/"+id || !knows(t, told[0].Kind) {
		t.Errorf("warnings on day 81: %+v", told)
	}
	p.SignIn(account.IdentityOf(p.Citizen))
	if list := sound(t, p.Get("/app/"+id)); !list.Has("这份草稿很久没有改动") {
		t.Errorf("the page does not warn: %s", list.Text())
	}
	h.clock.Advance(11 * 24 * time.Hour)
	sweep()
	p.SignIn(account.IdentityOf(p.Citizen))
	if got := p.Get("/app/" + id); got.Status != 404 {
		t.Errorf("a lapsed draft: %d", got.Status)
	}
	var left int
	if err := h.pool.QueryRow(t.Context(), `SELECT count(*) FROM applications WHERE id = $1 AND (body IS NOT NULL OR state <> 'expired')`, id).Scan(&left); err != nil || left != 0 {
		t.Errorf("a lapsed draft is still there: %d %v", left, err)
	}
	if has, err := h.blobs.Has(t.Context(), files[0].Digest); err != nil || has {
		t.Errorf("its file is still there: %v %v", has, err)
	}
}

func TestWorkOnADraftKeepsIt(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "trust")
	h.clock.Advance(85 * 24 * time.Hour)
	p.SignIn(account.IdentityOf(p.Citizen))
	p.saveDraft("/app/"+id+"/trust", url.Values{"trust.sellerBank": {"凤城银行"}})
	h.clock.Advance(10 * 24 * time.Hour)
	if err := h.room.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := h.app(mustID(t, id)); a.State != application.Drafting {
		t.Errorf("state %s", a.State)
	}
}

func TestAbandonedDraftIsErased(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "tax")
	page := sound(t, sound(t, p.Get("/app/"+id)).Click("放弃这份草稿"))
	if page = page.Submit("删除草稿", nil); page.URL.Path != "/me" {
		t.Errorf("after erasing: %s", page.URL)
	}
	if got := p.Get("/app/" + id); got.Status != 404 {
		t.Errorf("an erased draft: %d", got.Status)
	}
	if mine, err := h.room.Mine(t.Context(), h.pool, p.ID); err != nil || len(mine) != 0 {
		t.Errorf("mine: %+v %v", mine, err)
	}
}

func TestPhoneOfFindsWhoActs(t *testing.T) {
	h := newHall(t)
	id, buyer, first, _ := h.sent(t)
	name, phone, acc, err := h.room.PhoneOf(t.Context(), h.pool, mustID(t, id), "s1")
	if err != nil || name != first.Name || phone != first.Phone || acc != first.ID {
		t.Errorf("s1: %q %q %s %v", name, phone, acc, err)
	}
	if _, _, acc, err := h.room.PhoneOf(t.Context(), h.pool, mustID(t, id), "b1"); err != nil || acc != buyer.ID {
		t.Errorf("b1: %s %v", acc, err)
	}
	if _, _, _, err := h.room.PhoneOf(t.Context(), h.pool, mustID(t, id), "b9"); err != application.ErrNone {
		t.Errorf("b9: %v", err)
	}
}

// Who has no account when the application is sent finds it after signing in for the first time.
func TestPartyWithoutAnAccountFindsItLater(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	buyer := h.holder(k.Buyers[0])
	id := buyer.upTo(t, k, "done")
	buyer.Get("/app/"+id+"/check").Submit("提交给各方确认", url.Values{"truth": {"yes"}})
	for _, n := range h.notices.of("sms.confirm") {
		if n.Account != uuid.Nil || n.Phone == "" || n.Link != "/confirm/"+id {
			t.Errorf("notice to somebody without an account: %+v", n)
		}
	}
	seller := h.holder(k.Sellers[0])
	mine, err := h.room.Mine(t.Context(), h.pool, seller.ID)
	if err != nil || len(mine) != 1 || mine[0].Kind != "confirm" || mine[0].Until == nil {
		t.Fatalf("to do: %+v %v", mine, err)
	}
	namesake := h.comes(seller.Name, land.Document{Kind: land.DocIDCard, Number: number(t, "1970-01-01", 77)}, "")
	if mine, err := h.room.Mine(t.Context(), h.pool, namesake.ID); err != nil || len(mine) != 0 {
		t.Errorf("a namesake sees it: %+v %v", mine, err)
	}
}

// knows reports whether the catalog has the sentence.
func knows(t *testing.T, id string) bool {
	t.Helper()
	cat, err := theCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return cat.HasMessage(id)
}
