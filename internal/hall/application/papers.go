package application

import (
	"github.com/a-h/templ"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// paperPage draws a contract for those who have to agree to it.
type paperPage func(*confirmView) templ.Component

func (c *confirmView) paperPath(paper string) string {
	return "/confirm/" + c.ID.String() + "/" + paper
}

// digest names exactly what the page shows, so that nobody confirms something else.
func (c *confirmView) digest() string {
	d, err := confirmedDigest(&c.Form)
	if err != nil {
		return "0000000000000000" // fits no form: the confirmation is refused
	}
	return d
}

// dealRows are the main points of the deal.
func dealRows(c *confirmView) []ui.Row {
	f := c.Form
	rows := []ui.Row{
		{Label: "房屋", Value: ui.Str(f.Home.Address + "，" + f.Home.Area.String() + " ㎡")},
		{Label: "不动产权证号", Value: ui.Str(f.Home.Certificate.Printed())},
		{Label: "卖方", Value: ui.Str(names(c.sellers()))},
		{Label: "买方", Value: ui.Str(names(c.buyers()))},
		{Label: "成交价", Value: ui.Num(f.Contract.Price.String() + " 元（" + f.Contract.Price.Capital() + "）")},
	}
	if f.Trust.Bank != "" {
		rows = append(rows, ui.Row{Label: "首付款", Value: ui.Num(f.Trust.DownPayment.String() + " 元，由" + f.Trust.BankName + "托管")})
	}
	for _, p := range f.Loan.Parts {
		rows = append(rows, ui.Row{Label: partNames[p.Kind], Value: ui.Str(p.LenderName + "，" + p.Amount.String() + " 元，" + itoa(p.Months) + " 个月")})
	}
	return append(rows, ui.Row{Label: "交房日期", Value: ui.Str(f.Contract.HandOver.Chinese())})
}

// ownRows are what the application says about the person who confirms.
func ownRows(c *confirmView) []ui.Row {
	var rows []ui.Row
	for _, s := range c.Signers {
		if s.Role == "spouse" {
			rows = append(rows, ui.Row{Label: "身份", Value: ui.Str(land.MaskName(s.For) + "的配偶，" + s.Document.Kind.Label() + " " + s.Document.Masked())})
		}
	}
	for _, p := range c.mine() {
		rows = append(rows, ui.Row{Label: roleWord(p.Role), Value: ui.Str(c.partyLine(p))})
	}
	return rows
}

// consentWords are the departments in words that the applicant has agreed to.
func consentWords(c *confirmView) []string {
	var out []string
	for _, code := range sourcesOf(c.Form.Consents) {
		word := code
		for dept, known := range sourceCodes {
			if known == code {
				word = dept
			}
		}
		out = append(out, word)
	}
	return out
}

// burdens are what the buyer takes over with the home, in words.
func (v *view) burdens() string {
	words := ""
	for _, o := range v.Form.Home.Obstacles {
		words += o.Text + "。"
	}
	return words
}

// personWords is a party in a contract: full name and number, as the parties are to see whom they deal with.
func personWords(p message.Party) string {
	return p.Name + "，" + p.Document.Kind.Label() + " " + p.Document.Number + "，电话 " + p.Phone
}
