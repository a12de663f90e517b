package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"yichuang/internal/catalog"
	"yichuang/internal/land"
)

func item(t testing.TB, code string) *catalog.Item {
	t.Helper()
	i, ok := load(t).Item(code)
	if !ok {
		t.Fatalf("no item %s", code)
	}
	return i
}

func codes(list []catalog.Required) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Code)
	}
	return out
}

func TestRequiredMaterials(t *testing.T) {
	always := []string{"M-01", "M-02", "M-03", "M-04", "M-06", "M-05", "M-08", "M-27", "M-07"}
	for _, c := range []struct {
		name        string
		set         map[string]any
		more, fewer []string
	}{
		{"two single persons", nil, nil, nil},
		{"wife not on the title", map[string]any{"SellerMarried": true, "SpouseNotOwner": true}, []string{"M-10"}, nil},
		{"both on the title", map[string]any{"SellerMarried": true, "CoOwned": true}, nil, nil},
		{"a co-owner does not apply", map[string]any{"CoOwned": true, "CoOwnersMissing": true}, []string{"M-11"}, nil},
		{"own share only", map[string]any{"CoOwned": true, "CoOwnersMissing": true, "OwnShareSold": true}, []string{"M-12"}, nil},
		{"minor seller", map[string]any{"SellerMinor": true}, []string{"M-19", "M-20"}, nil},
		{"minor buyer", map[string]any{"BuyerMinor": true}, []string{"M-19"}, nil},
		{"agent", map[string]any{"BuyerAgent": true}, []string{"M-17", "M-18"}, nil},
		{"company sells", map[string]any{"SellerCompany": true, "SellerPerson": false}, []string{"M-23", "M-15"}, nil},
		{"state company sells", map[string]any{"SellerCompany": true, "StateAsset": true}, []string{"M-23", "M-15", "M-16"}, nil},
		{"company buys from company", map[string]any{"SellerCompany": true, "SellerPerson": false, "BuyerCompany": true, "BuyerPerson": false}, []string{"M-23", "M-15"}, []string{"M-02", "M-03", "M-04"}},
		{"transfer restricted", map[string]any{"TransferRestricted": true}, []string{"M-13"}, nil},
		{"allocated land", map[string]any{"AllocatedLand": true}, []string{"M-14"}, nil},
		{"objection", map[string]any{"Objection": true}, []string{"M-24"}, nil},
		{"no trust", map[string]any{"UseTrust": false}, []string{"M-09"}, []string{"M-08", "M-27"}},
		{"court sale", map[string]any{"CourtSale": true}, []string{"M-21", "M-22"}, []string{"M-05", "M-08", "M-27"}},
		{"relief asked", map[string]any{"TaxRelief": "only-home"}, []string{"M-26"}, nil},
		{"from abroad", map[string]any{"ForeignParty": true}, []string{"M-25"}, nil},
	} {
		sale := item(t, "existing-home-sale")
		f, err := sale.StartFacts("2026-11-24").With(c.set)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(slices.Concat(always, c.more), func(m string) bool { return slices.Contains(c.fewer, m) })
		got := codes(sale.RequiredMaterials(f))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}

func TestLoanAddsMaterials(t *testing.T) {
	joint, sale := item(t, "existing-home-sale-mortgage"), item(t, "existing-home-sale")
	for kind, want := range map[string][]string{
		"commercial": {"M-33", "M-31", "M-32", "M-34"}, "fund": {"M-33", "M-31", "M-32", "M-36"}, "mixed": {"M-33", "M-31", "M-32", "M-34", "M-36"},
	} {
		f := joint.StartFacts("2026-11-24")
		f.LoanKind = kind
		got := codes(joint.RequiredMaterials(f))
		if base := codes(sale.RequiredMaterials(f)); !slices.Equal(got, append(base, want...)) {
			t.Errorf("%s: %v, want the sale's and %v", kind, got, want)
		}
	}
}

func TestSharedMaterials(t *testing.T) {
	joint := item(t, "existing-home-sale-mortgage")
	f := joint.StartFacts("2026-11-24")
	f.SharedMissing = []string{"M-04", "M-31"}
	for _, r := range joint.RequiredMaterials(f) {
		if r.Reason == "" || r.Law.String() == "" || r.How == "" {
			t.Errorf("%s is asked without reason, law or how", r.Code)
		}
		missing := slices.Contains(f.SharedMissing, r.Code)
		if shared := r.Material.Source == catalog.Shared; r.Fetched != (shared && !missing) || shared && (r.Source == catalog.Upload) != missing {
			t.Errorf("%s: fetched %v, source %s, missing %v", r.Code, r.Fetched, r.Source, missing)
		}
		switch {
		case r.Code == "M-04" && (!r.ByParty() || !strings.Contains(r.Reason, "没有查到")):
			t.Errorf("a person brings the marriage certificate that sharing lacks, and is told so: %q", r.Reason)
		case r.Code == "M-31" && r.ByParty():
			t.Error("the loan contract is the bank's to bring")
		case r.Code == "M-02" && r.ByParty():
			t.Error("what was fetched is not asked again (Regulations 24)")
		}
	}
}

func TestGuideQuestions(t *testing.T) {
	for _, i := range load(t).Items() {
		if n := len(i.Questions); !i.Lender && (n < 3 || n > 6) { // a lender needs no guide
			t.Errorf("%s asks %d questions", i.Code, n)
		}
		start := i.StartFacts("2026-11-24")
		for _, q := range i.Questions {
			seen := map[string]bool{}
			for _, o := range q.Options {
				f, err := start.With(o.Set)
				if err != nil {
					t.Fatal(err)
				}
				seen[strings.Join(codes(i.RequiredMaterials(f)), " ")] = true
			}
			if len(seen) < 2 {
				t.Errorf("%s: the answer to %q changes nothing", i.Code, q.Text)
			}
		}
	}
}

func TestFees(t *testing.T) {
	c := load(t)
	joint := item(t, "existing-home-sale-mortgage")
	for _, row := range []struct {
		name string
		set  map[string]any
		want map[string]string // fee → amount
	}{
		{"home", nil, map[string]string{"transfer-home": "80.00", "mortgage-home": "80.00"}},
		{"home, three certificates", map[string]any{"Certificates": 3}, map[string]string{"transfer-home": "80.00", "copies": "20.00", "mortgage-home": "80.00"}},
		{"shop", map[string]any{"UseHome": false}, map[string]string{"transfer-other": "550.00", "mortgage-other": "550.00"}},
		{"garage", map[string]any{"UseHome": false, "Garage": true}, map[string]string{"transfer-garage": "80.00", "mortgage-garage": "80.00"}},
		{"small business buys a shop", map[string]any{"UseHome": false, "BuyerSmall": true}, map[string]string{"transfer-small": "0.00", "mortgage-other": "550.00"}},
		{"affordable home", map[string]any{"AffordableHome": true}, map[string]string{"transfer-affordable": "0.00", "mortgage-home": "80.00"}},
		{"garage before 2019", map[string]any{"UseHome": false, "Garage": true, "AppliedOn": "2019-06-30"}, map[string]string{"transfer-other": "550.00", "mortgage-other": "550.00"}},
	} {
		f, err := joint.StartFacts("2026-11-24").With(row.set)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Fees(joint, f)
		for _, line := range got {
			if row.want[line.Code] != line.Amount.String() || line.Why == "" || line.Law.String() == "" || line.Amount != line.Each*land.Fen(line.Pieces) {
				t.Errorf("%s: %+v", row.name, line)
			}
			if mortgage := strings.HasPrefix(line.Code, "mortgage"); mortgage != (line.Payer == "mortgagee") {
				t.Errorf("%s: %s is paid by the %s", row.name, line.Code, line.Payer)
			}
		}
		if len(got) != len(row.want) {
			t.Errorf("%s: %d lines, want %v", row.name, len(got), row.want)
		}
	}
}

func TestSections(t *testing.T) {
	joint, sale := item(t, "existing-home-sale-mortgage"), item(t, "existing-home-sale")
	loan, ok := joint.Section("loan")
	if !ok || len(joint.Sections) != 9 {
		t.Fatal("the joint item has nine pages, one of them the loan")
	}
	if _, ok := sale.Section("loan"); ok {
		t.Error("a sale without loan asks for none")
	}
	if with, without := loan.Shown(catalog.Facts{HasLoan: true}), loan.Shown(catalog.Facts{}); len(with) != 6 || len(without) != 1 {
		t.Errorf("the loan page shows %d and %d fields", len(with), len(without))
	}
	if f, ok := loan.Field("loan.part.months"); !ok || f.Kind != catalog.KindNumber {
		t.Error(f, ok)
	}
}

func TestItemTells(t *testing.T) {
	joint := item(t, "existing-home-sale-mortgage")
	if joint.Days != 3 || joint.LegalDays != 30 || joint.Visits != 1 || !slices.Equal(joint.RegTypes, []land.RegType{land.RegTransfer, land.RegFirst}) {
		t.Errorf("%+v", joint)
	}
	if !joint.OfferedIn("321283") || joint.OfferedIn("110101") {
		t.Error("offered in the districts of the city, and there only")
	}
	if l := joint.Limits["first-review"]; l.Count != 1 || l.Unit != catalog.WorkingDays || l.Remind != 75 || !slices.Equal(l.Escalate, []int{100, 150}) || l.Holder != "登记中心初审" {
		t.Errorf("%+v", l)
	}
	if l := joint.Limits["loan-bank"]; l.Count != 3 || l.Holder != "贷款银行" {
		t.Errorf("%+v", l)
	}
	if n := joint.NoticesOf("correction-asked"); len(n) != 1 || n[0].Message != "sms.fix" || !n[0].SMS() {
		t.Errorf("%+v", n)
	}
	if n := joint.NoticesOf("entered"); len(n) != 1 || n[0].SMS() {
		t.Errorf("%+v", n)
	}
	if law := joint.Laws[2].String(); law != "《不动产登记暂行条例》第 14 条" {
		t.Error(law)
	}
}

func TestFactsWith(t *testing.T) {
	f, err := catalog.Facts{}.With(map[string]any{"SellerMarried": true, "Sellers": 2, "LoanKind": "fund", "AreaHundredths": 8946})
	if err != nil || !f.SellerMarried || f.Sellers != 2 || f.LoanKind != "fund" || f.AreaHundredths != 8946 {
		t.Error(f, err)
	}
	for name, value := range map[string]any{"Nobody": true, "Sellers": "two", "SellerMarried": 1, "LoanKind": nil, "SharedMissing": "M-04"} {
		if _, err := (catalog.Facts{}).With(map[string]any{name: value}); !errors.As(err, &catalog.ErrFact{}) {
			t.Errorf("%s = %v: %v", name, value, err)
		}
	}
	for _, fact := range catalog.FactList() {
		if fact.Label == "" || fact.Type == "" {
			t.Errorf("fact %s has no words", fact.Name)
		}
	}
}
