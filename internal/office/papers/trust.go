package papers

import (
	"fmt"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// TrustAgreement is the 存量房交易资金托管协议: seller, buyer and bank agree that the price is held until the book is changed
// (建住房〔2006〕321号: special account, no cash, payout to the named account only).
type TrustAgreement struct {
	Number      string // allocated when all have confirmed
	Case        land.CaseNumber
	Sellers     []Person
	Buyers      []Person
	Bank        string
	AccountName string
	Account     string // empty until the bank has opened it
	Home        Home
	Price       land.Fen
	DownPayment land.Fen
	PayBy       land.Date
	Loans       []Loan
	Payee       Payee
	HandedOver  bool // paid out after hand-over, not at the entry in the book
	Confirmed   []Confirmation
}

// Payee is the only account that the price may go to.
type Payee struct{ Name, Bank, Account string }

func (TrustAgreement) kind() Kind          { return TrustKind }
func (a TrustAgreement) ownNumber() string { return a.Number }

func (a TrustAgreement) check() error {
	in := a.DownPayment
	for _, l := range a.Loans {
		in += l.Amount
	}
	switch {
	case len(a.Sellers) == 0 || len(a.Buyers) == 0:
		return ErrIncomplete{TrustKind, "a seller and a buyer"}
	case a.Bank == "":
		return ErrIncomplete{TrustKind, "the bank"}
	case a.Payee.Account == "":
		return ErrIncomplete{TrustKind, "the account to pay out to"}
	case in != a.Price:
		return ErrIncomplete{TrustKind, fmt.Sprintf("parts that sum to the price: %s of %s", in, a.Price)}
	}
	return nil
}

func (a TrustAgreement) draw(p *paper) {
	p.head("协议编号　"+p.stamp.Number, "办件编号　"+string(a.Case), "生成日期　"+chineseDate(p.stamp.At))
	p.persons("甲方（出卖人）", a.Sellers, false)
	p.persons("乙方（买受人）", a.Buyers, false)
	p.Para(plainStyle, doc.B("丙方（托管银行）："), doc.T(a.Bank))
	p.say(doc.T("甲、乙、丙三方为保障存量房交易资金安全，依照《中华人民共和国民法典》《中华人民共和国电子签名法》和存量房交易资金监督管理的有关规定，自愿达成如下协议："))

	p.clause("第一条", "托管的交易")
	p.money("甲方将下列房屋出卖给乙方，成交价款为人民币", a.Price)
	p.facts(a.Home.facts()...)

	p.clause("第二条", "托管资金的组成")
	p.say(doc.T("成交价款全部进入托管账户，由下列资金组成，合计与成交价款一致："))
	p.Space(2)
	p.funds(a)

	p.clause("第三条", "托管账户")
	account := a.Account
	if account == "" {
		account = "由丙方开立后记入本协议的电子档案，并通知甲、乙方"
	}
	p.facts(fact{"户　　名", a.AccountName}, fact{"账　　号", account})
	p.Space(3)
	p.points("托管账户为专用存款账户，一笔交易一个子账户，只用于本协议约定的存入、划付和退回，不得支取现金，不得透支。",
		"托管资金属于交易当事人，独立于丙方、经纪机构和平台运营方的自有财产，任何一方不得挪用、抵销或者设定担保。",
		"首付款应从乙方（或其配偶、父母、子女）名下的账户转入；资金到账后，丙方即时出具到账凭证，三方均可在网上大厅查询。")

	p.clause("第四条", "划付条件和收款账户")
	when := "房屋转移登记和（如有）抵押权登记均已记载于不动产登记簿"
	if a.HandedOver {
		when += "，并且甲、乙双方已在网上大厅确认房屋交付"
	}
	p.say(doc.T(when + "后，丙方凭登记机构发出的划付通知，在 1 个工作日内把托管资金全额划入下列账户，不得划入其他账户："))
	p.Space(2)
	p.facts(fact{"收款户名", a.Payee.Name}, fact{"开户银行", a.Payee.Bank}, fact{"收款账号", a.Payee.Account})
	p.Space(3)
	p.say(doc.T("划付失败的，丙方应在当日告知甲方更正账户信息，更正须经甲方本人实名认证，重新划付另行编号。"))

	p.clause("第五条", "利息和费用")
	p.say(doc.T("托管期间按丙方公布的活期存款利率计息：资金划付给甲方的，利息归甲方；资金退回乙方的，利息归乙方。丙方不向甲、乙方收取托管费用。"))

	p.clause("第六条", "退回")
	p.say(doc.T("登簿以前出现下列情形之一，丙方凭退回通知在 3 个工作日内把资金按来源原路退回，首付款退乙方，贷款退发放贷款的机构："))
	p.points("全体申请人共同撤回登记申请；", "登记机构决定不予受理或者不予登记；", "房屋买卖合同依法解除、被撤销或者确认无效；", "首付款或者贷款在约定期限内未足额到账，甲方书面同意终止。")

	p.clause("第七条", "冻结和扣划")
	p.say(doc.T("有权机关依法冻结、扣划托管资金的，丙方依法律文书办理，当日告知甲、乙方；冻结期间停止划付和退回，解除冻结后恢复。"))

	p.clause("第八条", "各方的义务和责任")
	p.points("甲、乙方保证所填信息真实。因账户信息填写错误造成的损失，由填写方承担。",
		"丙方未按约定划付或者退回的，每迟延一日，按迟延金额的万分之五支付违约金，并赔偿由此造成的损失（《民法典》第五百八十四条、第五百八十五条）。",
		"各方对履行本协议知悉的个人信息保密，只用于本次交易（《中华人民共和国个人信息保护法》第十条）。")

	p.clause("第九条", "变更、解除和争议")
	p.say(doc.T("登簿以前，三方经网上大厅逐一确认，可以变更或者解除本协议。因本协议发生的争议，由各方协商；协商不成的，任何一方可以向房屋所在地人民法院起诉。"))

	p.clause("第十条", "生效")
	p.say(doc.T("本协议以数据电文形式订立（《民法典》第四百六十九条、第四百九十一条）。三方经实名认证后逐一确认，可靠的电子签名与手写签名或者盖章具有同等法律效力（《电子签名法》第十三条、第十四条）。" +
		"最后一方确认时，本协议生效并取得协议编号。"))
	p.confirmations(a.Confirmed)
}

// funds sets what comes into trust.
func (p *paper) funds(a TrustAgreement) {
	t := doc.Table{Size: 9.5, Cols: []doc.Col{{Width: 20}, {Width: 34}, {Width: 20, Align: doc.End}, {Width: 26, Align: doc.Center}},
		Head: []doc.Row{doc.Strings("资金", "存入方", "金额（元）", "最迟到账")}}
	t.Rows = append(t.Rows, doc.Strings("首付款", "乙方", a.DownPayment.String(), by(a.PayBy, "登记受理前")))
	sum := a.DownPayment
	for _, l := range a.Loans {
		sum += l.Amount
		t.Rows = append(t.Rows, doc.Strings(l.Kind, l.Lender, l.Amount.String(), "登记受理前"))
	}
	t.Rows = append(t.Rows, doc.Row{doc.Wide(2, doc.B("合计")).At(doc.End), {Text: []doc.Span{doc.B(sum.String())}}, doc.Plain("")})
	p.Table(t)
}

// clause begins an article of a contract.
func (p *paper) clause(no, title string) {
	p.heading = &heading{doc.Style{Size: 10.5, Lead: 1.6, Bold: true, Before: 6, After: 1}, no + "　" + title}
}

// money sets an amount in figures and capitals as a paragraph of its own.
func (p *paper) money(before string, f land.Fen) {
	spans := append([]doc.Span{doc.T(before)}, capital(f)...)
	p.Para(doc.Style{Size: 10.5, Lead: 1.65, Indent: 2, Hang: 2}, append(spans, doc.T("。"))...)
	p.Space(2)
}

// persons sets the parties of one side as a table; shares are told where they were agreed.
func (p *paper) persons(side string, ps []Person, shares bool) {
	p.heading = &heading{doc.Style{Size: 10.5, Lead: 1.6, Bold: true, Before: 3, After: 1}, side}
	t := doc.Table{Size: 9.5, Cols: []doc.Col{{Width: 26}, {Width: 14, Align: doc.Center}, {Width: 28, Align: doc.Center}, {Width: 18, Align: doc.Center}, {Width: 14, Align: doc.Center}},
		Head: []doc.Row{doc.Strings("姓名（名称）", "证件种类", "证件号码", "联系电话", "份额")}}
	if !shares {
		t.Cols, t.Head = t.Cols[:4], []doc.Row{t.Head[0][:4]}
	}
	for _, x := range ps {
		name := x.Name
		if x.Agent != "" {
			name += "\n（" + x.Agent + "）"
		}
		row := doc.Strings(name, x.Document.Kind.Label(), x.Document.Number, x.Phone)
		if shares {
			row = append(row, doc.Plain(x.Share.Among(len(ps))))
		}
		t.Rows = append(t.Rows, row)
	}
	p.Table(t)
	p.Space(2)
}

// confirmations sets how each party agreed. Before anyone has, it says so: a draft cannot pass for a contract.
func (p *paper) confirmations(cs []Confirmation) {
	p.part("各方确认记录")
	if len(cs) == 0 {
		p.Para(plainStyle, doc.T("尚无任何一方确认，本文本仅供阅读，不发生效力。"))
		return
	}
	t := doc.Table{Size: 9, Cols: []doc.Col{{Width: 12, Align: doc.Center}, {Width: 26}, {Width: 21, Align: doc.Center}, {Width: 22, Align: doc.Center}, {Width: 19, Align: doc.Center}},
		Head: []doc.Row{doc.Strings("身份", "姓名（名称）", "确认时间", "身份核验", "电子签名摘要")}}
	for _, c := range cs {
		seal := c.Seal
		if len(seal) > 12 {
			seal = seal[:12]
		}
		t.Rows = append(t.Rows, doc.Strings(c.Role, c.Name, c.At.In(clock.Shanghai()).Format("2006-01-02 15:04"), c.How, seal))
	}
	p.Table(t)
	p.Para(noteStyle, doc.T("各方在网上大厅实名认证后作出上列确认，签名原值存于电子档案；扫首页二维码可以核验真伪。"))
}
