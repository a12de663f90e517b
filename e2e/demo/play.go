package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// demo is one run: a home is sold with a loan. On the way things go wrong as they do: a form is sent twice, a department answers
// twice, another asks for a clearer scan, and a payment is told of late and twice.
type demo struct {
	ctx   context.Context
	clock clock.Clock
	city  *city

	home   example
	seller *person
	buyers []*person
	app    string
	caseNo string
	desks  map[string]*person // staff by role

	certificate, mortgage string
}

// person is somebody at their browser.
type person struct {
	account
	*browser
}

func (d *demo) play() error {
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"卖方登录", d.sellerSignsIn},
		{"选事项，授权查询", d.startsApplication},
		{"查到房屋，核对无误", d.findsHome},
		{"导入网签合同", d.importsContract},
		{"填完八段", d.fillsForm},
		{"发给各方确认，连按两次", d.sendsTwice},
		{"卖方刷脸，各方签名", d.everybodyConfirms},
		{"受理系统收到，发办件编号", d.getsNumber},
		{"住建回了两次，权籍要求补正，补交后继续", d.corrects},
		{"双方确认税额", d.confirmsTax},
		{"缴税：通知迟到又重复", func() error { return d.pays("税款", map[string]any{"times": 2, "delayMs": 1500}) }},
		{"缴登记费", func() error { return d.pays("登记费", nil) }},
		{"首付款存入托管账户", func() error { return d.pays("首付款", nil) }},
		{"预约到大厅核对原件", d.books},
		{"窗口核对原件并受理", d.accepts},
		{"初审", d.firstReview},
		{"复审，另一个人", d.secondReview},
		{"登簿，发证", d.certified},
		{"放款、付款、水电气视、邮寄、汇交", d.finishes},
		{"扫码验证证照", d.verifies},
	} {
		if err := d.step(s.name, s.do); err != nil {
			return err
		}
	}
	return nil
}

func fields(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// signIn signs a citizen in at the identity provider.
func (d *demo) signIn(a account) (*person, error) {
	p := &person{a, newBrowser()}
	if err := p.open(d.city.Hall + "/login/start?back=/me"); err != nil {
		return nil, err
	}
	if err := p.submit("password", fields("login", a.Login, "password", a.Password)); err != nil {
		return nil, err
	}
	if !p.page.says("我的办件") {
		return nil, fmt.Errorf("not signed in: %s", p.page.complaint())
	}
	return p, nil
}

func (d *demo) sellerSignsIn() (err error) {
	d.home = d.city.Examples[0]
	a, ok := d.city.accountOf(d.home.Idno)
	if !ok {
		return fmt.Errorf("no account for the owner of %s", d.home.Certificate)
	}
	d.seller, err = d.signIn(a)
	return err
}

func (d *demo) startsApplication() error {
	if err := d.seller.open("/apply/existing-home-sale-mortgage"); err != nil {
		return err
	}
	if err := d.seller.submit("consent", url.Values{"consent": d.seller.boxes("consent")}); err != nil {
		return err
	}
	d.app = strings.Split(d.seller.page.url.Path, "/")[2]
	return nil
}

// boxes are the values that can be ticked for a field.
func (b *browser) boxes(field string) []string {
	var out []string
	for _, n := range all(b.page.root, func(n *html.Node) bool { return attr(n, "name") == field && attr(n, "type") == "checkbox" }) {
		out = append(out, attr(n, "value"))
	}
	return out
}

// option is the n-th choice of a select.
func (b *browser) option(field string, n int) string {
	list := find(b.page.root, func(x *html.Node) bool { return x.Data == "select" && attr(x, "name") == field })
	if o := all(list, func(x *html.Node) bool { return x.Data == "option" }); n < len(o) {
		return attr(o[n], "value")
	}
	return ""
}

// comes opens an address until its page shows the form that anchor names.
func (d *demo) comes(p *person, address, anchor string) error {
	return d.eventually(func() error {
		if p.page != nil && p.page.root != nil {
			if _, err := p.form(anchor); err == nil {
				return nil
			}
		}
		if err := p.open(address); err != nil {
			return err
		}
		_, err := p.form(anchor)
		return err
	})
}

func (d *demo) findsHome() error {
	err := d.seller.submit("home.certificate", fields("home.certificate", d.home.Certificate, "home.ownerName", d.home.Owner, "home.document", d.home.Idno))
	if err != nil {
		return err
	}
	if err := d.comes(d.seller, "/app/"+d.app+"/home", "#是这套房"); err != nil {
		return err
	}
	return d.seller.submit("#是这套房", nil)
}

func (d *demo) importsContract() error {
	if err := d.seller.submit("contract.number", fields("contract.number", d.home.Contract)); err != nil {
		return err
	}
	if err := d.comes(d.seller, "/app/"+d.app+"/contract", "contract.payBy"); err != nil {
		return err
	}
	return d.seller.submit("contract.payBy", nil)
}

// fillsForm answers what the registers could not.
func (d *demo) fillsForm() error {
	for _, s := range []struct {
		code string
		fill url.Values
	}{
		{"parties", nil},
		{"tax", fields("tax.sellerOnlyHome", "yes", "tax.costKnown", "no")},
		{"trust", fields("trust.downPayment", "400000", "trust.sellerBank", "凤城银行海陵支行", "trust.sellerAccount", "6200001234567890123", "trust.release", "entered")},
		{"loan", fields("loan.kind", "commercial", "loan.commercial.months", "240", "loan.commercial.repay", "annuity")},
		{"utilities", nil},
		{"materials", nil},
		{"delivery", fields("delivery.mode", "ems", "delivery.address", "江苏省泰州市海陵区青年南路 88 号 3 幢 502 室")},
	} {
		path := "/app/" + d.app + "/" + s.code
		if !strings.HasSuffix(d.seller.page.url.Path, path) {
			if err := d.seller.open(path); err != nil {
				return err
			}
		}
		if s.fill == nil {
			s.fill = url.Values{}
		}
		for _, bank := range []string{"trust.bank", "loan.commercial.lender"} {
			if v := d.seller.option(bank, 1); v != "" {
				s.fill.Set(bank, v)
			}
		}
		if s.code == "utilities" {
			if err := d.settlesArrears(); err != nil {
				return err
			}
		}
		if err := d.seller.submit("#保存并继续", s.fill); err != nil {
			return fmt.Errorf("%s: %w", s.code, err)
		}
	}
	return nil
}

// settlesArrears pays at the counters of water, power, gas and television what the page says is owed.
func (d *demo) settlesArrears() error {
	kinds := map[string]string{"自来水": "water", "电力": "power", "燃气": "gas", "数字电视": "tv"}
	for _, m := range regexp.MustCompile(`户号 (\d+)（(\S+) · [^）]*），欠费`).FindAllStringSubmatch(text(d.seller.page.root), -1) {
		if err := d.city.control("POST", "/control/arrears", map[string]any{"kind": kinds[m[2]], "account": m[1], "arrears": 0}, nil); err != nil {
			return err
		}
	}
	return nil
}

// arrangesTrouble has the survey ask for a better scan, and the housing bureau say twice that it filed the contract.
func (d *demo) arrangesTrouble() error {
	unclear := map[string]string{"materialCode": "M-05", "reason": "合同第 3 页看不清"}
	err := d.city.control("POST", "/control/decisions", map[string]any{"system": "registry/" + d.home.District, "operation": "registry.survey.push",
		"outcome": "correct", "detail": map[string]any{"materials": []any{unclear}}}, nil)
	if err != nil {
		return err
	}
	return d.city.control("PUT", "/control/faults", map[string]any{"system": "housing/" + d.home.District, "operation": "housing.contract.result",
		"duplicate": true, "times": 1}, nil)
}

// sendsTwice asks the others to confirm and presses the button again before the answer is there: they are asked once.
func (d *demo) sendsTwice() error {
	if err := d.seller.open("/app/" + d.app + "/check"); err != nil {
		return err
	}
	if err := d.seller.submit("truth", fields("truth", "yes")); err != nil {
		return err
	}
	if err := d.seller.showsFace(); err != nil {
		return err
	}
	f, err := d.seller.form("truth")
	if err != nil {
		return err
	}
	f.values.Set("truth", "yes")
	if err := d.arrangesTrouble(); err != nil {
		return err
	}
	for range 2 {
		if err := d.seller.send(f); err != nil {
			return err
		}
	}
	return nil
}

// showsFace passes the face check, if the person was sent to it.
func (p *person) showsFace() error {
	if !strings.HasPrefix(p.page.url.Path, "/face/") {
		return nil
	}
	return p.attach("photo", "face.jpg", portrait())
}

func (d *demo) everybodyConfirms() error {
	signers := []*person{d.seller}
	for _, a := range d.city.Accounts {
		if a.Idno == d.seller.Idno || !strings.Contains(a.Note, d.home.Contract) {
			continue
		}
		p, err := d.signIn(a)
		if err != nil {
			return err
		}
		if signers = append(signers, p); a.Role == "buyer" {
			d.buyers = append(d.buyers, p)
		}
	}
	for _, p := range signers {
		if err := p.open("/confirm/" + d.app); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		yes := fields("read", "yes", "consent", "yes", "truth", "yes")
		if _, err := p.form("truth"); err != nil {
			continue // has confirmed while sending
		}
		if err := p.submit("truth", yes); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if err := p.showsFace(); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if _, err := p.form("truth"); err == nil {
			if err := p.submit("truth", yes); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
		}
	}
	return nil
}

func (d *demo) getsNumber() error {
	return d.eventually(func() error {
		if err := d.seller.open("/case/" + d.app); err != nil {
			return err
		}
		if d.caseNo = d.seller.page.match(`(TZ-\d{6}-\d{5}-\d)`); d.caseNo == "" {
			return fmt.Errorf("no case number: %s", d.seller.page.complaint())
		}
		return nil
	})
}

// corrects lets the survey ask for a clearer scan of the contract, and brings it.
func (d *demo) corrects() error {
	fix := "/case/" + d.app + "/fix"
	if err := d.comes(d.seller, fix, "note"); err != nil {
		return err
	}
	if err := d.seller.attach("f", "合同.jpg", scan()); err != nil {
		return err
	}
	return d.seller.submit("note", fields("note", "已重新拍照"))
}

func (d *demo) confirmsTax() error {
	for _, p := range d.parties() {
		if err := d.comes(p, "/case/"+d.app+"/tax", "number"); err != nil {
			return err
		}
		f, err := p.form("number")
		if err != nil {
			return err
		}
		f.values.Set("do", "confirm")
		if err := p.send(f); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) parties() []*person { return append([]*person{d.seller}, d.buyers...) }

// pays pays a bill of the kind by WeChat Pay, which tells of it as notice says.
func (d *demo) pays(kind string, notice map[string]any) error {
	buyer := d.buyers[0]
	var bill string
	err := d.eventually(func() error {
		if err := buyer.open("/case/" + d.app + "/pay"); err != nil {
			return err
		}
		var ok bool
		if bill, ok = buyer.page.below(kind, "缴费"); !ok {
			return fmt.Errorf("no bill for %s: %s", kind, buyer.page.complaint())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := buyer.open(bill); err != nil {
		return err
	}
	if err := buyer.submit("channel", fields("channel", "wechat")); err != nil {
		return err
	}
	code := find(buyer.page.root, func(n *html.Node) bool { return attr(n, "id") == "pay-link" })
	if code == nil {
		return fmt.Errorf("no code to scan: %s", buyer.page.complaint())
	}
	if err := d.city.control("POST", "/control/pay", map[string]any{"channel": "wechat", "code": attr(code, "href"), "notice": notice}, nil); err != nil {
		return err
	}
	return d.eventually(func() error {
		if err := buyer.open(bill); err != nil {
			return err
		}
		if !buyer.page.says("已缴") && !buyer.page.says("已支付") {
			return fmt.Errorf("bill for %s is not settled: %s", kind, buyer.page.complaint())
		}
		return nil
	})
}

// below is the first link with the words in the smallest block that contains the heading.
func (p *page) below(heading, words string) (string, bool) {
	block := find(p.root, func(n *html.Node) bool {
		t := text(n)
		return n.Data != "html" && n.Data != "body" && n.Data != "main" && strings.HasPrefix(t, heading) && strings.Contains(t, words)
	})
	if block == nil {
		return "", false
	}
	return (&page{root: block}).link(words)
}

// books takes the first free time at the first hall.
func (d *demo) books() error {
	buyer := d.buyers[0]
	if err := buyer.open("/book?app=" + d.app); err != nil {
		return err
	}
	if err := buyer.follow("选择时间"); err != nil {
		return err
	}
	f, err := buyer.form("slot")
	if err != nil {
		return err
	}
	slot := find(buyer.page.root, func(n *html.Node) bool { return attr(n, "name") == "slot" && !has(n, "disabled") })
	f.values.Set("slot", attr(slot, "value"))
	if err := buyer.send(f); err != nil {
		return err
	}
	if !buyer.page.says("取号码") {
		return fmt.Errorf("not booked: %s", buyer.page.complaint())
	}
	return nil
}

// desk is a member of staff of a role in the district of the home.
func (d *demo) desk(role string) (*person, error) {
	if p := d.desks[role]; p != nil {
		return p, nil
	}
	district, _ := land.FindDistrict(d.home.District)
	for _, a := range d.city.Accounts {
		if a.Role != role || a.Note != district.Name {
			continue
		}
		p := &person{a, newBrowser()}
		if err := p.open(d.city.Office + "/login"); err != nil {
			return nil, err
		}
		if err := p.submit("password", fields("login", a.Login, "password", a.Password)); err != nil {
			return nil, err
		}
		d.desks[role] = p
		return p, nil
	}
	return nil, fmt.Errorf("no %s in %s", role, d.home.District)
}

// works has staff of a role take the case's order from a list, and decide it.
func (d *demo) works(role, list string, fill url.Values) error {
	p, err := d.desk(role)
	if err != nil {
		return err
	}
	err = d.eventually(func() error {
		if err := p.open(list); err != nil {
			return err
		}
		return p.follow(d.caseNo)
	})
	if err != nil {
		return err
	}
	if err := p.submit("#领取", nil); err != nil {
		return err
	}
	if list != atCounter(d.caseNo) { // the counter's page is the form
		if err := p.follow("通过"); err != nil {
			return err
		}
	}
	if err := p.submit("outcome", fill); err != nil {
		return err
	}
	if !p.page.says(d.caseNo) {
		return fmt.Errorf("not decided: %s", p.page.complaint())
	}
	return nil
}

func (d *demo) accepts() error {
	return d.works("window/window", atCounter(d.caseNo), fields("compared", "yes"))
}

// atCounter is where a clerk of the window finds a case.
func atCounter(no string) string { return "/w/accept?q=" + no }

func (d *demo) firstReview() error {
	return d.works("registry/first-reviewer", "/w/queue/pool", fields("opinion", "材料齐全，同意"))
}

func (d *demo) secondReview() error {
	return d.works("registry/second-reviewer", "/w/queue/pool", fields("opinion", "同意登记"))
}

// certified waits for the book and reads the numbers of the certificates where the buyer sees them.
func (d *demo) certified() error {
	buyer := d.buyers[0]
	return d.eventually(func() error {
		if err := buyer.open("/case/" + d.app + "/docs"); err != nil {
			return err
		}
		d.certificate = buyer.page.match(`(苏[（(]\d{4}[）)][^ ]{2,12}不动产权第\d{7}号)`)
		d.mortgage = buyer.page.match(`(苏[（(]\d{4}[）)][^ ]{2,12}不动产证明第\d{7}号)`)
		if d.certificate == "" || d.mortgage == "" {
			return fmt.Errorf("no certificates: %s", buyer.page.complaint())
		}
		return nil
	})
}

// finishes waits until nothing is left to do.
func (d *demo) finishes() error {
	buyer := d.buyers[0]
	return d.eventually(func() error {
		if err := buyer.open("/case/" + d.app); err != nil {
			return err
		}
		if !buyer.page.says("已办结") {
			return fmt.Errorf("not done: %s", buyer.page.complaint())
		}
		return nil
	})
}

// verifies is what the next buyer, or a bank, does with the number on the paper.
func (d *demo) verifies() error {
	stranger := newBrowser()
	if err := stranger.open(d.city.Hall + "/verify"); err != nil {
		return err
	}
	if err := stranger.submit("number", fields("number", d.certificate, "holder", d.buyers[0].Name)); err != nil {
		return err
	}
	if !stranger.page.says("真实有效") {
		return fmt.Errorf("not valid: %s", stranger.page.complaint())
	}
	return nil
}
