package democity

import (
	"slices"

	"yichuang/internal/land"
)

// States of an Example.
const (
	StateFree      = "free" // its contract waits to be imported
	StateMortgaged = "mortgaged"
	StateSeized    = "seized"
	StateObjected  = "objected"
	StateCoOwned   = "co-owned" // to be sold by both spouses; its contract waits
	StateMinor     = "minor"
	StateDesk      = "desk" // in the district whose registry has no interface; its contract waits
)

// DeskDistrict is the district whose registry and housing bureau have no interface of their own: people do their work in our pages.
const DeskDistrict = "321283"

// Example is a home in a state worth trying, with what the exact query asks for.
type Example struct {
	Certificate land.CertNumber `json:"certificate"`
	Owner       string          `json:"owner"`
	IDNo        string          `json:"idno"`
	Unit        land.UnitCode   `json:"unit"`
	District    string          `json:"district"`
	State       string          `json:"state"`
	Contract    string          `json:"contract,omitempty"`
}

// Examples lists ready homes, at least one for each state.
func (c *City) Examples() []Example {
	var out []Example
	for i, k := range c.Contracts {
		switch {
		case i < 3:
			out = append(out, c.example(k.Unit, StateFree, k.Number))
		case k.SellersCoOwn == land.CoOwnJoint && !slices.ContainsFunc(out, isState(StateCoOwned)):
			out = append(out, c.example(k.Unit, StateCoOwned, k.Number))
		case k.District == DeskDistrict && !slices.ContainsFunc(out, isState(StateDesk)):
			out = append(out, c.example(k.Unit, StateDesk, ""))
		}
	}
	for i := range c.Titles {
		if t := &c.Titles[i]; t.Present() && c.minor(t.Holders[0]) {
			out = append(out, c.example(t.Unit, StateMinor, ""))
			break
		}
	}
	return append(out, c.example(c.Mortgages[0].Unit, StateMortgaged, ""), c.example(c.Seizures[0].Unit, StateSeized, ""),
		c.example(c.Objections[0].Unit, StateObjected, ""))
}

func isState(s string) func(Example) bool { return func(e Example) bool { return e.State == s } }

func (c *City) minor(h Holder) bool {
	p, ok := c.Person(land.IDNumber(h.Document.Number))
	return ok && p.ID.AgeOn(c.Today) < 18
}

func (c *City) example(unit land.UnitCode, state, contract string) Example {
	t, ok := c.Title(unit)
	if !ok {
		return Example{Unit: unit, State: state}
	}
	return Example{Certificate: t.Cert(), Owner: t.Holders[0].Name, IDNo: t.Holders[0].Document.Number, Unit: unit,
		District: unit.District(), State: state, Contract: contract}
}

// Login is an account as city.json shows it.
type Login struct {
	Role     string `json:"role"`
	Login    string `json:"login"`
	Password string `json:"password"`
	Name     string `json:"name"`
	IDNo     string `json:"idno"`
	Note     string `json:"note"`
}

// Logins lists accounts of every kind: the parties of the first two contracts of each district with the spouses who must agree, and all staff.
func (c *City) Logins() []Login {
	var out []Login
	perDistrict := map[string]int{}
	for i := range c.Contracts {
		k := &c.Contracts[i]
		if perDistrict[k.District]++; perDistrict[k.District] > 2 {
			continue
		}
		for _, h := range k.Sellers {
			out = c.appendCitizen(out, "seller", h, "卖方，"+dealNote(k)+"，"+string(k.Cert))
			if s, ok := c.spouseBeside(h, k.Sellers); ok {
				out = c.appendCitizen(out, "spouse", s, "卖方配偶，"+dealNote(k))
			}
		}
		for _, h := range k.Buyers {
			out = c.appendCitizen(out, "buyer", h, "买方，"+dealNote(k))
		}
	}
	for _, s := range c.Staff {
		out = append(out, Login{Role: s.Department + "/" + s.Roles[0], Login: s.Login, Password: s.Password, Name: s.Name, IDNo: string(s.ID), Note: c.post(s)})
	}
	return out
}

// spouseBeside is the spouse of a holder, unless the spouse is a holder too: who must agree to the sale of a home that may be
// common property.
func (c *City) spouseBeside(h Holder, holders []Holder) (Holder, bool) {
	p, ok := c.Person(land.IDNumber(h.Document.Number))
	if !ok || p.Spouse == "" {
		return Holder{}, false
	}
	if slices.ContainsFunc(holders, func(o Holder) bool { return o.Document.Number == string(p.Spouse) }) {
		return Holder{}, false
	}
	return Holder{Document: land.Document{Number: string(p.Spouse)}}, true
}

func (c *City) appendCitizen(to []Login, role string, h Holder, note string) []Login {
	a, ok := c.Citizen(land.IDNumber(h.Document.Number))
	if !ok {
		return to
	}
	return append(to, Login{Role: role, Login: a.Login, Password: a.Password, Name: a.Name, IDNo: h.Document.Number, Note: note})
}

// post says in words where a member of staff works.
func (c *City) post(s Staff) string {
	where := "全市"
	if d, ok := land.FindDistrict(s.District); ok {
		where = d.Name
	}
	if b, ok := c.Bank(s.Org); ok {
		where += "，" + b.Name
	}
	return where
}

// dealNote says which contract an account is a party of; where the bureau has no system none was signed online.
func dealNote(k *Contract) string {
	if k.District == DeskDistrict {
		return "自行成交"
	}
	return "网签合同 " + k.Number
}
