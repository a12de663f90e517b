package tax_test

import (
	"os"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"yichuang/internal/catalog/tax"
	"yichuang/internal/land"
)

func rules(t testing.TB) *tax.Rules {
	t.Helper()
	data, err := os.ReadFile("../../../catalog/tax.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var r tax.Rules
	if err := yaml.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, bad := range r.Compile() {
		t.Fatal(bad.Path, bad.Err)
	}
	return &r
}

// lines gives the estimate by tax code.
func lines(t testing.TB, in tax.Input) map[string]tax.Line {
	t.Helper()
	out := map[string]tax.Line{}
	for _, l := range tax.Estimate(rules(t), in) {
		if out[l.Tax].Tax != "" || l.Name == "" || l.Why == "" || strings.Contains(l.Why, "{") {
			t.Fatalf("line %+v stands twice or is not explained", l)
		}
		out[l.Tax] = l
	}
	return out
}

func yuan(t testing.TB, s string) land.Fen {
	t.Helper()
	f, err := land.ParseYuan(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The table of the domain reference.
func TestSales(t *testing.T) {
	for _, c := range []struct {
		price  string
		area   land.Area
		homes  int
		since  land.Date
		only   bool
		vat    string
		extra  string
		deed   string
		income string
		total  string
	}{
		{"1,200,000.00", 9500, 0, "2020-11-01", true, "0", "0", "12,000.00", "0", "12,000.00"},
		{"1,500,000.00", 15000, 1, "2023-11-01", false, "0", "0", "30,000.00", "15,000.00", "45,000.00"},
		{"1,030,000.00", 8800, 0, "2025-11-01", false, "30,000.00", "1,800.00", "10,000.00", "10,000.00", "51,800.00"},
		{"2,000,000.00", 16000, 0, "2021-11-23", false, "0", "0", "30,000.00", "20,000.00", "50,000.00"},
		{"888,888.88", 14000, 2, "2024-11-24", true, "0", "0", "26,666.67", "8,888.89", "35,555.56"},
	} {
		in := tax.Input{Price: yuan(t, c.price), Area: c.area, Home: true, BuyerHomes: c.homes, HeldSince: c.since, SellerOnlyHome: c.only, ContractOn: "2026-11-24"}
		got := lines(t, in)
		extra := got["urban"].Amount + got["education"].Amount + got["local-education"].Amount
		for name, pair := range map[string][2]land.Fen{
			"vat": {got["vat"].Amount, yuan(t, c.vat)}, "surcharges": {extra, yuan(t, c.extra)}, "deed": {got["deed"].Amount, yuan(t, c.deed)},
			"income": {got["income"].Amount, yuan(t, c.income)}, "total": {tax.Total(tax.Estimate(rules(t), in), ""), yuan(t, c.total)},
			"stamp": {got["stamp"].Amount, 0}, "land VAT": {got["land-vat"].Amount, 0},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %s, want %s", c.price, name, pair[0], pair[1])
			}
		}
	}
}

func TestDeedTaxAtTheBoundary(t *testing.T) {
	for _, c := range []struct {
		area  land.Area
		homes int
		rate  string
	}{
		{14000, 0, "1%"}, {14001, 0, "1.5%"}, {14000, 1, "1%"}, {14001, 1, "2%"}, {1, 2, "3%"}, {14000, 7, "3%"},
	} {
		in := tax.Input{Price: 100_000_000, Area: c.area, Home: true, BuyerHomes: c.homes, HeldSince: "2000-01-01", ContractOn: "2026-11-24"}
		if got := lines(t, in)["deed"]; got.Rate != c.rate || !strings.Contains(got.Why, "住房") {
			t.Errorf("%s m², %d homes: %s (%s), want %s", c.area, c.homes, got.Rate, got.Why, c.rate)
		}
	}
}

func TestHolding(t *testing.T) {
	for _, c := range []struct {
		since   land.Date
		vat     string // "" is exempt
		income  string
		exempts string // text that the reason of VAT holds
	}{
		{"2024-11-25", "3%", "1%", "不满 2 年"}, // a day short of two years
		{"2024-11-24", "", "1%", "满 2 年"},
		{"2021-11-25", "", "1%", "满 4 年"}, // a day short of five
		{"2021-11-24", "", "", "满 5 年"},
		{"", "3%", "1%", "不满 2 年"}, // not known: nothing is promised
	} {
		in := tax.Input{Price: 100_000_000, Area: 9000, Home: true, SellerOnlyHome: true, HeldSince: c.since, ContractOn: "2026-11-24"}
		got := lines(t, in)
		if got["vat"].Rate != c.vat || got["income"].Rate != c.income || !strings.Contains(got["vat"].Why, c.exempts) {
			t.Errorf("since %s: VAT %q (%s), income %q", c.since, got["vat"].Rate, got["vat"].Why, got["income"].Rate)
		}
	}
	if since := tax.HeldSince("2024-05-01", "", "2023-07-01"); since != "2023-07-01" {
		t.Error(since)
	}
}

func TestIncomeTaxOnGain(t *testing.T) {
	in := tax.Input{Price: yuan(t, "103万"), Area: 9000, Home: true, HeldSince: "2025-11-24", ContractOn: "2026-11-24", CostKnown: true, Cost: yuan(t, "80万"), Expenses: yuan(t, "1万")}
	got := lines(t, in)["income"]
	if got.Base != yuan(t, "188,200") || got.Amount != yuan(t, "37,640") || got.Payer != "seller" { // 1,000,000 − 800,000 − 10,000 − 1,800
		t.Errorf("%s of %s", got.Amount, got.Base)
	}
	in.Cost = yuan(t, "200万")
	if got := lines(t, in)["income"]; got.Amount != 0 || got.Base != 0 {
		t.Errorf("a loss is taxed with %s", got.Amount)
	}
}

// Which version of a rule is taken, and that the line says so.
func TestRuleByDate(t *testing.T) {
	for _, c := range []struct {
		name             string
		signed, declared land.Date
		vat, deed        string
		says             string // of the VAT line
	}{
		{"declared under the old rules", "2025-12-20", "2025-12-25", "5%", "1%", "按 2016 年 5 月 1 日"},
		{"signed before, declared after: the newer is lower", "2025-12-20", "2026-01-05", "3%", "1%", "可以按 2026 年 1 月 1 日"},
		{"signed after", "2026-01-02", "2026-01-05", "3%", "1%", "按 2026 年 1 月 1 日"},
		{"deed tax of 2024 not declared yet", "2024-11-30", "2024-12-02", "5%", "1%", "按 2016 年 5 月 1 日"},
		{"deed tax of 2024 declared at once", "2024-11-30", "2024-11-30", "5%", "1.5%", "按 2016 年 5 月 1 日"},
	} {
		in := tax.Input{Price: 100_000_000, Area: 12000, Home: true, HeldSince: c.signed.AddDays(-30), ContractOn: c.signed, DeclaredOn: c.declared}
		got := lines(t, in)
		if got["vat"].Rate != c.vat || got["deed"].Rate != c.deed || !strings.Contains(got["vat"].Rule, c.says) {
			t.Errorf("%s: VAT %s by %q, deed %s by %q", c.name, got["vat"].Rate, got["vat"].Rule, got["deed"].Rate, got["deed"].Rule)
		}
	}
	old := lines(t, tax.Input{Price: 100, Home: true, ContractOn: "2005-01-01"})
	if !old["vat"].Window || old["vat"].Amount != 0 {
		t.Error("a deal older than the rules is not estimated")
	}
	late := lines(t, tax.Input{Price: yuan(t, "103万"), Home: true, HeldSince: "2027-12-01", ContractOn: "2028-01-02"})
	if late["urban"].Amount != yuan(t, "2,100") || late["urban"].Rate != "7%" {
		t.Errorf("after 2027 surcharges are whole again, not %s", late["urban"].Amount)
	}
}

func TestNotEstimated(t *testing.T) {
	for name, in := range map[string]tax.Input{
		"company": {Price: 100_000_000, Home: true, SellerCompany: true, HeldSince: "2000-01-01", ContractOn: "2026-11-24"},
		"shop":    {Price: 100_000_000, Home: false, HeldSince: "2000-01-01", ContractOn: "2026-11-24"},
	} {
		got := lines(t, in)
		for _, code := range []string{"vat", "deed", "income", "land-vat"} {
			if !got[code].Window || got[code].Amount != 0 {
				t.Errorf("%s: %s is estimated with %s", name, code, got[code].Amount)
			}
		}
	}
}

func TestOtherDeals(t *testing.T) {
	for _, c := range []struct {
		name                string
		in                  tax.Input
		deed, income, payer string
	}{
		{"legal heir", tax.Input{Deal: "inheritance", LegalHeir: true}, "0.00", "0.00", "seller"},
		{"heir by will", tax.Input{Deal: "inheritance"}, "30,000.00", "0.00", "seller"},
		{"gift to a child", tax.Input{Deal: "gift", CloseRelative: true}, "30,000.00", "0.00", "seller"},
		{"gift to a stranger", tax.Input{Deal: "gift"}, "30,000.00", "200,000.00", "buyer"},
		{"divorce", tax.Input{Deal: "divorce"}, "0.00", "0.00", "seller"},
	} {
		c.in.Price, c.in.Home, c.in.ContractOn = 100_000_000, true, "2026-11-24"
		got := lines(t, c.in)
		if got["deed"].Amount.String() != c.deed || got["income"].Amount.String() != c.income || got["income"].Payer != c.payer {
			t.Errorf("%s: deed %s, income %s by %s", c.name, got["deed"].Amount, got["income"].Amount, got["income"].Payer)
		}
	}
}

func TestPriceLine(t *testing.T) {
	in := tax.Input{Price: yuan(t, "60万"), Assessed: yuan(t, "100万"), Area: 9000, Home: true, HeldSince: "2000-01-01", ContractOn: "2026-11-24"}
	got := lines(t, in)
	if got["price"].Base != in.Assessed || !strings.Contains(got["price"].Why, "600,000.00") || got["deed"].Base != in.Assessed {
		t.Errorf("%+v", got["price"])
	}
	if got["refund"].Amount != 0 || got["refund"].Payer != "" {
		t.Error("information costs nothing")
	}
}

// Whatever the deal: no negative line, no line without reason, totals by payer sum to the whole, and no overflow at the largest price.
func TestAnyDeal(t *testing.T) {
	r := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := tax.Input{
			Deal: rapid.SampledFrom([]string{"", "sale", "inheritance", "gift", "divorce"}).Draw(t, "deal"), Price: land.Fen(rapid.Int64Range(1, int64(land.MaxFen)).Draw(t, "price")),
			Area: land.Area(rapid.Int64Range(1, 99_999).Draw(t, "area")), Home: rapid.Bool().Draw(t, "home"), Place: rapid.SampledFrom([]string{"", "town", "country"}).Draw(t, "place"),
			ContractOn: land.Date("2021-10-01").AddDays(rapid.IntRange(0, 3000).Draw(t, "signed")), HeldSince: land.Date("2010-01-01").AddDays(rapid.IntRange(0, 6000).Draw(t, "held")),
			BuyerHomes: rapid.IntRange(0, 5).Draw(t, "homes"), SellerCompany: rapid.Bool().Draw(t, "company"), SellerOnlyHome: rapid.Bool().Draw(t, "only"),
			CostKnown: rapid.Bool().Draw(t, "known"), Cost: land.Fen(rapid.Int64Range(0, int64(land.MaxFen)).Draw(t, "cost")), CloseRelative: rapid.Bool().Draw(t, "relative"),
		}
		list := tax.Estimate(r, in)
		for _, l := range list {
			if l.Amount < 0 || l.Amount > in.Price || l.Why == "" || l.Law.Name == "" {
				t.Fatalf("%+v", l)
			}
		}
		if tax.Total(list, "seller")+tax.Total(list, "buyer") != tax.Total(list, "") {
			t.Fatal("someone pays what no one owes")
		}
	})
}
