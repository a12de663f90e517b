package application_test

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/application"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// twoAndOne is a contract of a couple that sells to one person.
func twoAndOne(k democity.Contract) bool {
	return oneLoan(k) && len(k.Sellers) == 2 && len(k.Buyers) == 1
}

// sent is an application that waits for its two sellers.
func (h *hall) sent(t *testing.T) (id string, buyer, first, second *person) {
	t.Helper()
	k := h.contractOf(twoAndOne)
	buyer = h.holder(k.Buyers[0])
	id = buyer.upTo(t, k, "done")
	page := sound(t, buyer.Get("/app/"+id+"/check")).Submit("提交给各方确认", url.Values{"truth": {"yes"}})
	if page.URL.Path != "/app/"+id+"/sent" {
		t.Fatalf("not sent: %s %q %s", page.URL, errorsOf(page), page.Text())
	}
	return id, buyer, h.holder(k.Sellers[0]), h.holder(k.Sellers[1])
}

func (h *hall) submitted() int {
	h.office.mu.Lock()
	defer h.office.mu.Unlock()
	return len(h.office.submitted)
}

func TestNothingIsSentWithoutTheStatement(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "done")
	page := sound(t, p.Get("/app/"+id+"/check").Submit("提交给各方确认", nil))
	if page.Status != 422 || errorAt(page, "truth") != "请先声明填写的内容真实" {
		t.Errorf("without the statement: %d %q", page.Status, errorsOf(page))
	}
	if len(h.notices.of("sms.confirm")) != 0 {
		t.Error("people were told of what was not sent")
	}
}

func TestUnfinishedApplicationListsWhatIsMissing(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "tax")
	page := sound(t, p.Get("/app/"+id+"/check"))
	for _, words := range []string{"还差 6 项没有填完", "税收情况", "资金托管", "贷款", "水电气和有线电视", "材料", "领证方式"} {
		if !page.Has(words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	page = sound(t, page.Submit("提交给各方确认", url.Values{"truth": {"yes"}}))
	if page.Status != 422 || len(errorsOf(page)) != 6 {
		t.Errorf("sent unfinished: %d %q", page.Status, errorsOf(page))
	}
	back := p.Get("/app/" + id + "/tax?return=check")
	if next := back.Submit("保存并继续", url.Values{"tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"no"}}); next.URL.Path != "/app/"+id+"/check" {
		t.Errorf("after mending, back at %s", next.URL)
	}
}

func TestAllConfirmAndItIsSubmittedOnce(t *testing.T) {
	h := newHall(t)
	id, buyer, first, second := h.sent(t)
	if a := h.app(mustID(t, id)); a.State != application.Confirming {
		t.Fatalf("state %s", a.State)
	}
	page := sound(t, first.Get("/confirm/"+id))
	all := url.Values{"read": {"yes"}, "consent": {"yes"}, "truth": {"yes"}}
	for _, box := range []string{"read", "consent", "truth"} {
		v := url.Values{}
		for k := range all {
			if k != box {
				v[k] = all[k]
			}
		}
		if got := sound(t, page.Submit("确认并签名", v)); got.Status != 422 || errorAt(got, box) == "" {
			t.Errorf("without %s: %d %q", box, got.Status, errorsOf(got))
		}
	}
	h.face = false
	face := page.Submit("确认并签名", all)
	if !strings.HasPrefix(face.URL.Path, "/face/confirm") {
		t.Fatalf("a seller confirms without a face check: %s", face.URL)
	}
	if got := first.pass(face); got.Status != 422 || h.submitted() != 0 {
		t.Errorf("the face does not match: %d", got.Status)
	}
	h.face = true
	page = first.pass(face).Submit("确认并签名", all)
	if !page.Has("已确认。还有 1 位没有确认") {
		t.Errorf("after the first: %s", page.Text())
	}
	if list := sound(t, buyer.Get("/app/"+id)); list.URL.Path != "/app/"+id+"/sent" || !list.Has("已确认 11-24 10:30") {
		t.Errorf("the applicant sees: %s", list.Text())
	}
	if page = second.confirm(second.Get("/confirm/" + id)); !page.Has("申请已提交") {
		t.Errorf("after the last: %s", page.Text())
	}
	eventually(t, "the submission", func() bool { return h.submitted() > 0 })
	if again := second.Get("/confirm/" + id); !again.Has("申请已提交") {
		t.Errorf("later: %s", again.Text())
	}
	time.Sleep(50 * time.Millisecond)
	if h.submitted() != 1 {
		t.Errorf("submitted %d times", h.submitted())
	}
	sub := h.office.submitted[0].Application
	if sub.Applicant != "b1" || len(sub.Confirmed) != 3 {
		t.Errorf("applicant %q, confirmed %+v", sub.Applicant, sub.Confirmed)
	}
	h.checkSeals(t, mustID(t, id))
	h.checkConsents(t, mustID(t, id))
}

// checkSeals verifies each confirmation against what the office got.
func (h *hall) checkSeals(t *testing.T, id uuid.UUID) {
	t.Helper()
	a := h.app(id)
	for _, c := range a.Form.Confirmed {
		seal, err := hex.DecodeString(c.Seal)
		if err != nil {
			t.Fatal(err)
		}
		text, err := application.SealedText(&a.Form, c.Party, c.At)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.signer.Public().Verify([]byte(text), seal); err != nil {
			t.Errorf("seal of %s: %v", c.Party, err)
		}
		changed := a.Form
		changed.Contract.Price++
		if text, err = application.SealedText(&changed, c.Party, c.At); err != nil || h.signer.Public().Verify([]byte(text), seal) == nil {
			t.Errorf("the seal of %s fits another price", c.Party)
		}
	}
}

// checkConsents wants four consents of each party.
func (h *hall) checkConsents(t *testing.T, id uuid.UUID) {
	t.Helper()
	count := map[string]int{}
	for _, c := range h.app(id).Form.Consents {
		count[c.Party]++
	}
	for _, p := range h.app(id).Form.Parties {
		if count[p.Ref] != 4 {
			t.Errorf("%s has given %d consents", p.Ref, count[p.Ref])
		}
	}
}

// Two who confirm in the same moment submit once.
func TestLastTwoAtOnceSubmitOnce(t *testing.T) {
	h := newHall(t)
	id, _, first, second := h.sent(t)
	all := url.Values{"read": {"yes"}, "consent": {"yes"}, "truth": {"yes"}}
	var pages []*webtest.Page
	for _, p := range []*person{first, second} {
		pages = append(pages, p.pass(p.Get("/confirm/"+id).Submit("确认并签名", all)))
	}
	var both sync.WaitGroup
	for _, page := range pages {
		both.Go(func() { page.Submit("确认并签名", all) })
	}
	both.Wait()
	if a := h.app(mustID(t, id)); a.State != application.Submitted {
		t.Fatalf("state %s", a.State)
	}
	eventually(t, "the submission", func() bool { return h.submitted() > 0 })
	var sent int
	if err := h.pool.QueryRow(t.Context(), `SELECT count(*) FROM ferry_out WHERE type = 'application.submitted'`).Scan(&sent); err != nil || sent != 1 {
		t.Errorf("submitted %d times, %v", sent, err)
	}
}

func TestRefusalGoesBackAndCanBeMended(t *testing.T) {
	h := newHall(t)
	id, buyer, first, second := h.sent(t)
	first.confirm(first.Get("/confirm/" + id))
	page := sound(t, second.Get("/confirm/"+id).Click("不同意"))
	for _, tt := range []struct{ reason, says string }{{"", "请填写不同意的原因"}, {strings.Repeat("长", 201), "这里最多写 200 个字"}} {
		if got := sound(t, page.Submit("不同意并告诉申请人", url.Values{"reason": {tt.reason}})); got.Status != 422 || errorAt(got, "reason") != tt.says {
			t.Errorf("%.5q: %d %q", tt.reason, got.Status, errorsOf(got))
		}
	}
	page = page.Submit("不同意并告诉申请人", url.Values{"reason": {"价格和说好的不一样"}})
	if !page.Has("已告诉申请人您不同意") {
		t.Errorf("after refusing: %s", page.Text())
	}
	told := h.notices.of("sms.confirm.refused")
	if len(told) != 1 || told[0].Account != buyer.ID {
		t.Errorf("told: %+v", told)
	}
	list := sound(t, buyer.Get("/app/"+id))
	if !list.Has("没有同意：价格和说好的不一样") {
		t.Errorf("the applicant does not see why: %s", list.Text())
	}
	if got := sound(t, first.Get("/confirm/"+id)); !got.Has("有一方没有同意") {
		t.Errorf("who had confirmed sees: %s", got.Text())
	}
	page = buyer.Get("/app/"+id+"/check").Submit("提交给各方确认", url.Values{"truth": {"yes"}})
	if page.URL.Path != "/app/"+id+"/sent" {
		t.Fatalf("sending again: %s %q", page.URL, errorsOf(page))
	}
	parties, err := h.room.Parties(t.Context(), h.pool, h.app(mustID(t, id)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parties {
		if (p.State == "confirmed") != (p.Ref == "b1") {
			t.Errorf("%s is %s: confirmations of the earlier text still count", p.Ref, p.State)
		}
	}
	first.confirm(first.Get("/confirm/" + id))
	if page = second.confirm(second.Get("/confirm/" + id)); !page.Has("申请已提交") {
		t.Errorf("after all: %s", page.Text())
	}
}

func TestEditingVoidsConfirmations(t *testing.T) {
	h := newHall(t)
	id, buyer, first, second := h.sent(t)
	first.confirm(first.Get("/confirm/" + id))
	open := second.Get("/confirm/" + id) // before the applicant takes it back
	if page := buyer.Get("/app/" + id + "/delivery"); page.URL.Path != "/app/"+id+"/sent" {
		t.Errorf("a sent form can be opened: %s", page.URL)
	}
	sound(t, buyer.Get("/app/"+id+"/sent").Click("收回修改")).Submit("收回修改", nil)
	if page := sound(t, first.Get("/confirm/"+id)); !page.Has("申请人正在修改") {
		t.Errorf("the seller meanwhile: %s", page.Text())
	}
	buyer.Get("/app/"+id+"/delivery?return=check").Submit("保存并继续", url.Values{"delivery.mode": {"ems"}, "delivery.address": {"江苏省泰州市海陵区青年南路 88 号"}}).
		Submit("提交给各方确认", url.Values{"truth": {"yes"}})
	if got := second.confirmAs(open); got.Status != 409 || !got.Has("申请的内容有修改") {
		t.Errorf("what was shown before is confirmed: %d %s", got.Status, got.Text())
	}
	parties, err := h.room.Parties(t.Context(), h.pool, h.app(mustID(t, id)))
	if err != nil || slices.ContainsFunc(parties, func(p application.Party) bool { return p.Ref == "s1" && p.State == "confirmed" }) {
		t.Errorf("the first seller's confirmation still counts: %+v %v", parties, err)
	}
}

// confirmAs confirms from a page that was opened earlier, face check included.
func (p *person) confirmAs(page *webtest.Page) *webtest.Page {
	all := url.Values{"read": {"yes"}, "consent": {"yes"}, "truth": {"yes"}}
	got := page.Submit("确认并签名", all)
	if strings.HasPrefix(got.URL.Path, "/face/") {
		p.pass(got)
		fresh := p.Get(page.URL.Path)
		return p.Post(page.URL.Path, with(withToken(fresh, all), "digest", page.Value("digest")))
	}
	return got
}

func TestReminderOnceADay(t *testing.T) {
	h := newHall(t)
	id, buyer, first, _ := h.sent(t)
	if page := buyer.Get("/app/" + id + "/sent"); page.Has("提醒对方") {
		t.Error("who was asked today can be reminded today")
	}
	h.clock.Advance(24 * time.Hour)
	page := sound(t, buyer.Get("/app/"+id+"/sent"))
	before := len(h.notices.of("sms.confirm"))
	page = page.Submit("提醒对方", url.Values{"ref": {"s1"}})
	if !page.Has("已提醒"+land.MaskName(first.Name)) || len(h.notices.of("sms.confirm")) != before+1 {
		t.Errorf("reminding: %s", page.Text())
	}
	again := buyer.Post("/app/"+id+"/sent/remind", withToken(page, url.Values{"ref": {"s1"}}))
	if again.Status != 409 || len(h.notices.of("sms.confirm")) != before+1 {
		t.Errorf("reminding twice a day: %d", again.Status)
	}
}

func TestNotConfirmedInTimeComesBack(t *testing.T) {
	h := newHall(t)
	id, buyer, first, _ := h.sent(t)
	h.clock.Advance(4 * 24 * time.Hour)
	if page := sound(t, first.Get("/confirm/"+id)); !page.Has("确认的时间过了") {
		t.Errorf("late: %s", page.Text())
	}
	if err := h.room.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if page := sound(t, buyer.Get("/app/"+id)); page.URL.Path != "/app/"+id || !page.Has("没有在 11 月 27 日 24:00 前全部确认") {
		t.Errorf("the applicant: %s %s", page.URL, page.Text())
	}
	if len(h.notices.of(application.NotConfirmed)) != 1 {
		t.Error("the applicant was not told")
	}
}

func TestSellerWhoStartsPassesTheFaceCheckBeforeSending(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(func(k democity.Contract) bool { return oneLoanOrNone(k) && len(k.Sellers) == 1 && len(k.Buyers) == 1 })
	p := h.holder(k.Sellers[0])
	id, page := p.through(t, k)
	if !strings.HasPrefix(page.URL.Path, "/face/confirm") || h.app(mustID(t, id)).State != application.Drafting {
		t.Fatalf("sent without a face check: %s", page.URL)
	}
	page = p.pass(page)
	if page.URL.Path != "/app/"+id+"/check" {
		t.Fatalf("after the check at %s", page.URL)
	}
	if page = page.Submit("提交给各方确认", url.Values{"truth": {"yes"}}); page.URL.Path != "/app/"+id+"/sent" {
		t.Errorf("after sending at %s", page.URL)
	}
}

// A spouse who is no owner signs that the home may be sold.
func TestSpouseOfASoleOwnerConfirms(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(func(k democity.Contract) bool {
		s, ok := h.city.Person(land.IDNumber(k.Sellers[0].Document.Number))
		return oneLoanOrNone(k) && len(k.Sellers) == 1 && ok && s.Marriage == democity.Married
	})
	p := h.holder(k.Buyers[0])
	id, page := p.through(t, k)
	if page.URL.Path != "/app/"+id+"/sent" {
		t.Fatalf("not sent: %s %q", page.URL, errorsOf(page))
	}
	a := h.app(mustID(t, id))
	parties, err := h.room.Parties(t.Context(), h.pool, a)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(parties, func(x application.Party) bool { return x.Ref == "s1.spouse" })
	if i < 0 {
		t.Fatalf("the spouse is not asked: %+v", parties)
	}
	spouse := h.citizen(land.IDNumber(a.Form.Parties[0].Spouse.Document.Number))
	mine, err := h.room.Mine(t.Context(), h.pool, spouse.ID)
	if err != nil || len(mine) != 1 || mine[0].Kind != "confirm" {
		t.Fatalf("to do of the spouse: %+v %v", mine, err)
	}
	page = sound(t, spouse.Get(mine[0].Href))
	if !page.Has("同意配偶卖出这套房") {
		t.Errorf("duties: %s", page.Text())
	}
	if page = spouse.confirm(page); !page.Has("您已确认") && !page.Has("申请已提交") {
		t.Errorf("after confirming: %s", page.Text())
	}
}

func oneLoanOrNone(k democity.Contract) bool { return len(k.Loan) <= 1 && onFile(k) }

// through goes the whole way with whatever loan the contract has, and sends it.
func (p *person) through(t *testing.T, k democity.Contract) (string, *webtest.Page) {
	t.Helper()
	id := p.upTo(t, k, "loan")
	v := url.Values{"loan.kind": {"none"}}
	if len(k.Loan) == 1 {
		kind := k.Loan[0].Kind
		v = url.Values{"loan.kind": {kind}, "loan." + kind + ".lender": {map[string]string{"commercial": "fcyh", "fund": "gjj"}[kind]},
			"loan." + kind + ".amount": {k.Loan[0].Amount.String()}, "loan." + kind + ".months": {"240"}, "loan." + kind + ".repay": {"annuity"}}
	}
	kind := v.Get("loan.kind")
	p.Get("/app/"+id+"/loan?kind="+kind).Submit("保存并继续", v)
	p.Get("/app/"+id+"/utilities").Submit("保存并继续", nil)
	p.Get("/app/"+id+"/materials").Submit("保存并继续", nil)
	p.Get("/app/"+id+"/delivery").Submit("保存并继续", url.Values{"delivery.mode": {"pickup"}, "delivery.hall": {"321202-1"}})
	return id, p.Get("/app/"+id+"/check").Submit("提交给各方确认", url.Values{"truth": {"yes"}})
}

// Materials leave the hall once the office has them; who was in the application sees that.
func TestFilesTravelAndLeave(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(twoAndOne)
	h.office.unfiled[k.Sellers[0].Document.Number] = true
	buyer := h.holder(k.Buyers[0])
	id := buyer.upTo(t, k, "contract")
	buyer.Get("/app/"+id+"/contract").Submit("导入合同", url.Values{"contract.number": {k.Number}}).Submit("保存并继续", nil)
	buyer.fillMissing(id, nil).Submit("保存并继续", url.Values{"tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"no"}}).
		Submit("保存并继续", url.Values{"trust.downPayment": {k.Down.String()}, "trust.sellerBank": {"凤城银行海陵支行"}, "trust.sellerAccount": {"6200001234567890123"}, "trust.bank": {"jsyh"}, "trust.release": {"entered"}}).
		Submit("保存并继续", url.Values{"loan.commercial.months": {"240"}, "loan.kind": {"commercial"}, "loan.commercial.repay": {"annuity"}}).
		Submit("保存并继续", nil).Upload("上传", webtest.File{Name: "结婚证.jpg", Data: photo(640, 480)}).Submit("保存并继续", nil).
		Submit("保存并继续", url.Values{"delivery.mode": {"pickup"}, "delivery.hall": {"321202-1"}}).Submit("提交给各方确认", url.Values{"truth": {"yes"}})
	files, err := h.room.Uploads.List(t.Context(), h.pool, mustID(t, id), "M-04-s1")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	href := "/f/" + files[0].ID.String()
	first, second := h.holder(k.Sellers[0]), h.holder(k.Sellers[1])
	if got := first.Get(href); got.Status != 200 {
		t.Errorf("a party of the sent application gets the file: %d", got.Status)
	}
	first.confirm(first.Get("/confirm/" + id))
	second.confirm(second.Get("/confirm/" + id))
	eventually(t, "the submission", func() bool { return h.submitted() == 1 })
	if m := h.office.submitted[0].Application.Blobs(); len(m) != 1 || m[0] != files[0].Digest {
		t.Errorf("files of the submission: %v", m)
	}
	eventually(t, "the leaving of the file", func() bool { has, err := h.blobs.Has(t.Context(), files[0].Digest); return err == nil && !has })
	if got := buyer.Get(href); got.Status != 410 || !got.Has("文件已交给办理部门") {
		t.Errorf("afterwards: %d %s", got.Status, got.Text())
	}
	if got := buyer.Get(href + "/t"); got.Status != 200 {
		t.Errorf("small picture afterwards: %d", got.Status)
	}
}

// Two applications may bring the same bytes. That the office has them from one does not take them from the other.
func TestBytesOfAnotherMessageStay(t *testing.T) {
	h := newHall(t)
	_, id, page := h.asksMarriage(t)
	page.Upload("上传", webtest.File{Name: "结婚证.jpg", Data: photo(640, 480)})
	files, err := h.room.Uploads.List(t.Context(), h.pool, mustID(t, id), "M-04-s1")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	digest, correction, letter := files[0].Digest, uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	for _, step := range []struct {
		name, do string
		args     []any
		stays    bool
	}{
		{"a draft", `SELECT 1`, nil, true},
		{"a message on its way", `WITH sent AS (UPDATE applications SET state = 'submitted', submitted_at = now() WHERE id = $1)
			INSERT INTO ferry_out (id, type, case_key, blobs, created_at) VALUES ($2, 'application.submitted', $1::text, ARRAY[$3], now())`, []any{id, letter, digest}, true},
		{"a correction being prepared", `WITH asked AS (INSERT INTO case_corrections (id, app, body, until) VALUES ($2, $1, '', now())),
			there AS (UPDATE ferry_out SET seq = 1000000, acked_at = now() WHERE id = $3)
			UPDATE application_files SET slot = 'fix/' || $2::text || '/M-04' WHERE app = $1`, []any{id, correction, letter}, true},
		{"nothing more", `UPDATE case_corrections SET state = 'received' WHERE id = $1`, []any{correction}, false},
	} {
		if _, err := h.pool.Exec(t.Context(), step.do, step.args...); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if err := h.room.Uploads.Acked(t.Context(), message.ApplicationSubmitted, []string{digest}); err != nil {
			t.Fatal(err)
		}
		if has, err := h.blobs.Has(t.Context(), digest); err != nil || has != step.stays {
			t.Errorf("%s: the bytes are there: %t, %v", step.name, has, err)
		}
	}
}
