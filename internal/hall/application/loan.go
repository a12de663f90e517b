package application

import (
	"net/http"
	"net/url"
	"strconv"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// The kinds of loans, and the parts that each has.
var loanParts = map[string][]string{"none": nil, "commercial": {"commercial"}, "fund": {"fund"}, "mixed": {"commercial", "fund"}}

var partNames = map[string]string{"commercial": "商业贷款", "fund": "公积金贷款"}

func loanSection() section {
	return section{
		needs: []string{"home", "contract", "trust"},
		page:  loanPage,
		fill:  func(v *view) url.Values { return v.fillLoan() },
		take:  func(v *view) { v.takeLoan() },
		line: func(v *view) string {
			l := v.Form.Loan
			switch {
			case l.Kind == "":
				return ""
			case l.Kind == "none":
				return v.said("loan", "loan.kind", l.Kind)
			}
			return v.said("loan", "loan.kind", l.Kind) + " " + l.Total().String() + " 元"
		},
		rows: func(v *view) []ui.Row {
			l := v.Form.Loan
			rows := []ui.Row{{Label: v.name("loan", "loan.kind"), Value: ui.Str(v.said("loan", "loan.kind", l.Kind))}}
			for _, p := range l.Parts {
				rows = append(rows, ui.Row{Label: partNames[p.Kind], Value: ui.Str(p.LenderName + "，" + p.Amount.String() + " 元，" +
					strconv.Itoa(p.Months) + " 个月，" + v.said("loan", "loan.part.repay", p.Repay))})
			}
			if l.Proofs {
				rows = append(rows, ui.Row{Label: "流水和征信", Value: ui.Str("贷款机构要看，在材料里上传")})
			}
			return rows
		},
		lacks: func(v *view) []string {
			if words := v.sumWords(); words != "" {
				return []string{words}
			}
			return nil
		},
	}
}

// loanKind is the kind whose parts the page asks for: what was just chosen, what was saved, or what most deals of the item have.
func (v *view) loanKind() string {
	for _, kind := range []string{v.Query.Get("kind"), v.Input.Value("loan.kind"), v.Form.Loan.Kind, v.facts().LoanKind} {
		if _, ok := loanParts[kind]; ok {
			return kind
		}
	}
	return "none"
}

func (v *view) fillLoan() url.Values {
	l := v.Form.Loan
	values := url.Values{"loan.kind": {l.Kind}}
	if l.Kind == "" {
		values.Set("loan.kind", v.facts().LoanKind)
	}
	if l.Proofs {
		values.Set("loan.proofs", "yes")
	}
	for _, p := range l.Parts {
		prefix := "loan." + p.Kind
		values.Set(prefix+".lender", p.Lender)
		values.Set(prefix+".amount", p.Amount.String())
		values.Set(prefix+".months", strconv.Itoa(p.Months))
		values.Set(prefix+".repay", p.Repay)
	}
	return values
}

// rest is what the buyers still have to finance.
func (v *view) rest() land.Fen { return max(0, v.Form.Contract.Price-v.Form.Trust.DownPayment) }

// suggest fills the amount of the only part with what is left of the price, and the only lender of a kind.
func (v *view) suggest() {
	v.Input.Default("loan.proofs", "no")
	parts := loanParts[v.loanKind()]
	for _, kind := range parts {
		if len(parts) == 1 {
			v.Input.Default("loan."+kind+".amount", notZero(v.rest()))
		}
		if list := v.lenderChoices(kind); len(list) == 1 {
			v.Input.Default("loan."+kind+".lender", list[0].Value)
		}
	}
}

func (v *view) lenderChoices(kind string) []ui.Choice {
	var out []ui.Choice
	for _, l := range v.room.Lenders {
		if l.Kind == kind {
			out = append(out, ui.Choice{Value: l.Code, Text: l.Name})
		}
	}
	return out
}

// asked reports whether the form that was sent had the parts of the chosen kind on it. Without script it has not when the kind was
// just changed: the page is drawn again with the right parts then.
func (v *view) asked(kind string) bool {
	for _, part := range loanParts[kind] {
		if !v.Input.Has("loan." + part + ".amount") {
			return false
		}
	}
	return true
}

func (v *view) takeLoan() {
	kind := v.choice("loan.kind", "loan.kind", false)
	if kind == "" {
		return
	}
	if !v.asked(kind) {
		v.Input.Fail("loan.kind", "已换成"+v.said("loan", "loan.kind", kind)+"，请接着填下面的几项")
		return
	}
	l := message.Loan{Kind: kind, Proofs: v.Input.Value("loan.proofs") == "yes" && len(loanParts[kind]) > 0}
	for _, part := range loanParts[kind] {
		l.Parts = append(l.Parts, v.loanPart(part))
	}
	v.Form.Loan = l
	if !v.Input.OK() {
		return
	}
	if words := v.sumWords(); words != "" {
		field := "loan.kind"
		if len(l.Parts) > 0 {
			field = "loan." + l.Parts[0].Kind + ".amount"
		}
		if total := l.Total(); total > v.Form.Contract.Price {
			words = v.say("err.money.loan", map[string]any{"loan": total.String(), "price": v.Form.Contract.Price.String()})
		}
		v.Input.Fail(field, words)
	}
}

// Terms of a loan in months.
const (
	shortestLoan = 12
	longestLoan  = 360
)

func (v *view) loanPart(kind string) message.LoanPart {
	prefix := "loan." + kind
	p := message.LoanPart{Kind: kind}
	for _, l := range v.room.Lenders {
		if l.Kind == kind && l.Code == v.Input.Value(prefix+".lender") {
			p.Lender, p.LenderName, p.LenderDoc = l.Code, l.Name, l.Credit
		}
	}
	if p.Lender == "" {
		v.fail(prefix+".lender", "err.choose", map[string]any{"label": v.label("loan.part.lender")})
	}
	var ok bool
	if p.Amount, ok = v.money("loan.part.amount", prefix+".amount"); ok && p.Amount == 0 {
		v.Input.Fail(prefix+".amount", "贷款金额要大于 0；不贷款的，请选“不贷款”")
	}
	p.Months = v.number("loan.part.months", prefix+".months", shortestLoan, longestLoan)
	p.Repay = v.choice("loan.part.repay", prefix+".repay", false)
	return p
}

// loanPart is the part of the page that depends on the kind, for the script that swaps it.
func (rm *Room) loanPart(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.posted(r, "loan")
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, loanPartsPart(v))
}
