package catalog

import (
	"yichuang/internal/catalog/when"
	"yichuang/internal/land"
)

// FeeRule is a row of the fee table. Of the rows of one group that are in force, the first whose condition holds is the fee.
type FeeRule struct {
	Group string    `yaml:"group"` // transfer, mortgage, copies …: items name the groups that they charge
	Code  string    `yaml:"code"`
	Name  string    `yaml:"name"`
	Payer string    `yaml:"payer"` // buyer | seller | mortgagee | applicant
	Fen   land.Fen  `yaml:"fen"`   // per piece; 0 is a relief, shown with its reason
	Times string    `yaml:"times"` // how many pieces, over facts; empty: one
	If    string    `yaml:"when"`
	From  land.Date `yaml:"from"` // first day in force
	To    land.Date `yaml:"to"`   // last day; empty: until further notice
	Why   string    `yaml:"why"`
	Law   Law       `yaml:"law"`

	when  When
	times when.Number[Facts]
}

// FeeLine is one fee of a deal, with what it counts and why.
type FeeLine struct {
	Code   string
	Name   string
	Payer  string
	Pieces int64
	Each   land.Fen
	Amount land.Fen
	Why    string
	Law    Law
}

// Fees returns the registration fees of a deal, reliefs included as lines of 0. Rules of the day of application hold.
func (c *Catalog) Fees(item *Item, f Facts) []FeeLine {
	var out []FeeLine
	for _, group := range item.Fees {
		if line, due := c.fee(group, f); due {
			out = append(out, line)
		}
	}
	return out
}

func (c *Catalog) fee(group string, f Facts) (FeeLine, bool) {
	day := land.Date(f.AppliedOn)
	for _, r := range c.fees {
		if r.Group != group || r.From > day || r.To != "" && r.To < day || !r.when.Holds(f) {
			continue
		}
		n := r.times.Of(f)
		return FeeLine{r.Code, r.Name, r.Payer, n, r.Fen, r.Fen * land.Fen(n), r.Why, r.Law}, n > 0
	}
	return FeeLine{}, false
}

// checkFees compiles the rows and returns the groups that there are.
func checkFees(p *problems, rows []FeeRule) map[string]bool {
	groups, codes := map[string]bool{}, map[string]bool{}
	for i := range rows {
		r, at := &rows[i], path{"fees", i}
		groups[r.Group] = true
		if codes[r.Code] || r.Code == "" {
			p.add(append(at, "code"), "fee %q has no code of its own", r.Code)
		}
		codes[r.Code] = true
		if r.Name == "" || r.Why == "" || r.Fen < 0 {
			p.add(at, "fee %s needs name, why and an amount of 0 or more", r.Code)
		}
		oneOf(p, append(at, "payer"), r.Payer, "buyer", "seller", "mortgagee", "applicant")
		if !r.From.Valid() || r.To != "" && r.To < r.From {
			p.add(append(at, "from"), "fee %s is in force from no day, or to one before", r.Code)
		}
		checkLaw(p, append(at, "law"), r.Law)
		var err error
		if r.when, err = when.Compile[Facts](r.If); err != nil {
			p.add(append(at, "when"), "%v", err)
		}
		if r.times, err = when.CompileNumber[Facts](r.Times); err != nil {
			p.add(append(at, "times"), "%v", err)
		}
	}
	return groups
}
