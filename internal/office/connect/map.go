package connect

import (
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

func personOf(name string, d land.Document) spec.Person {
	return spec.Person{Name: name, DocumentKind: spec.DocumentKind(d.Kind), DocumentNumber: d.Number}
}

func persons(parties []message.Party) []spec.Person {
	out := make([]spec.Person, 0, len(parties))
	for _, p := range parties {
		out = append(out, personOf(p.Name, p.Document))
	}
	return out
}

func partyOf(p message.Party) spec.Party {
	out := spec.Party{Role: spec.PartyRole(p.Role), Name: p.Name, DocumentKind: spec.DocumentKind(p.Document.Kind), DocumentNumber: p.Document.Number,
		Phone: p.Phone, Share: p.Share.String()}
	if a := representative(p); a != nil {
		out.Representative = personOf(a.Name, a.Document)
	}
	return out
}

func representative(p message.Party) *message.Agent {
	if p.Guardian != nil {
		return p.Guardian
	}
	return p.Agent
}

func parties(list []message.Party) []spec.Party {
	out := make([]spec.Party, 0, len(list))
	for _, p := range list {
		out = append(out, partyOf(p))
	}
	return out
}

// owners are the documents of everybody who applies on the owners' side.
func owners(c *casework.Case) []land.Document {
	var out []land.Document
	for _, p := range c.App.Givers() {
		out = append(out, p.Document)
	}
	return out
}

func unitOf(h message.Home) spec.Unit {
	return spec.Unit{UnitCode: string(h.UnitCode), HouseCode: string(h.HouseCode), District: h.District, Address: h.Address,
		Area: h.Area.String(), Use: useOf(h.Use), Floor: h.Floor}
}

// useOf finds the code of a use by its label, as the register printed it.
func useOf(label string) spec.HouseUse {
	for _, u := range land.HouseUses() {
		if u.Label() == label {
			return spec.HouseUse(u)
		}
	}
	return spec.HouseUseOther
}

func contractOf(c *casework.Case) spec.SaleContract {
	app := c.App
	return spec.SaleContract{ContractNo: contractNo(c), Kind: spec.ContractKindExisting, State: spec.ContractStateSigned,
		UnitCode: string(app.Home.UnitCode), HouseCode: string(app.Home.HouseCode), Address: app.Home.Address, Area: app.Home.Area.String(),
		Use: useOf(app.Home.Use), CertificateNo: string(app.Home.Certificate), Price: int64(app.Contract.Price),
		SignedOn: string(app.Contract.SignedOn), HandoverOn: string(app.Contract.HandOver), DownPayment: int64(app.Trust.DownPayment),
		Loan: int64(app.Loan.Total()), LoanKinds: loanKinds(app.Loan), Trusteed: true,
		Sellers: parties(app.PartiesOf(message.Seller)), Buyers: parties(app.PartiesOf(message.Buyer))}
}

func loanKinds(l message.Loan) []spec.LoanKind {
	var out []spec.LoanKind
	for _, p := range l.Parts {
		out = append(out, spec.LoanKind(p.Kind))
	}
	return out
}

// contractNo is the number at the housing system, or our own for parties who deal by themselves (自行成交).
func contractNo(c *casework.Case) string {
	switch {
	case c.Facts.ContractNo != "":
		return c.Facts.ContractNo
	case c.App.Contract.Number != "":
		return c.App.Contract.Number
	case !c.App.Transfers() && len(c.Facts.Loans) > 0:
		return c.Facts.Loans[0].MortgageContract
	}
	return "YC" + string(c.No)
}

func marriageOf(state string) spec.Marriage {
	switch state {
	case "single":
		return spec.MarriageUnmarried
	case "married":
		return spec.MarriageMarried
	case "divorced":
		return spec.MarriageDivorced
	case "widowed":
		return spec.MarriageWidowed
	}
	return spec.MarriageUnknown
}

// marriageState is the other way round, in the words of the application.
func marriageState(s spec.MarriageState) string {
	switch s {
	case spec.MarriageStateUnmarried:
		return "single"
	case spec.MarriageStateMarried:
		return "married"
	case spec.MarriageStateDivorced:
		return "divorced"
	case spec.MarriageStateWidowed:
		return "widowed"
	}
	return "unknown"
}

// reviewed turns the common verdict of departments into a result.
func reviewed(r spec.Review) casework.Result {
	out := casework.Result{Data: map[string]any{"outcome": string(r.Outcome)}, Opinion: r.Opinion}
	for _, q := range r.Requests {
		out.Requests = append(out.Requests, casework.Request{Code: q.MaterialCode, Reason: q.Reason})
	}
	return out
}

func optionalTime(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
