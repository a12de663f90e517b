package application

import (
	"net/http"
	"net/url"
	"strconv"

	"yichuang/internal/catalog/tax"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

func taxSection() section {
	return section{
		needs: []string{"home", "contract", "parties"},
		asks:  []string{askShare},
		page:  taxPage,
		fill: func(v *view) url.Values {
			t := v.Form.Tax
			values := url.Values{"tax.heldSince": {string(tax.HeldSince(t.HeldSince, v.Form.Home.HeldSince))}, "tax.cost": {notZero(t.Cost)}, "tax.relief": {t.Relief}}
			if v.isSaved("tax") || v.begun("tax") {
				values.Set("tax.sellerOnlyHome", yesNo(t.SellerOnlyHome))
				values.Set("tax.costKnown", yesNo(t.CostKnown))
			}
			if v.isSaved("tax") || v.source("tax.buyerHomes") != "" {
				values.Set("tax.buyerHomes", strconv.Itoa(t.BuyerHomes))
			}
			return values
		},
		take: func(v *view) { v.takeTax(true) },
		line: func(v *view) string {
			if !v.isSaved("tax") {
				return ""
			}
			words := "买方家庭已有 " + strconv.Itoa(v.Form.Tax.BuyerHomes) + " 套住房"
			if lines := v.estimate(); lines != nil {
				words += "，预估税款 " + tax.Total(lines, "").String() + " 元"
			}
			return words
		},
		rows: func(v *view) []ui.Row {
			t := v.Form.Tax
			rows := []ui.Row{
				{Label: v.name("tax", "tax.buyerHomes"), Value: ui.Num(strconv.Itoa(t.BuyerHomes) + " 套")},
				{Label: v.name("tax", "tax.sellerOnlyHome"), Value: ui.Str(yesWord(t.SellerOnlyHome))},
				{Label: v.name("tax", "tax.heldSince"), Value: ui.Str(t.HeldSince.Chinese())},
				{Label: v.name("tax", "tax.costKnown"), Value: ui.Str(yesWord(t.CostKnown))},
			}
			if t.CostKnown {
				rows = append(rows, ui.Row{Label: v.name("tax", "tax.cost"), Value: ui.Num(t.Cost.String() + " 元")})
			}
			return append(rows, ui.Row{Label: v.name("tax", "tax.relief"), Value: ui.Str(orNone(v.said("tax", "tax.relief", t.Relief), "不申请"))})
		},
	}
}

func yesWord(b bool) string {
	if b {
		return "是"
	}
	return "否"
}

// homesFrom is where the number of homes came from, unless the person wants to state it.
func (v *view) homesFrom() string {
	if v.Own == "homes" {
		return ""
	}
	return v.source("tax.buyerHomes")
}

// takeTax reads the tax situation. For an estimate on the way, what is missing is no error.
func (v *view) takeTax(strict bool) {
	t := v.Form.Tax
	if v.homesFrom() == "" {
		t.BuyerHomes = v.number("tax.buyerHomes", "tax.buyerHomes", 0, 99)
		if strict {
			v.forget("tax.buyerHomes")
		}
	}
	t.SellerOnlyHome = v.yes("tax.sellerOnlyHome", "tax.sellerOnlyHome")
	t.HeldSince = v.date("tax.heldSince", "tax.heldSince", false)
	if t.HeldSince > v.today() {
		v.fail("tax.heldSince", "err.date.future", nil)
	}
	t.CostKnown = v.yes("tax.costKnown", "tax.costKnown")
	t.Cost = 0
	if t.CostKnown {
		t.Cost, _ = v.money("tax.cost", "tax.cost")
	}
	t.Relief = v.choice("tax.relief", "tax.relief", true)
	if t.Relief != v.Form.Tax.Relief && strict {
		v.reopen("materials")
	}
	v.Form.Tax = t
}

// estimatePart is the estimate alone, for the script that shows it while the answers are chosen.
func (rm *Room) estimatePart(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.posted(r, "tax")
	if err != nil {
		return err
	}
	v.takeTax(false)
	return web.Render(w, r, http.StatusOK, estimatePart(v))
}

// provisional is the estimate of the answers typed so far.
func (v *view) provisional() []tax.Line {
	on := *v
	app := *v.App
	on.App = &app
	values := url.Values{}
	for _, f := range v.Section.Fields {
		if v.Input.Has(f.Name) {
			values[f.Name] = v.Input.Values(f.Name)
		}
	}
	on.Input = web.FormOf(values)
	on.takeTax(false)
	return on.estimate()
}

// payer says who pays a tax.
func payer(code string) string {
	switch code {
	case "buyer":
		return "买方"
	case "seller":
		return "卖方"
	case "mortgagee":
		return "贷款机构"
	case "applicant":
		return "申请人"
	}
	return ""
}

// lineAmount is the amount of a line of the estimate in words.
func (v *view) lineAmount(l tax.Line) string {
	switch {
	case l.Window:
		return v.say("tax.window", nil)
	case l.Payer == "" && l.Tax != "price":
		return "—"
	case l.Payer == "":
		return l.Base.String() + " 元"
	}
	return l.Amount.String() + " 元"
}

func total(lines []tax.Line, who string) land.Fen { return tax.Total(lines, who) }
