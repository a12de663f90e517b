package papers

import (
	"fmt"
	"strconv"
	"time"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// Sheet is the 一次性告知单 that ends pre-processing: everything still to be paid and to be brought, once.
// A new home has no trust agreement: Agreement stays empty and its part is left out.
type Sheet struct {
	Case   land.CaseNumber
	Item   string // 存量房转移登记与抵押权登记
	To     []string
	Home   Home
	Price  land.Fen
	Trust  SheetTrust
	Loans  []Loan
	Tax    []TaxLine
	TaxNo  string // number of the assessment
	Fees   []FeeLine
	Bring  []Bring // materials for the counter; empty: no visit is needed
	PayBy  time.Time
	Places string // where to come, or how to book
	Contact
}

// SheetTrust is what a party needs in order to pay into trust.
type SheetTrust struct {
	Agreement   string
	Bank        string
	Account     string
	DownPayment land.Fen
}

// Bring is one material of the list for the counter.
type Bring struct {
	Name string
	Form string // 原件 1 份
	Who  string // 买方
	Note string
}

func (Sheet) kind() Kind        { return SheetKind }
func (Sheet) ownNumber() string { return "" }

func (s Sheet) check() error {
	switch {
	case s.Case == "":
		return ErrIncomplete{SheetKind, "the case number"}
	case len(s.To) == 0:
		return ErrIncomplete{SheetKind, "an addressee"}
	case s.PayBy.IsZero():
		return ErrIncomplete{SheetKind, "the day to pay by"}
	case s.Trust.Agreement == "" && s.Trust.DownPayment > 0:
		return ErrIncomplete{SheetKind, "the number of the trust agreement"}
	}
	return nil
}

func (s Sheet) draw(p *paper) {
	p.head(p.numberLine(s.Case)...)
	p.Para(plainStyle, doc.B(join(s.To)+"："))
	p.say(doc.T(fmt.Sprintf("你们申请的%s，各部门预审已全部通过。后面要缴的钱、要带的材料，都列在这张单子上，此后不再另要。", s.Item)))
	p.part("一、房屋")
	fs := s.Home.facts()
	if s.Price > 0 {
		fs = append(fs, fact{"成交价", yuan(s.Price)})
	}
	p.facts(fs...)
	parts := []string{"二", "三", "四", "五", "六"}
	next := func(title string) {
		p.part(parts[0] + "、" + title)
		parts = parts[1:]
	}
	if s.Trust.Agreement != "" {
		next("资金托管")
		p.trust(s)
	}
	next("税款")
	p.tax(s)
	next("登记费")
	p.fees(s.Fees)
	next("到窗口请带这些材料")
	p.bring(s)
	next("怎样缴，什么时候缴")
	p.points("在网上大厅“我的办件”里缴税费，可用微信、支付宝或云闪付，付款后电子票据自动生成。",
		"首付款存入上面的托管账户，汇款附言写托管协议号；房屋登记到买方名下后才划给卖方。",
		"请在 "+deadline(s.PayBy)+" 前缴清。逾期未缴，本次申请自动终止，已缴的钱原路退回。",
		"对核定的税额有异议，可在缴款前通过网上大厅提出，并附上证据，税务部门会重新核定。",
		"有疑问："+s.Contact.String()+"。")
	p.basis("《不动产登记暂行条例》第十七条、第二十四条", "《中华人民共和国契税法》第十条、第十一条", "《中华人民共和国民法典》第二百零九条")
	p.sealed("业务专用章")
	p.Para(noteStyle, doc.T("本单由各部门的办理结果自动汇总，可自行打印。税额以税务部门的完税凭证为准，登记费以财政电子票据为准。"))
}

func (p *paper) trust(s Sheet) {
	fs := []fact{{"托管协议号", s.Trust.Agreement}, {"首 付 款", yuan(s.Trust.DownPayment)},
		{"托管银行", s.Trust.Bank}, {"托管账号", s.Trust.Account}}
	for _, l := range s.Loans {
		fs = append(fs, fact{l.Kind, l.Lender + "　" + yuan(l.Amount)})
	}
	p.facts(fs...)
}

// tax sets the lines of the assessment with their sum; a tax of 0 stays in the table, with the reason for its being 0.
func (p *paper) tax(s Sheet) {
	t := doc.Table{Size: 9.5,
		Cols: []doc.Col{{Width: 17}, {Width: 9, Align: doc.Center}, {Width: 19, Align: doc.End}, {Width: 10, Align: doc.Center}, {Width: 17, Align: doc.End}, {Width: 28}},
		Head: []doc.Row{doc.Strings("税种", "缴纳人", "计税依据（元）", "税率", "税额（元）", "说明")}}
	var sum land.Fen
	for _, l := range s.Tax {
		sum += l.Amount
		t.Rows = append(t.Rows, doc.Strings(l.Tax, l.Payer, l.Base.String(), land.Percent(l.Rate), l.Amount.String(), l.Why))
	}
	label := "合计"
	if s.TaxNo != "" {
		label += "（核税编号 " + s.TaxNo + "）"
	}
	t.Rows = append(t.Rows, doc.Row{doc.Wide(4, doc.B(label)).At(doc.End), doc.Cell{Text: []doc.Span{doc.B(sum.String())}}, doc.Plain("")})
	p.Table(t)
}

func (p *paper) fees(fees []FeeLine) {
	t := doc.Table{Size: 9.5, Cols: []doc.Col{{Width: 34}, {Width: 12, Align: doc.Center}, {Width: 18, Align: doc.End}, {Width: 36}},
		Head: []doc.Row{doc.Strings("收费项目", "缴纳人", "金额（元）", "收费依据")}}
	var sum land.Fen
	for _, f := range fees {
		sum += f.Amount
		t.Rows = append(t.Rows, doc.Strings(f.Name, f.Payer, f.Amount.String(), f.Basis))
	}
	t.Rows = append(t.Rows, doc.Row{doc.Wide(2, doc.B("合计")).At(doc.End), {Text: []doc.Span{doc.B(sum.String())}}, doc.Plain("")})
	p.Table(t)
}

func (p *paper) bring(s Sheet) {
	if len(s.Bring) == 0 {
		p.say(doc.T("不用到窗口。这次要用的材料都已从部门共享取得或由你们上传，不必再提交。"))
		return
	}
	t := doc.Table{Size: 9.5, Cols: []doc.Col{{Width: 6, Align: doc.Center}, {Width: 34}, {Width: 16, Align: doc.Center}, {Width: 12, Align: doc.Center}, {Width: 32}},
		Head: []doc.Row{doc.Strings("序", "材料", "形式", "谁带", "注意")}}
	for i, m := range s.Bring {
		t.Rows = append(t.Rows, doc.Strings(strconv.Itoa(i+1), m.Name, m.Form, m.Who, m.Note))
	}
	p.Table(t)
	if s.Places != "" {
		p.Space(3)
		p.say(doc.T("到哪里：" + s.Places))
	}
}
