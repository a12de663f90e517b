package application

import (
	"net/url"
	"strings"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

func trustSection() section {
	return section{
		needs: []string{"home", "contract", "parties"},
		page:  trustPage,
		fill: func(v *view) url.Values {
			t := v.Form.Trust
			values := url.Values{"trust.bank": {t.Bank}, "trust.downPayment": {notZero(t.DownPayment)}, "trust.sellerName": {t.SellerName},
				"trust.sellerBank": {t.SellerBank}, "trust.sellerAccount": {t.SellerAccount}, "trust.release": {t.Release}}
			if sellers := v.sellers(); t.SellerName == "" && len(sellers) > 0 {
				values.Set("trust.sellerName", sellers[0].Name)
			}
			if t.DownPayment == 0 && !v.hasSection("loan") {
				values.Set("trust.downPayment", notZero(v.Form.Contract.Price))
			}
			return values
		},
		take: func(v *view) { v.takeTrust() },
		line: func(v *view) string {
			if t := v.Form.Trust; t.Bank != "" {
				return "首付款 " + t.DownPayment.String() + " 元，托管银行：" + t.BankName
			}
			return ""
		},
		rows: func(v *view) []ui.Row {
			t := v.Form.Trust
			return []ui.Row{
				{Label: v.name("trust", "trust.bank"), Value: ui.Str(t.BankName)},
				{Label: v.name("trust", "trust.downPayment"), Value: ui.Num(t.DownPayment.String() + " 元")},
				{Label: v.name("trust", "trust.sellerName"), Value: ui.Str(land.MaskName(t.SellerName))},
				{Label: v.name("trust", "trust.sellerBank"), Value: ui.Str(t.SellerBank)},
				{Label: v.name("trust", "trust.sellerAccount"), Value: ui.Num(land.MaskNumber(t.SellerAccount))},
				{Label: v.name("trust", "trust.release"), Value: ui.Str(v.said("trust", "trust.release", t.Release))},
			}
		},
		lacks: func(v *view) []string {
			var out []string
			if !v.isSeller(v.Form.Trust.SellerName) {
				out = append(out, v.accountWords())
			}
			if words := v.sumWords(); words != "" && !v.hasSection("loan") {
				out = append(out, words)
			}
			return out
		},
	}
}

func (v *view) hasSection(code string) bool {
	_, ok := v.Item.Section(code)
	return ok
}

// bankChoices are the banks that hold money in trust.
func (v *view) bankChoices() []ui.Choice {
	var out []ui.Choice
	for _, b := range v.room.Banks {
		out = append(out, ui.Choice{Value: b.Code, Text: b.Name})
	}
	return out
}

func (v *view) isSeller(name string) bool {
	for _, p := range v.sellers() {
		if p.Name == name {
			return true
		}
	}
	return false
}

// accountWords says that the account to pay out to must be a seller's.
func (v *view) accountWords() string {
	return v.say("err.name.account", map[string]any{"name": orNone(v.Form.Trust.SellerName, "空的")})
}

// sumWords says that down payment and loan do not make the price; "" where they do.
func (v *view) sumWords() string {
	price, sum := v.Form.Contract.Price, v.Form.Trust.DownPayment+v.Form.Loan.Total()
	if price == sum {
		return ""
	}
	return v.say("err.money.down", map[string]any{"sum": sum.String(), "price": price.String(), "rest": max(price-sum, sum-price).String()})
}

func (v *view) takeTrust() {
	t := message.Trust{}
	bank := v.Input.Value("trust.bank")
	for _, b := range v.room.Banks {
		if b.Code == bank {
			t.Bank, t.BankName = b.Code, b.Name
		}
	}
	if t.Bank == "" {
		v.fail("trust.bank", "err.choose", map[string]any{"label": v.label("trust.bank")})
	}
	t.DownPayment = v.downPayment()
	t.SellerName = strings.TrimSpace(v.required("trust.sellerName"))
	if t.SellerName != "" && !v.isSeller(t.SellerName) {
		v.fail("trust.sellerName", "err.name.account", map[string]any{"name": t.SellerName})
	}
	t.SellerBank = v.text("trust.sellerBank", "trust.sellerBank", 60, false)
	t.SellerAccount = v.bankAccount("trust.sellerAccount")
	t.Release = v.choice("trust.release", "trust.release", false)
	v.Form.Trust = t
}

// downPayment reads the buyers' own part. Where there is no loan, it is the whole price.
func (v *view) downPayment() land.Fen {
	const name = "trust.downPayment"
	down, ok := v.money(name, name)
	price := v.Form.Contract.Price
	switch {
	case !ok:
		return 0
	case down == 0:
		v.Input.Fail(name, "首付款要大于 0，请再看一遍")
	case down > price, down != price && !v.hasSection("loan"):
		v.fail(name, "err.money.down", map[string]any{"sum": down.String(), "price": price.String(), "rest": max(price-down, down-price).String()})
	}
	return down
}

// bankAccount reads the number of an account: digits, in groups or not.
func (v *view) bankAccount(name string) string {
	s := strings.NewReplacer(" ", "", "-", "").Replace(land.Narrow(v.required(name)))
	if s == "" {
		return ""
	}
	if len(s) < 8 || len(s) > 32 || strings.Trim(s, "0123456789") != "" {
		v.Input.Fail(name, "账号应为 8 至 32 位数字，请对照银行卡或存折再看一遍")
		return ""
	}
	v.Input.Set(name, s)
	return s
}
