package register

import (
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// Page is all that the book says of one unit.
type Page struct {
	Unit        Unit
	Building    *Building // nil for land
	Parcel      Parcel
	Title       *Title // nil when nobody owns the unit
	Past        []Title
	Mortgages   []Mortgage // in the order of their rank; ended ones too
	Seizures    []Seizure  // in the order of service; ended ones too
	Objections  []Objection
	Advances    []Advance
	Reservation *Reservation // of the case that disposes of the unit, if it has not run out
	History     []Line
	AsOf        time.Time
}

// Parcel is the ground.
type Parcel struct {
	Code, Name, Address, Use, Nature string
	Area                             land.Area
	From, To                         land.Date
}

// Building stands on a parcel.
type Building struct {
	Code, Name, Address string
	Floors              int
	Built               land.Date
	Structure           land.Structure
	Area                land.Area
}

// Unit is what rights are in. Version grows with each entry.
type Unit struct {
	Code                    land.UnitCode
	House                   land.HouseCode
	Address, Room, Layout   string
	Entrance, Floor, Floors int
	Area, Inner, Shared     land.Area
	Use                     land.HouseUse
	Structure               land.Structure
	Nature                  string
	Built                   land.Date
	Version                 int64
}

// Party is a person or organisation as it stands in the book.
type Party struct {
	ID       uuid.UUID // set when read; ignored when written
	Name     string
	Document land.Document
}

// Holder has a title, or a share of it.
type Holder struct {
	Party
	Share       land.Share
	Certificate land.CertNumber
	Phone       string
}

// Title is ownership of a unit.
type Title struct {
	ID        uuid.UUID
	Kind      land.RightKind
	RegType   land.RegType
	Reason    string
	CoOwn     land.CoOwn
	Holders   []Holder
	Price     land.Fen  // 0 when not told
	TaxedOn   land.Date // of the deed-tax receipt
	EnteredAt time.Time
	State     land.RightState
	EndedAt   time.Time // zero for the current one
}

// Since is from when the holder counts as such for taxes: the earlier of entry and deed-tax receipt.
func (t *Title) Since() land.Date {
	entered := land.DateOf(t.EnteredAt)
	if t.TaxedOn != "" && t.TaxedOn < entered {
		return t.TaxedOn
	}
	return entered
}

// Certificate is the number of the first holder's certificate.
func (t *Title) Certificate() land.CertNumber {
	if len(t.Holders) == 0 {
		return ""
	}
	return t.Holders[0].Certificate
}

// Mortgage secures a claim by the unit.
type Mortgage struct {
	ID          uuid.UUID
	Kind        land.MortgageKind
	Mortgagee   Party
	Debtor      string
	Claim       land.Fen
	From, To    land.Date
	Scope       string
	Restricted  bool // transfer needs the mortgagee's consent
	Certificate land.CertNumber
	Rank        int // 1 is first; 0 when ended
	EnteredAt   time.Time
	EndedAt     time.Time // zero while it runs
}

// Running reports whether the mortgage has not been discharged.
func (m *Mortgage) Running() bool { return m.EndedAt.IsZero() }

// States of a seizure.
const (
	SeizureActive = "active"
	SeizureQueued = "queued"
	SeizureLifted = "lifted"
	SeizureLapsed = "lapsed"
)

// Seizure is an order of a court or another body on the unit.
type Seizure struct {
	ID       uuid.UUID
	Kind     land.SeizureKind
	Body     string // court, procuratorate, police …
	Court    string
	OrderNo  string
	NoticeNo string
	Target   string
	Served   time.Time // to the minute
	Months   int
	From, To land.Date // empty while it waits
	State    string
	Position int // 0 in force, 1 the next in the queue …
	EndedAt  time.Time
	LiftedBy string
}

// Live reports whether the seizure is in force or waits for an earlier one to end.
func (s *Seizure) Live() bool { return s.State == SeizureActive || s.State == SeizureQueued }

// Objection is 异议登记.
type Objection struct {
	ID          uuid.UUID
	Applicant   Party
	Reason      string
	Certificate land.CertNumber
	LapsesOn    land.Date // last day, unless a suit is shown
	Suit        string
	EnteredAt   time.Time
	State       string // active | lapsed | withdrawn
}

// Advance is 预告登记.
type Advance struct {
	ID          uuid.UUID
	Kind        land.AdvanceKind
	Holder      Party
	Price       land.Fen
	Certificate land.CertNumber
	DueFrom     land.Date // when registration could be sought; empty: not yet
	EnteredAt   time.Time
	State       string // active | lapsed | fulfilled | cancelled
}

// Reservation keeps other disposing cases away.
type Reservation struct {
	Case  uuid.UUID
	Since time.Time
	Until time.Time
}

// Line is an entry of the history.
type Line struct {
	No      int64
	At      time.Time
	Act     string
	RegType land.RegType
	Case    land.CaseNumber
	Source  string
	By      string
	Note    string
}

// Running lists the mortgages that have not been discharged, by rank.
func (p *Page) Running() []Mortgage {
	var out []Mortgage
	for _, m := range p.Mortgages {
		if m.Running() {
			out = append(out, m)
		}
	}
	return out
}

// Seizure returns the seizure in force; nil when the unit is free of any.
func (p *Page) Seizure() *Seizure {
	for i := range p.Seizures {
		if p.Seizures[i].State == SeizureActive {
			return &p.Seizures[i]
		}
	}
	return nil
}
