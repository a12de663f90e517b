package democity

import (
	"time"

	"yichuang/internal/land"
)

// Holder is who has a right, or a part of it.
type Holder struct {
	Name     string
	Document land.Document
	Share    land.Share // whole for a sole or common (共同) holder
	Cert     land.CertNumber
	Phone    string
}

// Title is ownership of a unit, present or past.
type Title struct {
	Unit    land.UnitCode
	Kind    land.RightKind
	Holders []Holder
	CoOwn   land.CoOwn
	Reason  string // 登记原因: 首次登记, 商品房买卖, 存量房买卖, 继承 …
	Price   land.Fen
	DeedTax land.Date // day of the deed-tax receipt; may be earlier than the entry
	On      land.Date // day of the entry
	Ended   land.Date // day it became history; empty for the present one
}

// Cert is the certificate number of the first holder; empty for a developer's first registration.
func (t *Title) Cert() land.CertNumber { return t.Holders[0].Cert }

// Present reports whether the title is the current one.
func (t *Title) Present() bool { return t.Ended == "" }

// Mortgage secures a loan by a unit.
type Mortgage struct {
	Unit       land.UnitCode
	Proof      land.CertNumber
	Bank       string // code of Bank
	Mortgagee  Holder
	Debtor     string
	Kind       land.MortgageKind
	Claim      land.Fen
	From, To   land.Date // term of the debt
	On         land.Date // day of the entry; ranks the mortgages of a unit
	Restricted bool      // transfer needs the mortgagee's consent (SFCZJZHXZ)
}

// Seizure is a court's order on a unit. Queue 0 is in force; 1, 2 … wait in the order of service.
type Seizure struct {
	Unit   land.UnitCode
	Court  string
	Order  string // number of the ruling
	Notice string // number of the assistance notice
	Target string // whose unit
	Served time.Time
	From   land.Date // empty while it waits
	To     land.Date
	Queue  int
	Months int // term that the court set
}

// Objection is 异议登记: it warns and lapses 15 days after its entry without a suit.
type Objection struct {
	Unit      land.UnitCode
	Proof     land.CertNumber
	Applicant Holder
	Reason    string
	On, Until land.Date
}

// Advance is 预告登记: while it holds, no disposal without the holder's consent.
type Advance struct {
	Unit   land.UnitCode
	Proof  land.CertNumber
	Kind   land.AdvanceKind
	Holder Holder
	Price  land.Fen
	On     land.Date
}
