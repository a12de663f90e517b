package tax

import (
	"fmt"
	"strings"

	"yichuang/internal/catalog/law"
	"yichuang/internal/land"
)

// Input is what an estimate needs to know of a deal.
type Input struct {
	Deal       string    // sale (also ""), inheritance, gift, divorce
	Price      land.Fen  // of the contract, VAT included
	Assessed   land.Fen  // the tax office's assessed value, if known; the higher of the two is taxed
	Area       land.Area // floor area
	Home       bool
	Place      string    // city (also ""), town, country
	ContractOn land.Date // day of the contract
	DeclaredOn land.Date // day of the declaration: today for a deal that has not been declared; empty: ContractOn
	HeldSince  land.Date // see [HeldSince]

	BuyerHomes     int // homes of the buyer's family before this one, by the register of the county
	BuyerCompany   bool
	SellerCompany  bool
	SellerOnlyHome bool
	CostKnown      bool // the seller can show what the home cost
	Cost           land.Fen
	Expenses       land.Fen // reasonable expenses with evidence
	CloseRelative  bool     // spouse, parents, children, grandparents, grandchildren, siblings, supporters
	LegalHeir      bool
}

// HeldSince returns the day from which holding counts: the earliest of title date, deed-tax receipt, and for what was inherited,
// divided on divorce or given by a close relative, the previous acquisition. Days that are not known are "".
func HeldSince(days ...land.Date) land.Date {
	var first land.Date
	for _, d := range days {
		if d != "" && (first == "" || d < first) {
			first = d
		}
	}
	return first
}

// Line is one tax of an estimate, explained.
type Line struct {
	Tax    string // code; "price" is the line that says which price is taxed, "refund" one of information
	Name   string
	Payer  string // seller | buyer; "" for lines that no one pays
	Base   land.Fen
	Rate   string // "1.5%", "3%，减半"; "" if nothing is taken
	Amount land.Fen
	Why    string
	Law    law.Law
	Rule   string // which version of the rule was taken, and why
	Window bool   // not estimated: assessed at the counter
}

// Estimate returns the lines of a deal in the order of the rules. Each amount is rounded half up to the fen by itself.
func Estimate(rules *Rules, in Input) []Line {
	if in.DeclaredOn == "" {
		in.DeclaredOn = in.ContractOn
	}
	e := &estimate{in: in, facts: facts(in), price: in.Price, amounts: map[string]land.Fen{}}
	lines := []Line{e.priceLine()}
	for _, t := range rules.Taxes {
		line := e.tax(t)
		e.amounts[t.Code] = line.Amount
		e.window = e.window || line.Window && t.Code == "vat"
		lines = append(lines, line)
	}
	if e.amounts["income"] > 0 && e.facts.Deal == "sale" {
		lines = append(lines, Line{Tax: "refund", Name: "换购住房个人所得税退税", Law: law.Law{Name: "关于支持居民换购住房有关个人所得税政策的公告"},
			Why: "卖出后 1 年内在同一城市重新买房的，可以向税务部门申请退还已缴的个人所得税，这里不估算"})
	}
	return lines
}

// Total sums the lines that a payer pays; "" sums all.
func Total(lines []Line, payer string) land.Fen {
	var sum land.Fen
	for _, l := range lines {
		if payer == "" || l.Payer == payer {
			sum += l.Amount
		}
	}
	return sum
}

type estimate struct {
	in      Input
	facts   Facts
	price   land.Fen
	amounts map[string]land.Fen
	window  bool // VAT is not estimated, so that what stands on the price without it is not either
}

func facts(in Input) Facts {
	f := Facts{Deal: in.Deal, Home: in.Home, AreaHundredths: int64(in.Area), BuyerHomes: in.BuyerHomes, BuyerCompany: in.BuyerCompany,
		SellerCompany: in.SellerCompany, SellerOnlyHome: in.SellerOnlyHome, CostKnown: in.CostKnown, CloseRelative: in.CloseRelative,
		LegalHeir: in.LegalHeir, Place: in.Place}
	if f.Deal == "" {
		f.Deal = "sale"
	}
	if f.Place == "" {
		f.Place = "city"
	}
	for in.HeldSince != "" && in.HeldSince.AddYears(f.HeldYears+1) <= in.ContractOn {
		f.HeldYears++
	}
	return f
}

func (e *estimate) priceLine() Line {
	line := Line{Tax: "price", Name: "计税价格", Why: "按合同成交价", Law: law.Law{Name: "中华人民共和国契税法", Article: "4"}}
	if e.in.Assessed > e.price {
		e.price = e.in.Assessed
		line.Why = fmt.Sprintf("合同价 %s 元低于税务核定的计税价格，按核定价", e.in.Price)
	}
	line.Base = e.price
	return line
}

// tax computes one tax by the version that holds, or by a newer one that the law lets the parties use where less is due then.
func (e *estimate) tax(t Tax) Line {
	own, newer := e.versions(t)
	if own == nil {
		return Line{Tax: t.Code, Name: t.Name, Payer: t.Payer, Window: true, Why: "签合同时的规定不在这里，由税务部门核定", Rule: "没有适用的规定"}
	}
	line := e.row(t, own)
	line.Rule = fmt.Sprintf("按 %s 起施行的规定", own.From.Chinese())
	if newer == nil {
		return line
	}
	if other := e.row(t, newer); other.Amount < line.Amount {
		other.Rule = fmt.Sprintf("合同签于 %s，还没有申报，可以按 %s 起施行的规定，比原规定少 %s 元", e.in.ContractOn.Chinese(), newer.From.Chinese(), line.Amount-other.Amount)
		return other
	}
	line.Rule += fmt.Sprintf("；%s 起施行的新规定不比它少", newer.From.Chinese())
	return line
}

// versions returns the version of the deal's own day, and a newer one that it may use because it has not been declared yet.
func (e *estimate) versions(t Tax) (own, newer *Version) {
	for i := range t.Versions {
		v := &t.Versions[i]
		day := e.in.ContractOn
		if v.AppliesBy == "declaration" {
			day = e.in.DeclaredOn
		}
		switch {
		case v.From <= day:
			own, newer = v, nil
		case v.UndeclaredMayUseNew && v.From <= e.in.DeclaredOn:
			newer = v
		}
	}
	return own, newer
}

func (e *estimate) row(t Tax, v *Version) Line {
	for i := range v.Rows {
		if r := &v.Rows[i]; r.when.Holds(e.facts) {
			return e.apply(t, r)
		}
	}
	return Line{Tax: t.Code, Name: t.Name, Payer: t.Payer, Window: true}
}

func (e *estimate) apply(t Tax, r *Row) Line {
	line := Line{Tax: t.Code, Name: t.Name, Payer: t.Payer, Law: r.Law, Why: e.fill(r.Why), Rate: r.Rate}
	if r.Payer != "" {
		line.Payer = r.Payer
	}
	if r.Factor == "50%" {
		line.Rate += "，减半"
	} else if r.Factor != "" {
		line.Rate += "，按 " + r.Factor + " 计"
	}
	net := e.price - e.amounts["vat"]
	switch r.Kind {
	case Exempt:
		return line
	case Window:
		line.Window = true
		return line
	case OnPrice:
		line.Base = e.price
	case OnNet:
		line.Base = net
	case OnVAT:
		line.Base = e.amounts["vat"]
	case OnGain:
		line.Base = max(0, net-e.in.Cost-e.in.Expenses-e.amounts["urban"]-e.amounts["education"]-e.amounts["local-education"])
	case Inclusive:
		line.Base = e.price - part(e.price, r.rate, 1_000_000+r.rate)
		line.Amount = part(part(e.price, r.rate, 1_000_000+r.rate), r.factor, 1_000_000)
		return line
	}
	if e.window && r.Kind != OnPrice {
		line.Window, line.Base = true, 0
		return line
	}
	line.Amount = part(line.Base, r.rate*r.factor/1_000_000, 1_000_000)
	return line
}

// part returns amount × num / den, rounded half up. Amounts up to [land.MaxFen] cannot overflow.
func part(amount land.Fen, num, den int64) land.Fen {
	return land.Fen((2*int64(amount)*num + den) / (2 * den))
}

func (e *estimate) fill(why string) string {
	return strings.NewReplacer("{years}", fmt.Sprint(e.facts.HeldYears), "{area}", e.in.Area.String(), "{homes}", fmt.Sprint(e.facts.BuyerHomes+1)).Replace(why)
}
