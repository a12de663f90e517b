// Package tax estimates the taxes of a deal, line by line, each with its base, its rate, the law and the reason in words.
//
// In: the dated rules of catalog/tax.yaml and an [Input] that the application fills. Out: [Line]s. It is our estimate, shown beside
// the assessment of the tax office, which alone decides. Rates are data: nothing here knows one.
package tax

import (
	"fmt"
	"strings"

	"yichuang/internal/catalog/law"
	"yichuang/internal/catalog/when"
	"yichuang/internal/land"
)

// Rules are the taxes in the order in which they are computed: one may stand on another's amount.
type Rules struct {
	Taxes []Tax `yaml:"taxes"`
}

// Tax is one tax with its versions, oldest first.
type Tax struct {
	Code     string    `yaml:"code"`
	Name     string    `yaml:"name"`
	Payer    string    `yaml:"payer"` // seller | buyer
	Versions []Version `yaml:"versions"`
}

// Version is a tax as it stands from a day on.
type Version struct {
	From land.Date `yaml:"from"`
	// AppliesBy says whose date chooses the version: that of the contract or that of the declaration.
	AppliesBy string `yaml:"applies_by"`
	// UndeclaredMayUseNew: a deal of an earlier day that has not been declared yet may use this version.
	UndeclaredMayUseNew bool  `yaml:"undeclared_may_use_new"`
	Rows                []Row `yaml:"rows"`
}

// Row is a case of a version; the first that holds decides.
type Row struct {
	When   string  `yaml:"when"`
	Kind   Kind    `yaml:"kind"`
	Rate   string  `yaml:"rate"`   // "1.5%"
	Factor string  `yaml:"factor"` // part of it that is due, "50%"; empty: all
	Payer  string  `yaml:"payer"`  // where another than usual pays
	Why    string  `yaml:"why"`    // slots {years} {area} {homes}
	Law    law.Law `yaml:"law"`

	when   when.Condition[Facts]
	rate   int64 // millionths
	factor int64
}

// Kind says what a row's rate is taken of.
type Kind string

// The kinds of rows.
const (
	Exempt    Kind = "exempt"    // nothing is due
	Window    Kind = "window"    // not estimated: assessed at the counter
	OnPrice   Kind = "price"     // of the price
	OnNet     Kind = "net"       // of the price without VAT
	Inclusive Kind = "inclusive" // VAT that the price includes: of price / (1 + rate)
	OnVAT     Kind = "vat"       // of the VAT
	OnGain    Kind = "gain"      // of the price without VAT, less cost, expenses and surcharges; at least 0
)

// Facts are what conditions of tax rows may ask.
type Facts struct {
	Deal           string // sale | inheritance | gift | divorce
	Home           bool
	AreaHundredths int64
	BuyerHomes     int // homes of the buyer's family before this one
	BuyerCompany   bool
	SellerCompany  bool
	HeldYears      int // full years that the seller held it
	SellerOnlyHome bool
	CostKnown      bool
	CloseRelative  bool
	LegalHeir      bool
	Place          string // city | town | country: where the home lies
}

// Bad is a mistake in the rules and the way to its place.
type Bad struct {
	Path []any
	Err  error
}

// Compile checks the rules and makes them ready for [Estimate].
func (r *Rules) Compile() []Bad {
	var bad []Bad
	codes := map[string]bool{}
	for i := range r.Taxes {
		t := &r.Taxes[i]
		at := func(more ...any) []any { return append([]any{"taxes", i}, more...) }
		if codes[t.Code] || t.Code == "" || t.Name == "" || t.Payer != "seller" && t.Payer != "buyer" || len(t.Versions) == 0 {
			bad = append(bad, Bad{at(), fmt.Errorf("tax %q needs a code of its own, a name, a payer and versions", t.Code)})
		}
		codes[t.Code] = true
		for v := range t.Versions {
			version := &t.Versions[v]
			if !version.From.Valid() || v > 0 && version.From <= t.Versions[v-1].From {
				bad = append(bad, Bad{at("versions", v, "from"), fmt.Errorf("version of %s from %q does not follow the one before", t.Code, version.From)})
			}
			if version.AppliesBy != "contract" && version.AppliesBy != "declaration" {
				bad = append(bad, Bad{at("versions", v, "applies_by"), fmt.Errorf("applies_by is contract or declaration, not %q", version.AppliesBy)})
			}
			if len(version.Rows) == 0 || version.Rows[len(version.Rows)-1].When != "" {
				bad = append(bad, Bad{at("versions", v, "rows"), fmt.Errorf("the last row of %s has to hold always, so that no deal is without one", t.Code)})
			}
			for k := range version.Rows {
				for _, err := range version.Rows[k].compile() {
					bad = append(bad, Bad{at("versions", v, "rows", k), err})
				}
			}
		}
	}
	return bad
}

func (r *Row) compile() []error {
	var bad []error
	var err error
	if r.when, err = when.Compile[Facts](r.When); err != nil {
		bad = append(bad, err)
	}
	if r.factor = 1_000_000; r.Factor != "" {
		if r.factor, err = millionths(r.Factor); err != nil {
			bad = append(bad, err)
		}
	}
	switch r.Kind {
	case Exempt, Window:
		if r.Rate != "" {
			bad = append(bad, fmt.Errorf("a row of kind %s has no rate", r.Kind))
		}
	case OnPrice, OnNet, Inclusive, OnVAT, OnGain:
		if r.rate, err = millionths(r.Rate); err != nil {
			bad = append(bad, err)
		}
	default:
		bad = append(bad, fmt.Errorf("there is no kind of row %q", r.Kind))
	}
	if r.Why == "" {
		bad = append(bad, fmt.Errorf("the reason of the row is missing"))
	}
	if r.Payer != "" && r.Payer != "seller" && r.Payer != "buyer" {
		bad = append(bad, fmt.Errorf("payer is seller or buyer, not %q", r.Payer))
	}
	if err := r.Law.Check(); err != nil {
		bad = append(bad, err)
	}
	return bad
}

// millionths reads a percentage from 0 to 100 with at most four decimals.
func millionths(s string) (int64, error) {
	text, ok := strings.CutSuffix(s, "%")
	share, err := land.ParseShare(text + "%")
	if s == "0%" {
		return 0, nil
	}
	if !ok || err != nil || 1_000_000%share.Den != 0 {
		return 0, fmt.Errorf("%q is no percentage as 1.5%%", s)
	}
	return share.Num * (1_000_000 / share.Den), nil
}
