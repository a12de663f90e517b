package application_test

import (
	"net/url"
	"strings"
	"testing"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

func TestTaxIsPrefilledAndExplainedLineByLine(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "tax")
	page := sound(t, p.Get("/app/"+id+"/tax"))
	if !page.Has("不动产登记簿 · 11-24 10:30") || byID(page, "tax.buyerHomes") != nil {
		t.Errorf("number of homes is not locked: %s", page.Text())
	}
	for _, words := range []string{"税款估算", "这是估算，以税务部门核定为准", "契税", "买方", "个人所得税", "《中华人民共和国契税法》", "合计"} {
		if !page.Has(words) {
			t.Errorf("estimate does not say %q", words)
		}
	}
	for _, tt := range []struct{ field, value, says string }{
		{"tax.sellerOnlyHome", "", "请选择这是卖方家庭唯一的住房吗"},
		{"tax.heldSince", "2027-01-01", "这个日期还没有到，请再看一遍"},
		{"tax.costKnown", "", "请选择卖方能提供购房原值的凭证吗"},
		{"tax.cost", "", "请填写购房原值"},
		{"tax.relief", "everything", "没有“everything”这个选项，请重新选择"},
	} {
		v := url.Values{"tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"yes"}, "tax.cost": {"50万"}, "tax.heldSince": {"2019-01-01"}}
		v.Set(tt.field, tt.value)
		page := sound(t, p.Get("/app/"+id+"/tax").Submit("保存并继续", v))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s %q: %d %q, want %q", tt.field, tt.value, page.Status, errorAt(page, tt.field), tt.says)
		}
	}
	part := p.Post("/app/"+id+"/tax/estimate", withToken(page, url.Values{"tax.sellerOnlyHome": {"no"}, "tax.costKnown": {"no"}, "tax.heldSince": {"2005-12-01"}}))
	if !part.Has("持有满 20 年，已满 2 年，免征") || strings.Contains(part.Body, "<html") {
		t.Errorf("estimate for the script: %s", part.Body)
	}
	own := sound(t, p.Get("/app/"+id+"/tax").Click("内容不对"))
	own = own.Submit("保存并继续", url.Values{"tax.buyerHomes": {"100"}, "tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"no"}})
	if own.Status != 422 || errorAt(own, "tax.buyerHomes") != "这里应为 0 至 99 之间的整数" {
		t.Errorf("a hundred homes: %d %q", own.Status, errorsOf(own))
	}
	if own = own.Submit("保存并继续", url.Values{"tax.buyerHomes": {"２"}}); own.URL.Path != "/app/"+id+"/trust" || h.app(mustID(t, id)).Form.Tax.BuyerHomes != 2 {
		t.Errorf("own statement: %s %q", own.URL, errorsOf(own))
	}
}

func TestSilentSharingIsNoWall(t *testing.T) {
	h := newHall(t)
	h.office.set(h.office.silent, message.ShareQuery, true)
	h.office.set(h.office.silent, message.UtilityQuery, true)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "parties")
	page := sound(t, p.Get("/app/"+id+"/parties"))
	if !page.Has("民政部门暂时没有回应") {
		t.Errorf("silence is not said: %s", page.Text())
	}
	if page = p.fillMissing(id, nil); page.URL.Path != "/app/"+id+"/tax" || byID(page, "tax.buyerHomes") == nil {
		t.Fatalf("tax page: %s %s", page.URL, page.Text())
	}
	if page = sound(t, p.Get("/app/"+id+"/utilities")); !page.Has("暂时没有回应。可以先继续，办理时再查") {
		t.Errorf("utilities: %s", page.Text())
	}
	if page = page.Submit("保存并继续", nil); page.Status != 200 || !strings.HasPrefix(page.URL.Path, "/app/"+id) {
		t.Errorf("cannot go on without utilities: %s %q", page.URL, errorsOf(page))
	}
	page = sound(t, p.Get("/app/"+id+"/materials"))
	if !page.Has("办理时向公安核对") || page.Has("还差") {
		t.Errorf("materials: %s", page.Text())
	}
	h.office.set(h.office.silent, message.ShareQuery, false)
	page.Submit("再查一次", nil)
	eventually(t, "the second answer", func() bool { return p.Get("/app/" + id + "/materials").Has("来自公安") })
}

func TestTrustAccountBelongsToASeller(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "trust")
	seller := k.Sellers[0].Name
	if v := p.Get("/app/" + id + "/trust").Value("trust.sellerName"); v != seller {
		t.Errorf("name filled in: %q", v)
	}
	good := url.Values{"trust.bank": {"jsyh"}, "trust.downPayment": {k.Down.String()}, "trust.sellerName": {seller}, "trust.sellerBank": {"凤城银行"}, "trust.sellerAccount": {"6200001234567890123"}, "trust.release": {"entered"}}
	for _, tt := range []struct{ field, value, says string }{
		{"trust.bank", "", "请选择托管银行"},
		{"trust.bank", "other", "请选择托管银行"},
		{"trust.downPayment", "0", "首付款要大于 0，请再看一遍"},
		{"trust.downPayment", "9999999999.99", "首付款加贷款是 9,999,999,999.99 元，与成交价 " + k.Price.String() + " 元差 " + (land.MaxFen - k.Price).String() + " 元，请核对"},
		{"trust.sellerName", k.Buyers[0].Name, "收款账户的户名要与卖方姓名一致，现在是" + k.Buyers[0].Name},
		{"trust.sellerName", "", "请填写收款人"},
		{"trust.sellerBank", strings.Repeat("行", 61), "这里最多写 60 个字"},
		{"trust.sellerAccount", "1234", "账号应为 8 至 32 位数字，请对照银行卡或存折再看一遍"},
		{"trust.sellerAccount", "62000012345678901AB", "账号应为 8 至 32 位数字，请对照银行卡或存折再看一遍"},
		{"trust.release", "now", "没有“now”这个选项，请重新选择"},
	} {
		v := url.Values{}
		for name, list := range good {
			v[name] = list
		}
		v.Set(tt.field, tt.value)
		page := sound(t, p.Get("/app/"+id+"/trust").Submit("保存并继续", v))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s %q: %d %q, want %q", tt.field, tt.value, page.Status, errorAt(page, tt.field), tt.says)
		}
	}
	p.Get("/app/"+id+"/trust").Submit("保存并继续", good)
	// The name of the seller changes nothing later without the account being looked at again.
	if st := p.Get("/app/" + id); !st.Has("首付款 " + k.Down.String()) {
		t.Errorf("list: %s", st.Text())
	}
}

func TestLoanAndDownPaymentMakeThePrice(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "loan")
	rest := k.Price - k.Down
	good := func(kind string, amounts ...land.Fen) url.Values {
		v := url.Values{"loan.kind": {kind}}
		for n, part := range map[string][]string{"none": {}, "commercial": {"commercial"}, "fund": {"fund"}, "mixed": {"commercial", "fund"}}[kind] {
			v.Set("loan."+part+".amount", amounts[n].String())
			v.Set("loan."+part+".months", "240")
			v.Set("loan."+part+".repay", "linear")
			v.Set("loan."+part+".lender", map[string]string{"commercial": "fcyh", "fund": "gjj"}[part])
		}
		return v
	}
	differs := func(loan land.Fen) string {
		sum := loan + k.Down
		return "首付款加贷款是 " + sum.String() + " 元，与成交价 " + k.Price.String() + " 元差 " + max(sum-k.Price, k.Price-sum).String() + " 元，请核对"
	}
	for _, tt := range []struct {
		name, field, says string
		v                 url.Values
	}{
		{"too little", "loan.commercial.amount", differs(rest - 1), good("commercial", rest-1)},
		{"too much", "loan.commercial.amount", differs(rest + 1), good("commercial", rest+1)},
		{"more than the price", "loan.commercial.amount", "贷款 " + (k.Price + 1).String() + " 元超过了成交价 " + k.Price.String() + " 元，请核对", good("commercial", k.Price+1)},
		{"nothing", "loan.commercial.amount", "贷款金额要大于 0；不贷款的，请选“不贷款”", good("commercial", 0)},
		{"none, though something is left", "loan.kind", differs(0), good("none")},
		{"mixed", "loan.commercial.amount", differs(rest + 100), good("mixed", rest, 100)},
		{"no kind", "loan.kind", "请选择贷款种类", url.Values{"loan.kind": {""}}},
		{"a kind that is none", "loan.kind", "没有“gold”这个选项，请重新选择", url.Values{"loan.kind": {"gold"}}},
		{"eleven months", "loan.commercial.months", "这里应为 12 至 360 之间的整数", with(good("commercial", rest), "loan.commercial.months", "11")},
		{"a lender of the other kind", "loan.commercial.lender", "请选择贷款机构", with(good("commercial", rest), "loan.commercial.lender", "gjj")},
		{"no way to repay", "loan.commercial.repay", "请选择还款方式", with(good("commercial", rest), "loan.commercial.repay", "")},
	} {
		page := sound(t, p.Post("/app/"+id+"/loan", withToken(p.Get("/app/"+id+"/loan"), with(tt.v, "_rev", p.Get("/app/"+id+"/loan").Value("_rev")))))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s: %d %q, want %q", tt.name, page.Status, errorsOf(page), tt.says)
		}
	}
	// Without script the parts of another kind come with the next page.
	page := sound(t, p.Get("/app/"+id+"/loan?kind=commercial").Submit("保存并继续", url.Values{"loan.kind": {"mixed"}}))
	if page.Status != 422 || byID(page, "loan.fund.amount") == nil {
		t.Fatalf("changing the kind: %d %s", page.Status, page.Text())
	}
	page = page.Submit("保存并继续", good("mixed", rest-100_000_00, 100_000_00))
	if page.URL.Path != "/app/"+id+"/utilities" {
		t.Fatalf("a mixed loan: %s %q", page.URL, errorsOf(page))
	}
	l := h.app(mustID(t, id)).Form.Loan
	if len(l.Parts) != 2 || l.Total() != rest || l.Parts[1].LenderDoc == "" || l.Parts[1].Repay != "linear" {
		t.Errorf("loan %+v", l)
	}
	if part := p.Post("/app/"+id+"/loan/parts", withToken(p.Get("/app/"+id+"/loan"), url.Values{"loan.kind": {"fund"}})); !part.Has("公积金贷款") || part.Has("商业贷款") {
		t.Errorf("parts for the script: %s", part.Text())
	}
}

func with(v url.Values, name, value string) url.Values {
	v.Set(name, value)
	return v
}

// A price that changes afterwards makes the money unfinished again, which the list and the last page say.
func TestChangedPriceReopensTheMoney(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "delivery")
	p.Get("/app/"+id+"/contract").Submit("合同不对，自己填写", nil)
	page := p.Get("/app/"+id+"/contract?fill=1").Submit("保存并继续", byHand())
	if page.URL.Path != "/app/"+id+"/trust" {
		t.Errorf("the next thing to do is %s", page.URL)
	}
	check := sound(t, p.Get("/app/"+id+"/check"))
	if !check.Has("资金托管") || byID(check, "t-trust") == nil {
		t.Errorf("check page: %s", check.Text())
	}
	if page := check.Submit("提交给各方确认", url.Values{"truth": {"yes"}}); page.Status != 422 || h.app(mustID(t, id)).State != "draft" {
		t.Errorf("sent though unfinished: %d", page.Status)
	}
}

func TestItemWithoutLoanWantsTheWholePriceInTrust(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(func(k democity.Contract) bool { return len(k.Loan) == 0 && onFile(k) })
	p := h.holder(k.Buyers[0])
	id, _ := p.start("existing-home-sale")
	p.find(id.String(), string(k.Cert), k.Sellers[0].Name, k.Sellers[0].Document.Number).Submit("是这套房，继续", nil).
		Submit("导入合同", url.Values{"contract.number": {k.Number}}).Submit("保存并继续", nil).Submit("保存并继续", nil).
		Submit("保存并继续", url.Values{"tax.sellerOnlyHome": {"yes"}, "tax.costKnown": {"no"}})
	page := sound(t, p.Get("/app/"+id.String()+"/trust"))
	if page.Value("trust.downPayment") != k.Price.String() {
		t.Errorf("down payment suggested: %q", page.Value("trust.downPayment"))
	}
	v := url.Values{"trust.bank": {"jsyh"}, "trust.downPayment": {(k.Price - 1).String()}, "trust.sellerBank": {"凤城银行"}, "trust.sellerAccount": {"6200001234567890123"}, "trust.release": {"handed-over"}}
	if page = page.Submit("保存并继续", v); page.Status != 422 || errorAt(page, "trust.downPayment") == "" {
		t.Errorf("less than the price: %d %q", page.Status, errorsOf(page))
	}
	if page = page.Submit("保存并继续", with(v, "trust.downPayment", k.Price.String())); page.URL.Path != "/app/"+id.String()+"/utilities" {
		t.Errorf("the whole price: %s %q", page.URL, errorsOf(page))
	}
	if page := p.Get("/app/" + id.String() + "/loan"); page.Status != 404 {
		t.Errorf("a section that the item does not have: %d", page.Status)
	}
}

func TestDeliveryReadsOnlyTheChosenWay(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "delivery")
	for _, tt := range []struct {
		name, field, says string
		v                 url.Values
	}{
		{"no way", "delivery.mode", "请选择怎么领纸质证书", url.Values{}},
		{"no hall", "delivery.hall", "请选择领证大厅", url.Values{"delivery.mode": {"pickup"}}},
		{"no address", "delivery.address", "请填写收件地址", url.Values{"delivery.mode": {"ems"}}},
		{"half an address", "delivery.address", "收件地址请写到门牌号，像这样：江苏省泰州市海陵区青年南路 88 号 3 幢 502 室", url.Values{"delivery.mode": {"ems"}, "delivery.address": {"泰州市"}}},
		{"a name with an emoji", "delivery.name", "姓名里有“🎁”，请按证件上的字填写；生僻字打不出时，点“手写或拍照输入”", url.Values{"delivery.mode": {"ems"}, "delivery.name": {"王🎁"}, "delivery.address": {"江苏省泰州市海陵区青年南路 88 号"}}},
	} {
		page := sound(t, p.Get("/app/"+id+"/delivery").Submit("保存并继续", tt.v))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s: %d %q, want %q", tt.name, page.Status, errorsOf(page), tt.says)
		}
	}
	page := p.Get("/app/"+id+"/delivery").Submit("保存并继续", url.Values{"delivery.mode": {"ems"}, "delivery.name": {k.Buyers[0].Name}, "delivery.phone": {"13812345678"}, "delivery.address": {"江苏省泰州市海陵区青年南路 88 号"}, "delivery.hall": {"nowhere"}})
	d := h.app(mustID(t, id)).Form.Delivery
	if page.URL.Path != "/app/"+id+"/check" || d.Mode != "ems" || d.Hall != "" {
		t.Errorf("by post: %s %+v", page.URL, d)
	}
}

// Where the lender wants to see statements and a credit report, both are asked for; where it does not, neither is.
func TestProofsForTheLender(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "loan")
	for answer, want := range map[string]bool{"yes": true, "no": false, "": false} {
		v := url.Values{"loan.kind": {"commercial"}, "loan.commercial.amount": {(k.Price - k.Down).String()}, "loan.commercial.months": {"240"},
			"loan.commercial.repay": {"linear"}, "loan.commercial.lender": {"fcyh"}, "loan.proofs": {answer}}
		if saved := sound(t, p.Get("/app/"+id+"/loan")).Submit("保存并继续", v); saved.Status != 200 {
			t.Fatalf("answered %q: %d %q", answer, saved.Status, errorsOf(saved))
		}
		page := sound(t, p.Get("/app/"+id+"/materials"))
		for _, name := range []string{"银行流水", "个人信用报告"} {
			if page.Has(name) != want {
				t.Errorf("answered %q: %s is asked for: %v", answer, name, !want)
			}
		}
	}
}
