package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"yichuang/e2e/play"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// demo is one run: a home is sold with a loan. On the way things go wrong as they do: a form is sent twice, a department answers
// twice, another asks for a clearer scan, and a payment is told of late and twice.
type demo struct {
	ctx   context.Context
	clock clock.Clock
	city  *play.City
	sale  *play.Sale
	desks map[string]*play.Person // staff by role

	certificate, mortgage string
}

func (d *demo) play() error {
	if err := d.agrees(); err != nil {
		return err
	}
	s := d.sale
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"卖方登录", s.SignsIn},
		{"选事项，授权查询", s.Starts},
		{"查到房屋，核对无误", s.FindsHome},
		{"导入网签合同", s.ImportsContract},
		{"填完八段", s.FillsForm},
		{"发给各方确认，连按两次", d.sendsTwice},
		{"卖方刷脸，各方签名", s.EverybodyConfirms},
		{"受理系统收到，发办件编号", s.GetsNumber},
		{"住建回了两次，权籍要求补正，补交后继续", s.Corrects},
		{"双方确认税额", d.confirmsTax},
		{"缴税：通知迟到又重复", func() error { return s.Pays("税款", map[string]any{"times": 2, "delayMs": 1500}) }},
		{"缴登记费", func() error { return s.Pays("登记费", nil) }},
		{"首付款存入托管账户", func() error { return s.Pays("首付款", nil) }},
		{"预约到大厅核对原件", s.Books},
		{"窗口核对原件并受理", d.accepts},
		{"初审", d.firstReview},
		{"复审，另一个人", d.secondReview},
		{"登簿，发证", d.certified},
		{"放款、付款、水电气视、邮寄、汇交", d.finishes},
		{"扫码验证证照", d.verifies},
	} {
		if err := d.step(step.name, step.do); err != nil {
			return err
		}
	}
	return nil
}

// agrees picks the first home of the city that is for sale, and the people of its contract.
func (d *demo) agrees() error {
	home := d.city.Examples[0]
	seller, ok := d.city.AccountOf(home.Idno)
	if !ok {
		return fmt.Errorf("no account for the owner of %s", home.Certificate)
	}
	deal := play.Deal{Home: home, Parties: []play.Account{seller}, Loan: true, DownPayment: "400000"}
	for _, a := range d.city.Accounts {
		if a.Idno != home.Idno && strings.Contains(a.Note, home.Contract) {
			deal.Parties = append(deal.Parties, a)
		}
	}
	d.sale = &play.Sale{City: d.city, Deal: deal, Eventually: d.eventually}
	return nil
}

// arrangesTrouble has the survey ask for a better scan, and the housing bureau say twice that it filed the contract.
func (d *demo) arrangesTrouble() error {
	district := d.sale.Deal.Home.District
	unclear := map[string]string{"materialCode": "M-05", "reason": "合同第 3 页看不清"}
	err := d.city.Control("POST", "/control/decisions", map[string]any{"system": "registry/" + district, "operation": "registry.survey.push",
		"outcome": "correct", "detail": map[string]any{"materials": []any{unclear}}}, nil)
	if err != nil {
		return err
	}
	return d.city.Control("PUT", "/control/faults", map[string]any{"system": "housing/" + district, "operation": "housing.contract.result",
		"defects": []string{"duplicate"}, "times": 1}, nil)
}

// sendsTwice asks the others to confirm and presses the button again before the answer is there: they are asked once.
func (d *demo) sendsTwice() error {
	if err := d.arrangesTrouble(); err != nil {
		return err
	}
	f, err := d.sale.SendsForConfirmation()
	if err != nil {
		return err
	}
	return d.sale.Seller.Send(f)
}

func (d *demo) confirmsTax() error {
	for _, p := range d.sale.Principals() {
		if err := d.sale.ConfirmsTax(p); err != nil {
			return err
		}
	}
	return nil
}

// desk is a member of staff of a role in the district of the home.
func (d *demo) desk(role string) (*play.Person, error) {
	if p := d.desks[role]; p != nil {
		return p, nil
	}
	district, _ := land.FindDistrict(d.sale.Deal.Home.District)
	for _, a := range d.city.Accounts {
		if a.Role != role || a.Note != district.Name {
			continue
		}
		p, err := d.city.StaffIn(a)
		if err == nil {
			d.desks[role] = p
		}
		return p, err
	}
	return nil, fmt.Errorf("no %s in %s", role, district.Code)
}

// works has staff of a role wait for the case's order in a list, take it, and decide it.
func (d *demo) works(role, list string, fill url.Values) error {
	p, err := d.desk(role)
	if err != nil {
		return err
	}
	if err := d.eventually(func() error { return d.city.Finds(p, list, d.sale.CaseNo) }); err != nil {
		return err
	}
	return d.city.Decides(p, list, d.sale.CaseNo, fill)
}

func (d *demo) accepts() error {
	return d.works("window/window", play.AtCounter(d.sale.CaseNo), play.Fields("compared", "yes"))
}

func (d *demo) firstReview() error {
	return d.works("registry/first-reviewer", play.Pool, play.Fields("opinion", "材料齐全，同意"))
}

func (d *demo) secondReview() error {
	return d.works("registry/second-reviewer", play.Pool, play.Fields("opinion", "同意登记"))
}

// certified waits for the book and reads the numbers of the certificates where the buyer sees them.
func (d *demo) certified() error {
	buyer := d.sale.Buyers()[0]
	return d.eventually(func() error {
		if err := buyer.Open(d.city.Hall + "/case/" + d.sale.App + "/docs"); err != nil {
			return err
		}
		d.certificate = buyer.Page.Match(`(苏[（(]\d{4}[）)][^ ]{2,12}不动产权第\d{7}号)`)
		d.mortgage = buyer.Page.Match(`(苏[（(]\d{4}[）)][^ ]{2,12}不动产证明第\d{7}号)`)
		if d.certificate == "" || d.mortgage == "" {
			return fmt.Errorf("no certificates: %s", buyer.Page.Complaint())
		}
		return nil
	})
}

// finishes waits until nothing is left to do.
func (d *demo) finishes() error {
	buyer := d.sale.Buyers()[0]
	return d.eventually(func() error {
		if err := buyer.Open(d.city.Hall + "/case/" + d.sale.App); err != nil {
			return err
		}
		if !buyer.Page.Says("已办结") {
			return fmt.Errorf("not done: %s", buyer.Page.Complaint())
		}
		return nil
	})
}

// verifies is what the next buyer, or a bank, does with the number on the paper.
func (d *demo) verifies() error {
	stranger := play.NewBrowser()
	if err := stranger.Open(d.city.Hall + "/verify"); err != nil {
		return err
	}
	if err := stranger.Submit("number", play.Fields("number", d.certificate, "holder", d.sale.Buyers()[0].Name)); err != nil {
		return err
	}
	if !stranger.Page.Says("真实有效") {
		return fmt.Errorf("not valid: %s", stranger.Page.Complaint())
	}
	return nil
}
