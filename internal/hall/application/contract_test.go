package application_test

import (
	"net/url"
	"testing"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// byHand is a contract as somebody without a number fills it in.
func byHand() url.Values {
	return url.Values{"contract.price": {"128万"}, "contract.signedOn": {"20261120"}, "contract.payBy": {"2026/12/20"}, "contract.handOver": {"2027年1月15日"}, "contract.agency": {""}}
}

func TestContractFilledInByHand(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "contract")
	at := "/app/" + id + "/contract?fill=1"
	for _, tt := range []struct{ field, value, says string }{
		{"contract.price", "", "请填写成交价"},
		{"contract.price", "0", "成交价要大于 0。赠与、继承请选对应的事项"},
		{"contract.price", "一百万", "金额请填数字，单位是“元”，也可以写“128 万”"},
		{"contract.price", "1280000.005", "金额最多到分，也就是小数点后两位"},
		{"contract.price", "10000000000", "金额最多 9,999,999,999.99 元，请检查单位"},
		{"contract.price", "128", "成交价填的是 128.00 元，比同小区低很多。单位是“元”，请再确认"},
		{"contract.price", "9,999,999,999.99", "成交价填的是 9,999,999,999.99 元，比同小区高很多。单位是“元”，请再确认"},
		{"contract.signedOn", "2026-13-01", "没有 2026-13-01 这一天，请再看一遍"},
		{"contract.signedOn", "去年", "日期请写成 2026-11-24，也可以写 20261124"},
		{"contract.signedOn", "2026-11-25", "这个日期还没有到，请再看一遍"},
		{"contract.payBy", "2026-11-19", "付清房款的日期不能早于签订日期"},
		{"contract.handOver", "2020-01-01", "交房日期不能早于签订日期"},
		{"contract.agency", "\u202e中介", "这里有看不见的字符，请删掉后重新填写"},
	} {
		values := byHand()
		values.Set(tt.field, tt.value)
		page := sound(t, p.Get(at).Submit("保存并继续", values))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s %q: %d %q, want %q", tt.field, tt.value, page.Status, errorAt(page, tt.field), tt.says)
		}
		if got := page.Value("contract.handOver"); got == "" {
			t.Errorf("%s %q: what was typed is lost", tt.field, tt.value)
		}
	}
	page := p.Get(at).Submit("保存并继续", byHand())
	if page.URL.Path != "/app/"+id+"/parties" {
		t.Fatalf("after saving: %s %s", page.URL, page.Text())
	}
	if shown := p.Get(at).Value("contract.price"); shown != "1,280,000.00" {
		t.Errorf("128万 is shown back as %q", shown)
	}
	c := h.app(mustID(t, id)).Form.Contract
	if c.Price != 128_000_000 || c.SignedOn != "2026-11-20" || c.PayBy != "2026-12-20" || c.HandOver != "2027-01-15" || c.Imported {
		t.Errorf("saved %+v", c)
	}
}

func TestStrangePriceIsTakenWhenThePersonIsSure(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "contract")
	for _, price := range []string{"5万", "9,999,999,999.99"} {
		values := byHand()
		values.Set("contract.price", price)
		page := p.Get("/app/"+id+"/contract?fill=1").Submit("保存并继续", values)
		sure := byID(page, "priceSure")
		if sure == nil {
			t.Fatalf("%s: not asked whether it is right: %s", price, page.Text())
		}
		fen, err := land.ParseYuan(price)
		if err != nil {
			t.Fatal(err)
		}
		wrong := page.Submit("保存并继续", url.Values{"priceSure": {fen.String()}, "contract.price": {"6万"}})
		if wrong.Status != 422 {
			t.Errorf("%s: sure of one price, another is taken", price)
		}
		page = page.Submit("保存并继续", url.Values{"priceSure": {fen.String()}})
		if page.URL.Path != "/app/"+id+"/parties" {
			t.Errorf("%s: sure, and still at %s %q", price, page.URL, errorsOf(page))
		}
	}
}

func TestContractThatCannotBeImported(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "contract")
	page := sound(t, p.Get("/app/"+id+"/contract").Submit("导入合同", url.Values{"contract.number": {"2611-99999"}}))
	if page.Status != 422 || errorAt(page, "contract.number") != "没有找到这份合同。请核对网签合同号，或改为自己填写" || page.Value("contract.number") != "2611-99999" {
		t.Errorf("unknown number: %d %q", page.Status, errorsOf(page))
	}
	h.office.set(h.office.silent, message.ContractQuery, true)
	page = sound(t, p.Get("/app/"+id+"/contract").Submit("导入合同", url.Values{"contract.number": {k.Number}}))
	if page.Status != 422 || errorAt(page, "contract.number") != "住建部门暂时没有回应。我们每 5 分钟再试一次，有结果会发短信，您不用等在这里" {
		t.Errorf("silent housing: %d %q", page.Status, errorsOf(page))
	}
	if page = sound(t, page.Click("没有网签合同，自己填写")); byID(page, "contract.price") == nil {
		t.Errorf("no way to fill in: %s", page.Text())
	}
}

func TestImportedContractFillsPartiesAndIsNotTypedOver(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "contract")
	page := sound(t, p.Get("/app/"+id+"/contract").Submit("导入合同", url.Values{"contract.number": {k.Number}}))
	if !page.Has("共享") || !page.Has("住建网签备案系统 · 11-24 10:30") || byID(page, "contract.price") != nil {
		t.Errorf("imported contract: %s", page.Text())
	}
	page.Submit("保存并继续", url.Values{"contract.price": {"1"}})
	a := h.app(mustID(t, id))
	if a.Form.Contract.Price != k.Price || len(a.Form.PartiesOf(message.Buyer)) != len(k.Buyers) {
		t.Errorf("price %s, buyers %+v", a.Form.Contract.Price, a.Form.PartiesOf(message.Buyer))
	}
	page = p.Get("/app/"+id+"/contract").Submit("合同不对，自己填写", nil)
	if byID(page, "contract.price") == nil || h.app(mustID(t, id)).Form.Contract.Imported {
		t.Errorf("the import cannot be given up: %s", page.Text())
	}
}
