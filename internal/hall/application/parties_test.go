package application_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// number is an identity number of the n-th invented person, born on a day.
func number(t *testing.T, born string, n int) string {
	t.Helper()
	id, err := land.MakeIDNumber("321202", land.Date(born), n)
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

func grownUp(t *testing.T, n int) url.Values {
	return url.Values{"party.name": {"陈测试"}, "party.document.kind": {"1"}, "party.document.number": {number(t, "1985-05-05", n)}, "party.phone": {"13812345678"}, "party.marriage": {"single"}}
}

// manual is an application with the contract filled in by hand, its parties page open; the person is not in the deal yet.
func (p *person) manual(t *testing.T, k democity.Contract) string {
	t.Helper()
	id := p.upTo(t, k, "contract")
	p.Get("/app/"+id+"/contract?fill=1").Submit("保存并继续", byHand())
	return id
}

func (p *person) add(id string, v url.Values) *webtest.Page {
	p.h.t.Helper()
	return p.Get("/app/"+id+"/parties/new-buyer").Submit("保存", v)
}

func TestWhatIsTypedForAPartyIsChecked(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	for _, tt := range []struct{ field, value, says string }{
		{"party.name", "张😀", "姓名里有“😀”，请按证件上的字填写；生僻字打不出时，点“手写或拍照输入”"},
		{"party.name", "张3", "姓名里有“3”，请按证件上的字填写；生僻字打不出时，点“手写或拍照输入”"},
		{"party.name", "<b>张</b>", "姓名里有“<”，请按证件上的字填写；生僻字打不出时，点“手写或拍照输入”"},
		{"party.name", "张", "姓名应为 2 至 50 个字，您填了 1 个"},
		{"party.document.number", "3212022199003", "身份证号码应为 18 位，您填了 13 位"},
		{"party.document.number", "32120219900307351O", "身份证号码里有“O”，只能是数字，最后一位可能是 X"},
		{"party.document.number", "999999199003073517", "身份证号码的前 6 位（999999）不是现有的地区，请对照证件再看一遍"},
		{"party.document.number", "321202199013073517", "身份证号码里的出生日期（1990-13-07）不对，请对照证件再看一遍"},
		{"party.document.number", number(t, "2026-11-25", 5), "身份证号码里的出生日期（2026-11-25）不对，请对照证件再看一遍"},
		{"party.document.number", "321202199003073510", "身份证号码的最后一位对不上，请对照证件再看一遍"},
		{"party.document.number", "", "请填写证件号码"},
		{"party.document.kind", "77", "没有“77”这个选项，请重新选择"},
		{"party.phone", "1381234567", "手机号码应为 11 位，您填了 10 位"},
		{"party.phone", "21381234567", "请填写内地手机号码，用来接收办理短信"},
		{"party.marriage", "", "请选择婚姻状况"},
		{"party.document.number", k.Sellers[0].Document.Number, land.MaskName(k.Sellers[0].Name) + "既是卖方又是买方，请核对"},
	} {
		v := grownUp(t, 7)
		v.Set(tt.field, tt.value)
		page := sound(t, p.add(id, v))
		if page.Status != 422 || errorAt(page, tt.field) != tt.says {
			t.Errorf("%s %q: %d %q, want %q", tt.field, tt.value, page.Status, errorAt(page, tt.field), tt.says)
		}
		if page.Value(tt.field) != tt.value && tt.field != "party.marriage" && tt.field != "party.document.kind" {
			t.Errorf("%s: typed %q, page has %q", tt.field, tt.value, page.Value(tt.field))
		}
	}
}

func TestRareNamesAndFullWidthNumbersAreTaken(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	for n, name := range []string{"𠮷𡈽", "阿卜杜热合曼·图尔荪托合提", "㛃䶮", "迪丽热巴•买买提"} {
		v := grownUp(t, 20+n)
		v.Set("party.name", name)
		if n == 0 {
			v.Set("party.document.number", wide(number(t, "1985-05-05", 20)))
		}
		if page := p.add(id, v); page.URL.Path != "/app/"+id+"/parties" {
			t.Errorf("%s: %d %q", name, page.Status, errorsOf(page))
		}
	}
	buyers := h.app(mustID(t, id)).Form.PartiesOf(message.Buyer)
	if len(buyers) != 4 || buyers[0].Name != "𠮷𡈽" || buyers[0].Document.Number != number(t, "1985-05-05", 20) || buyers[3].Name != "迪丽热巴·买买提" {
		t.Errorf("buyers %+v", buyers)
	}
}

// wide writes digits as a Chinese input method does.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r + 0xfee0
		}
		return r
	}, s)
}

func TestSharesAddUpToTheWhole(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	me := grownUp(t, 1)
	me.Set("party.name", p.Name)
	me.Set("party.document.number", p.Document.Number)
	p.add(id, me)
	p.add(id, grownUp(t, 2))
	p.add(id, grownUp(t, 3))
	for _, tt := range []struct{ a, b, c, says, sum string }{
		{"1/3", "1/3", "1/3", "", "合计 1/1 ✓"},
		{"50%", "1/4", "１／４", "", "合计 1/1 ✓"},
		{"1/3", "1/3", "1/6", "各人份额加起来是 5/6，还差 1/6", "合计 5/6，还差 1/6"},
		{"1/2", "1/2", "1/2", "各人份额加起来是 3/2，多了 1/2", "合计 3/2，多了 1/2"},
		{"33.33%", "33.33%", "33.33%", "各人份额加起来是 9999/10000，还差 1/10000", "合计 9999/10000，还差 1/10000"},
		{"1/2", "1/2", "0", "份额要大于 0，不超过全部", ""},
		{"1/2", "1/2", "一点", "份额请写成分数或百分数，像 1/2 或 50%", ""},
		{"1/2", "1/2", "", "请填写份额", ""},
	} {
		shares := url.Values{"coOwn": {"2"}, "b1.share": {tt.a}, "b2.share": {tt.b}, "b3.share": {tt.c}}
		page := p.fillMissing(id, shares)
		if (page.Status == 422) != (tt.says != "") || errorAt(page, "b3.share") != tt.says {
			t.Errorf("%s + %s + %s: %d %q, want %q", tt.a, tt.b, tt.c, page.Status, errorsOf(page), tt.says)
		}
		if tt.sum == "" {
			continue
		}
		live := p.Post("/app/"+id+"/parties/sum", withToken(p.Get("/app/"+id+"/parties"), shares))
		if !live.Has(tt.sum) {
			t.Errorf("sum of %s + %s + %s is shown as %q", tt.a, tt.b, tt.c, live.Text())
		}
	}
}

// fillMissing saves the parties page after answering what it still asks.
func (p *person) fillMissing(id string, v url.Values) *webtest.Page {
	p.h.t.Helper()
	page := sound(p.h.t, p.Get("/app/"+id+"/parties"))
	change := url.Values{}
	for k, list := range v {
		change[k] = list
	}
	for _, x := range p.h.app(mustID(p.h.t, id)).Form.Parties {
		if byID(page, x.Ref+".phone") != nil {
			change.Set(x.Ref+".phone", "13912345678")
		}
		if byID(page, x.Ref+".marriage") != nil {
			change.Set(x.Ref+".marriage", "single")
		}
	}
	return page.Submit("保存并继续", change)
}

// withToken adds the hidden pair of a page's forms.
func withToken(page *webtest.Page, v url.Values) url.Values {
	out := url.Values{"csrf_token": {page.Value("csrf_token")}, "_key": {page.Value("_key")}}
	for k, list := range v {
		out[k] = list
	}
	return out
}

func TestFortyBuyersAndNotOneMore(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	shares := url.Values{"coOwn": {"2"}}
	for n := 1; n <= 40; n++ {
		v := grownUp(t, 100+n)
		if n == 1 {
			v.Set("party.name", p.Name)
			v.Set("party.document.number", p.Document.Number)
		}
		if page := p.add(id, v); page.Status != 200 {
			t.Fatalf("buyer %d: %q", n, errorsOf(page))
		}
		shares.Set(fmt.Sprintf("b%d.share", n), "1/40")
	}
	if page := p.add(id, grownUp(t, 200)); page.Status != 422 || errorAt(page, "party.name") != "一次最多添加 40 位买方，更多人请到登记大厅办理" {
		t.Errorf("buyer 41: %d %q", page.Status, errorsOf(page))
	}
	if page := p.fillMissing(id, shares); page.URL.Path != "/app/"+id+"/tax" {
		t.Errorf("40 × 1/40: %s %q", page.URL, errorsOf(page))
	}
}

func TestChildNeedsAGuardian(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	child := grownUp(t, 1)
	child.Set("party.name", "陈小宝")
	child.Set("party.document.number", number(t, "2015-06-01", 3))
	child.Del("party.marriage")
	page := sound(t, p.add(id, child))
	if page.Status != 422 || errorAt(page, "guardian.name") != "按这个号码，陈*宝未满 18 周岁，需要监护人一起办理。添加监护人" {
		t.Fatalf("child alone: %d %q", page.Status, errorsOf(page))
	}
	young := url.Values{"guardian.name": {"陈小兄"}, "guardian.number": {number(t, "2010-06-01", 4)}, "guardian.phone": {"13812345679"}}
	if again := page.Submit("保存", young); again.Status != 422 || errorAt(again, "guardian.number") != "监护人自己要年满 18 周岁" {
		t.Errorf("a guardian of 16: %d %q", again.Status, errorsOf(again))
	}
	// The guardian is the one who applies: a child's application may be started by its guardian.
	me := url.Values{"guardian.name": {p.Name}, "guardian.number": {p.Document.Number}, "guardian.phone": {"13812345679"}}
	if page = page.Submit("保存", me); page.URL.Path != "/app/"+id+"/parties" {
		t.Fatalf("child with guardian: %d %q", page.Status, errorsOf(page))
	}
	if page = p.fillMissing(id, nil); page.URL.Path != "/app/"+id+"/tax" {
		t.Errorf("after the parties: %s %q", page.URL, errorsOf(page))
	}
	a := h.app(mustID(t, id))
	if a.Form.Applicant != "b1" || a.Form.Parties[len(a.Form.Parties)-1].Guardian == nil {
		t.Errorf("applicant %q, parties %+v", a.Form.Applicant, a.Form.Parties)
	}
}

func TestAgentMustNotBeOfTheOtherSide(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	v := grownUp(t, 9)
	page := p.Get("/app/" + id + "/parties/new-buyer").Click("委托代理人")
	v.Set("agent.name", k.Sellers[0].Name)
	v.Set("agent.number", k.Sellers[0].Document.Number)
	v.Set("agent.phone", "13812345678")
	if page := sound(t, page.Submit("保存", v)); page.Status != 422 || errorAt(page, "agent.number") != "代理人不能是对方当事人" {
		t.Errorf("seller as the buyer's agent: %d %q", page.Status, errorsOf(page))
	}
	v.Set("agent.name", p.Name)
	v.Set("agent.number", p.Document.Number)
	if page := page.Submit("保存", v); page.URL.Path != "/app/"+id+"/parties" {
		t.Fatalf("an agent: %d %q", page.Status, errorsOf(page))
	}
	if page := p.fillMissing(id, nil); page.URL.Path != "/app/"+id+"/tax" {
		t.Errorf("an agent may start: %s %q", page.URL, errorsOf(page))
	}
}

func TestWhoIsNotInTheDealCannotSendIt(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	p := somebody(h)
	id := p.manual(t, k)
	if page := p.fillMissing(id, nil); page.Status != 422 || errorAt(page, "buyers") != "请至少添加一位买方" {
		t.Errorf("no buyer: %d %q", page.Status, errorsOf(page))
	}
	p.add(id, grownUp(t, 9))
	if page := p.fillMissing(id, nil); page.Status != 422 || !strings.Contains(errorAt(page, "buyers"), "不能发起申请") {
		t.Errorf("a stranger: %d %q", page.Status, errorsOf(page))
	}
	if page := p.add(id, grownUp(t, 9)); page.Status != 422 || errorAt(page, "party.document.number") != "陈*试已经添加过了" {
		t.Errorf("the same person twice: %d %q", page.Status, errorsOf(page))
	}
}

func TestAllOwnersHaveToSell(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(func(k democity.Contract) bool { return oneLoan(k) && k.SellersCoOwn == land.CoOwnJoint })
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "parties")
	page := p.Get("/app/"+id+"/parties/s2").Submit("删除这一位", nil)
	page = sound(t, page.Submit("保存并继续", nil))
	missing := k.Sellers[1]
	if page.Status != 422 || errorAt(page, "sellers") != "登记簿上的权利人"+land.MaskName(missing.Name)+"还没有加入卖方。共有的房屋要一起申请" {
		t.Fatalf("one of two owners: %d %q", page.Status, errorsOf(page))
	}
	page = sound(t, page.Click("加入 "+land.MaskName(missing.Name)))
	if page = page.Submit("保存", url.Values{"party.phone": {"13812345678"}, "party.marriage": {"single"}}); page.URL.Path != "/app/"+id+"/parties" {
		t.Fatalf("adding the owner back: %d %q", page.Status, errorsOf(page))
	}
	if page = p.fillMissing(id, nil); page.URL.Path != "/app/"+id+"/tax" {
		t.Errorf("with all owners: %s %q", page.URL, errorsOf(page))
	}
}

func TestWhatCivilAffairsDoesNotKnowIsAsked(t *testing.T) {
	h := newHall(t)
	k := h.contractOf(oneLoan)
	h.office.unfiled[k.Sellers[0].Document.Number] = true
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "parties")
	page := sound(t, p.Get("/app/"+id+"/parties"))
	if byID(page, "s1.marriage") == nil || byID(page, "b1.marriage") != nil {
		t.Fatalf("asked about the wrong ones: %s", page.Text())
	}
	if page = page.Submit("保存并继续", url.Values{"s1.marriage": {"married"}}); page.Status != 422 || errorAt(page, "s1.spouse.name") == "" {
		t.Errorf("married without a spouse: %d %q", page.Status, errorsOf(page))
	}
	page = sound(t, p.Get("/app/"+id+"/parties/b1"))
	if !page.Has("共享") || !page.Has("民政 · ") || byID(page, "party.marriage") != nil {
		t.Errorf("what civil affairs knows is not locked: %s", page.Text())
	}
	if page = page.Click("内容不对"); byID(page, "party.name") == nil && byID(page, "party.marriage") == nil {
		t.Errorf("no way to state it anew: %s", page.Text())
	}
}
