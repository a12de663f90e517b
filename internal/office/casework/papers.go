package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/papers"
)

// issue makes a paper of the case and sends it to the hall for the parties named; none named: all of them.
func (s *Service) issue(ctx context.Context, tx pgx.Tx, c *Case, content papers.Content, once string, refs ...string) error {
	if len(refs) == 0 {
		for _, p := range c.App.Parties {
			refs = append(refs, p.Ref)
		}
	}
	var holders []papers.Party
	for _, ref := range refs {
		if p, ok := c.App.Party(ref); ok {
			holders = append(holders, papers.Party{Ref: ref, Name: p.Name})
		}
	}
	paper, err := s.papers.Issue(ctx, tx, papers.Paper{District: c.District, Case: c.ID, Once: once, Content: content, Holders: holders})
	if err != nil {
		return fmt.Errorf("casework: issue %T: %w", content, err)
	}
	return s.door.Send(ctx, tx, ferry.Message{Type: message.DocumentIssued, Case: c.ID.String(), Blobs: []string{paper.Digest}, Body: paper.Message()})
}

// contact is who answers questions about papers of the office.
var contact = papers.Contact{Phone: "12345", Hours: "24 小时"}

func home(c *Case) papers.Home {
	h := c.App.Home
	return papers.Home{Address: h.Address, Unit: h.UnitCode, Area: h.Area, Use: h.Use, Floor: h.Floor, Certificate: h.Certificate}
}

func names(parties []message.Party) []string {
	out := make([]string, 0, len(parties))
	for _, p := range parties {
		out = append(out, p.Name)
	}
	return out
}

func personsOf(parties []message.Party) []papers.Person {
	out := make([]papers.Person, 0, len(parties))
	for _, p := range parties {
		x := papers.Person{Name: p.Name, Document: p.Document, Phone: p.Phone, Share: p.Share}
		switch {
		case p.Guardian != nil:
			x.Agent = "监护人 " + p.Guardian.Name
		case p.Agent != nil:
			x.Agent = "代理人 " + p.Agent.Name
		}
		out = append(out, x)
	}
	return out
}

var loanNames = map[string]string{"commercial": "商业贷款", "fund": "公积金贷款"}

func loans(c *Case) []papers.Loan {
	var out []papers.Loan
	for _, p := range c.App.Loan.Parts {
		out = append(out, papers.Loan{Kind: loanNames[p.Kind], Lender: p.LenderName, Amount: p.Amount, Months: p.Months})
	}
	return out
}

// granted is loans by the decisions of the lenders.
func granted(c *Case) []papers.Loan {
	out := loans(c)
	for i, p := range c.App.Loan.Parts {
		for _, l := range c.Facts.Loans {
			if l.Kind == p.Kind {
				out[i].Amount = l.Amount
			}
		}
	}
	return out
}

func confirmations(c *Case) []papers.Confirmation {
	var out []papers.Confirmation
	for _, x := range c.App.Confirmed {
		p, ok := c.App.Party(x.Party)
		if !ok {
			continue
		}
		role, how := "买受人", "实名认证"
		if p.Role == message.Seller {
			role = "出卖人"
		}
		if x.Face {
			how = "实名认证并人脸核验"
		}
		out = append(out, papers.Confirmation{Name: p.Name, Role: role, At: x.At, How: how, Seal: x.Seal})
	}
	return out
}

// issueAgreement makes the trust agreement and the sale contract once the bank has opened the account.
func (s *Service) issueAgreement(ctx context.Context, tx pgx.Tx, c *Case) error {
	app := c.App
	sellers, buyers := personsOf(app.PartiesOf(message.Seller)), personsOf(app.PartiesOf(message.Buyer))
	err := s.issue(ctx, tx, c, papers.TrustAgreement{Number: c.Facts.Agreement, Case: c.No, Sellers: sellers, Buyers: buyers, Bank: app.Trust.BankName,
		AccountName: "存量房交易资金托管专户", Account: c.Facts.TrustAccount, Home: home(c), Price: app.Contract.Price, DownPayment: app.Trust.DownPayment,
		PayBy: payBy(app.Contract), Loans: loans(c), HandedOver: app.Trust.Release == "handed-over", Confirmed: confirmations(c),
		Payee: papers.Payee{Name: app.Trust.SellerName, Bank: app.Trust.SellerBank, Account: app.Trust.SellerAccount}}, "agreement")
	if err != nil {
		return err
	}
	number, err := s.freeNumber(ctx, tx, c, papers.ContractKind, app.Contract.Number)
	if err != nil {
		return err
	}
	return s.issue(ctx, tx, c, papers.SaleContract{Number: number, Case: c.No, Sellers: sellers, Buyers: buyers, CoOwn: coOwn(app.PartiesOf(message.Buyer)),
		Home: home(c), Price: app.Contract.Price, DownPayment: app.Trust.DownPayment, PayBy: payBy(app.Contract), Loans: loans(c), Trust: c.Facts.Agreement,
		SignedOn: app.Contract.SignedOn, HandOver: app.Contract.HandOver, Agency: app.Contract.Agency, Confirmed: confirmations(c)}, "contract")
}

// freeNumber is the number of a document that comes along with it; one that an earlier case was issued under too gets a
// count, since whoever verifies it by its number must find one paper.
func (s *Service) freeNumber(ctx context.Context, tx pgx.Tx, c *Case, kind papers.Kind, number string) (string, error) {
	for n, free := 2, number; ; n++ {
		p, err := s.papers.ByNumber(ctx, tx, kind, free)
		switch {
		case number == "" || errors.Is(err, papers.ErrNotFound):
			return free, nil
		case err != nil:
			return "", fmt.Errorf("casework: number of %s: %w", kind, err)
		case p.Case == c.ID:
			return free, nil
		}
		free = fmt.Sprintf("%s-%d", number, n)
	}
}

// cancelPapers ends the agreement and the contract of a case that ended early: who verifies them is told so.
func (s *Service) cancelPapers(ctx context.Context, tx pgx.Tx, c *Case) error {
	all, err := s.papers.ByCase(ctx, tx, c.ID)
	if err != nil {
		return fmt.Errorf("casework: papers of %s: %w", c.No, err)
	}
	for _, p := range all {
		if p.State != papers.Valid || p.Kind != papers.TrustKind && p.Kind != papers.ContractKind {
			continue
		}
		if p, err = s.papers.End(ctx, tx, p.ID, papers.Cancelled, "办件已终止"); err != nil {
			return fmt.Errorf("casework: cancel %s: %w", p.Number, err)
		}
		if err := s.door.Send(ctx, tx, ferry.Message{Type: message.DocumentState, Case: c.ID.String(), Body: p.Message()}); err != nil {
			return err
		}
	}
	return nil
}

// payBy is the day that the down payment is due: as agreed, else ten days after the signing.
func payBy(k message.Contract) land.Date {
	if k.PayBy != "" {
		return k.PayBy
	}
	return k.SignedOn.AddDays(billing.Days)
}

// issueSheet makes the 一次性告知单: everything to pay and to bring, on one sheet.
func (s *Service) issueSheet(ctx context.Context, tx pgx.Tx, c *Case) error {
	sheet := papers.Sheet{Case: c.No, Item: c.ItemName, To: names(c.App.Parties), Home: home(c), Price: c.App.Contract.Price, Loans: granted(c),
		TaxNo: c.Facts.TaxNo, PayBy: s.clock.Now().AddDate(0, 0, billing.Days), Places: "任一登记大厅综合窗口，可在网上大厅预约", Contact: contact,
		Trust: papers.SheetTrust{Agreement: c.Facts.Agreement, Bank: c.App.Trust.BankName, Account: c.Facts.TrustAccount, DownPayment: c.DownPayment()}}
	all, err := s.Assessments(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		for _, l := range all[len(all)-1].Lines {
			sheet.Tax = append(sheet.Tax, papers.TaxLine{Tax: l.Tax, Payer: roleWords(l.Payer), Base: l.Base, Rate: l.Rate, Amount: l.Amount, Why: l.Why})
		}
	}
	for _, l := range s.feeLines(c) {
		sheet.Fees = append(sheet.Fees, papers.FeeLine{Name: l.Name, Payer: payers[l.Payer], Amount: l.Amount, Basis: l.Law.String()})
	}
	if !s.allElectronic(c) {
		sheet.Bring = s.bring(c)
	}
	return s.issue(ctx, tx, c, sheet, "sheet")
}

var payers = map[string]string{"buyer": "买方", "seller": "卖方", "mortgagee": "抵押权人", "applicant": "申请人"}

func roleWords(r message.Role) string {
	if r == message.Seller {
		return "卖方"
	}
	return "买方"
}

// bring lists the originals for the counter: what was uploaded and has a paper behind it.
func (s *Service) bring(c *Case) []papers.Bring {
	var out []papers.Bring
	for _, m := range c.App.Materials {
		rule, ok := s.catalog.Material(m.Code)
		if m.Source != "upload" || !ok || !rule.Original {
			continue
		}
		b := papers.Bring{Name: rule.Name, Form: "原件 1 份"}
		if p, ok := c.App.Party(m.Party); ok {
			b.Who = roleWords(p.Role)
		}
		out = append(out, b)
	}
	return out
}

func (s *Service) issueCorrection(ctx context.Context, tx pgx.Tx, c *Case, ask message.CorrectionAsk) error {
	paper := papers.Correction{Case: c.No, To: names(c.App.Parties), Item: c.ItemName, Until: ask.Until, LapseDay: 15, Opinion: ask.Opinion, Contact: contact}
	for _, r := range ask.Requests {
		paper.Gaps = append(paper.Gaps, papers.Gap{Material: r.Name, Reason: r.Reason, How: r.How, Law: r.Law})
	}
	err := tx.QueryRow(ctx, `SELECT count(*) FROM corrections WHERE case_id = $1`, c.ID).Scan(&paper.Round)
	if err != nil {
		return fmt.Errorf("casework: round of correction: %w", err)
	}
	return s.issue(ctx, tx, c, paper, "correction-"+ask.Correction.String())
}

// issueAcceptance makes the joint acceptance notice. The statutory 30 working days begin here.
func (s *Service) issueAcceptance(ctx context.Context, tx pgx.Tx, c *Case, clerk, hall string) error {
	paper := papers.Acceptance{Case: c.No, Applicants: names(c.App.Parties), Home: home(c), AcceptedAt: *c.AcceptedAt, Clerk: clerk, Hall: hall, Contact: contact,
		LegalBy: land.DateOf(s.catalog.Calendar().AddWorkingDays(*c.AcceptedAt, 30))}
	if c.App.Transfers() {
		paper.Items = append(paper.Items, papers.AcceptedItem{Type: "转移登记", Right: "国有建设用地使用权／房屋所有权", Holder: join(names(c.App.Takers())), Obliged: join(names(c.App.Givers()))})
	}
	if c.PromisedBy != nil {
		paper.PromisedBy = land.DateOf(*c.PromisedBy)
	}
	if len(c.Facts.Loans) > 0 {
		paper.Items = append(paper.Items, papers.AcceptedItem{Type: "首次登记", Right: "抵押权", Holder: mortgageOf(c).Mortgagee.Name, Obliged: join(names(c.App.Mortgagors()))})
	}
	paper.Delivery = "窗口领取"
	if c.App.Delivery.Mode == "ems" {
		paper.Delivery = "邮寄（EMS）"
	}
	for _, m := range c.App.Materials {
		form := map[string]string{"shared": "共享", "system": "电子", "upload": "原件核验"}[m.Source]
		name := m.Code
		if rule, ok := s.catalog.Material(m.Code); ok {
			name = rule.Name
		}
		paper.Received = append(paper.Received, papers.Received{Name: name, Copies: max(len(m.Files), 1), Form: form})
	}
	return s.issue(ctx, tx, c, paper, "acceptance")
}

func join(list []string) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += "、"
		}
		out += s
	}
	return out
}

// issueRefusal tells in writing why, by which article, and what becomes of the money.
func (s *Service) issueRefusal(ctx context.Context, tx pgx.Tx, c *Case, reason string) error {
	refund := ""
	bills, err := s.billing.Bills(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, b := range bills {
		if b.State == billing.Paid || b.State == billing.Refunded {
			refund = "已缴的税费和已存入托管账户的资金，5 个工作日内原路退回"
		}
	}
	law := "《不动产登记暂行条例》第二十二条"
	if c.AcceptedAt == nil {
		law = "《不动产登记暂行条例》第十七条"
	}
	return s.issue(ctx, tx, c, papers.Refusal{Accepted: c.AcceptedAt != nil, Case: c.No, To: names(c.App.Parties), Item: c.ItemName, Home: home(c),
		AppliedAt: c.StageAt[0], Refund: refund, Contact: contact,
		Reasons: []papers.Reason{{Text: reason, Law: law}}}, "refusal")
}

// makeCertificates issues title and proof with the numbers that the book gave, the proof for those who hold the home and for the lender
// that applied.
func (s *Service) makeCertificates(ctx context.Context, tx pgx.Tx, c *Case) error {
	numbers := []string{c.App.Home.Certificate.Printed()}
	var refs []string
	if c.App.Transfers() {
		var err error
		if numbers, refs, err = s.makeTitles(ctx, tx, c); err != nil {
			return err
		}
	}
	if c.Facts.Mortgage == "" {
		return nil
	}
	m, holders := mortgageOf(c), c.App.Mortgagors()
	if err := s.issue(ctx, tx, c, papers.ProofCertificate{Number: c.Facts.Mortgage, Case: c.No, Subject: "抵押权（一般抵押）", Holders: []string{m.Mortgagee.Name},
		Obliged: names(holders), Address: c.Address, Unit: c.Unit, Other: []string{"不动产权证书号：" + strings.Join(numbers, "、"),
			"被担保主债权数额：" + m.Claim.String() + " 元", "债务履行期限：" + m.From.Chinese() + " 至 " + m.To.Chinese()}}, "proof", refs...); err != nil {
		return err
	}
	return s.Spread(ctx, tx, Tidings{Case: c.ID, What: Mortgaged, Ref: string(c.Facts.Mortgage)})
}

// makeTitles issues the new owners' certificates; see issueTitles.
func (s *Service) makeTitles(ctx context.Context, tx pgx.Tx, c *Case) (numbers, refs []string, err error) {
	page, err := s.register.Unit(ctx, tx, c.Unit)
	if err != nil {
		return nil, nil, fmt.Errorf("casework: certificates: %w", err)
	}
	buyers := c.App.PartiesOf(message.Buyer)
	title := papers.TitleCertificate{Case: c.No, CoOwn: coOwn(buyers), Address: c.Address, Unit: c.Unit, Right: land.RightHouse,
		Nature: page.Parcel.Nature + "／" + page.Unit.Nature, Use: page.Parcel.Use + "／" + page.Unit.Use.Label(), LandArea: page.Parcel.Area, Area: page.Unit.Area,
		TermFrom: page.Parcel.From, TermTo: page.Parcel.To, Notes: []string{"业务编号 " + string(c.No), "由 " + c.App.Home.Certificate.Printed() + " 转移取得"}}
	if page.Unit.Structure.Valid() {
		title.Other = append(title.Other, "房屋结构："+page.Unit.Structure.Label())
	}
	if page.Unit.Inner > 0 {
		title.Other = append(title.Other, fmt.Sprintf("专有建筑面积：%s ㎡　分摊建筑面积：%s ㎡", page.Unit.Inner, page.Unit.Shared))
	}
	if page.Unit.Floors > 0 {
		title.Other = append(title.Other, fmt.Sprintf("总层数：%d　所在层：%d", page.Unit.Floors, page.Unit.Floor))
	}
	if page.Unit.Built != "" {
		title.Other = append(title.Other, "竣工时间："+page.Unit.Built.Chinese())
	}
	return s.issueTitles(ctx, tx, c, title)
}

// issueTitles issues a title certificate for each number that the book gave: one for all buyers, or one each where they hold
// by shares. It gives the printed numbers and the refs of all holders.
func (s *Service) issueTitles(ctx context.Context, tx pgx.Tx, c *Case, title papers.TitleCertificate) (numbers, refs []string, err error) {
	buyers := c.App.PartiesOf(message.Buyer)
	for _, b := range buyers {
		number := c.Facts.certificate(b)
		refs = append(refs, b.Ref)
		if slices.Contains(numbers, number.Printed()) {
			continue
		}
		numbers = append(numbers, number.Printed())
		title.Number, title.Holders = number, nil
		var theirs []string
		for _, h := range buyers {
			if c.Facts.certificate(h) == number {
				title.Holders = append(title.Holders, papers.Holder{Name: h.Name, Document: h.Document, Share: h.Share})
				theirs = append(theirs, h.Ref)
			}
		}
		code := "title"
		if len(numbers) > 1 {
			code = fmt.Sprintf("title-%d", len(numbers))
		}
		if err := s.issue(ctx, tx, c, title, code, theirs...); err != nil {
			return nil, nil, err
		}
	}
	return numbers, refs, nil
}

// receipt proves a payment.
func (s *Service) receipt(ctx context.Context, tx pgx.Tx, c *Case, b *billing.Bill, p message.Payment) error {
	r := papers.Receipt{Case: c.No, Channel: channels[p.Channel], Reference: p.Reference, PaidAt: p.PaidAt}
	if party, ok := c.App.Party(b.Payer); ok {
		r.Payer = party.Name
	}
	for _, l := range b.Lines {
		r.Lines = append(r.Lines, papers.FeeLine{Name: l.Name, Payer: r.Payer, Amount: l.Amount, Basis: l.Why})
	}
	if err := s.announce(ctx, tx, c, "bill-paid", map[string]any{"amt": p.Amount.String()}, ""); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: "已收到" + billNames[b.Kind] + " " + p.Amount.String() + " 元", Public: true}); err != nil {
		return err
	}
	return s.issue(ctx, tx, c, r, "receipt-"+p.Order.String(), b.Payer)
}

var (
	channels  = map[string]string{"wechat": "微信支付", "alipay": "支付宝", "unionpay": "银联"}
	billNames = map[string]string{taxBill: "税款", feeBill: "登记费", trustBill: "首付款"}
)

// Certificate is an issued certificate, for the report to the provincial portal.
type Certificate struct {
	Number, Title, Issuer, Digest string
	Size                          int64
	IssuedAt                      time.Time
}

// Certificates of a case; none before they are made.
func (s *Service) Certificates(ctx context.Context, db pg.DB, c *Case) ([]Certificate, error) {
	all, err := s.papers.ByCase(ctx, db, c.ID)
	if err != nil {
		return nil, err
	}
	var out []Certificate
	for _, p := range all {
		if p.Kind == papers.TitleKind || p.Kind == papers.ProofKind {
			number := c.Facts.Title
			if p.Kind == papers.ProofKind {
				number = c.Facts.Mortgage
			}
			for _, other := range c.Facts.Certificates {
				if p.Kind == papers.TitleKind && other.Printed() == p.Number {
					number = other
				}
			}
			out = append(out, Certificate{Number: string(number), Title: p.Title, Issuer: p.Issuer, Digest: p.Digest, Size: p.Size, IssuedAt: p.IssuedAt})
		}
	}
	return out, nil
}
