package papers

import (
	"strings"
	"time"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// Receipt confirms a payment line by line. The fiscal note and the tax receipt come from finance and tax themselves.
type Receipt struct {
	Case      land.CaseNumber
	Payer     string
	Lines     []FeeLine
	Channel   string // 微信支付
	Reference string // the channel's number
	PaidAt    time.Time
}

func (Receipt) kind() Kind        { return ReceiptKind }
func (Receipt) ownNumber() string { return "" }

// title says what was paid: a case has several receipts.
func (r Receipt) title() string {
	if len(r.Lines) == 0 {
		return ""
	}
	what, _, _ := strings.Cut(r.Lines[0].Name, "（")
	if len(r.Lines) > 1 {
		what += "等"
	}
	return ReceiptKind.Label() + "（" + what + "）"
}

func (r Receipt) check() error {
	switch {
	case len(r.Lines) == 0:
		return ErrIncomplete{ReceiptKind, "a line"}
	case r.Reference == "":
		return ErrIncomplete{ReceiptKind, "the channel's reference"}
	}
	return nil
}

func (r Receipt) draw(p *paper) {
	p.head(p.numberLine(r.Case)...)
	p.facts(fact{"缴 款 人", r.Payer}, fact{"缴款方式", r.Channel}, fact{"渠道流水号", r.Reference}, fact{"到账时间", chineseTime(r.PaidAt)})
	p.Space(8)
	t := doc.Table{Cols: []doc.Col{{Width: 40}, {Width: 22, Align: doc.End}, {Width: 38}}, Head: []doc.Row{doc.Strings("项目", "金额（元）", "说明")}}
	var sum land.Fen
	for _, l := range r.Lines {
		sum += l.Amount
		t.Rows = append(t.Rows, doc.Strings(l.Name, l.Amount.String(), l.Basis))
	}
	t.Rows = append(t.Rows, doc.Row{doc.Label("合计"), {Text: []doc.Span{doc.B(sum.String())}}, doc.Plain(sum.Capital())})
	p.Table(t)
	p.Para(noteStyle, doc.T("本凭证证明款项已收讫，不作报销和抵扣之用。完税证明由税务部门开具，登记费由财政电子票据开具。"))
	p.sealed("业务专用章")
}
