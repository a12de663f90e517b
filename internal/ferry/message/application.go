package message

import (
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// Application is the one form (一表制): everything that housing, tax, trust bank, lender, registry and utilities need
// for one deal on one home, asked once.
type Application struct {
	ID          uuid.UUID      `json:"id"`
	Item        string         `json:"item"` // catalog code
	ItemVersion int            `json:"itemVersion"`
	Channel     Channel        `json:"channel"`
	Applicant   string         `json:"applicant"` // Ref of the party who started it
	Home        Home           `json:"home"`
	Contract    Contract       `json:"contract"`
	Parties     []Party        `json:"parties"`
	Tax         TaxSituation   `json:"tax"`
	Trust       Trust          `json:"trust"`
	Loan        Loan           `json:"loan"`
	Utilities   []Utility      `json:"utilities"`
	Materials   []Material     `json:"materials"`
	Delivery    Delivery       `json:"delivery"`
	Consents    []Consent      `json:"consents"`
	Confirmed   []Confirmation `json:"confirmed"`
}

// Channel says where the application was made.
type Channel string

// The channels of one process.
const (
	Online  Channel = "hall"
	Counter Channel = "counter"
	Lender  Channel = "lender" // a lender's own system; the hall does not know of it
)

// Home is the real-estate unit as the register showed it when it was asked.
type Home struct {
	UnitCode    land.UnitCode   `json:"unitCode"`
	HouseCode   land.HouseCode  `json:"houseCode,omitempty"`
	Certificate land.CertNumber `json:"certificate"`
	District    string          `json:"district"` // GB/T 2260, six digits
	Address     string          `json:"address"`
	Area        land.Area       `json:"area"`
	Use         string          `json:"use"` // label of land.HouseUse
	Floor       string          `json:"floor,omitempty"`
	CoOwn       land.CoOwn      `json:"coOwn"`
	Owners      []Owner         `json:"owners"`
	HeldSince   land.Date       `json:"heldSince"` // registration date of the present title
	Obstacles   []Obstacle      `json:"obstacles,omitempty"`
}

// Owner is a holder of the present title.
type Owner struct {
	Name     string        `json:"name"`
	Document land.Document `json:"document"`
	Share    land.Share    `json:"share"`
}

// Obstacle is a reason for which the home may not be sold, or only with something more.
type Obstacle struct {
	Code   string `json:"code"`   // stable, for example "seized", "mortgaged", "reserved"
	Text   string `json:"text"`   // sentence for the user
	Blocks bool   `json:"blocks"` // false: shown, does not stop
}

// Contract is the sale contract, imported from the housing system by its number or filled in.
type Contract struct {
	Number   string    `json:"number,omitempty"` // 网签合同号; empty when the parties deal by themselves (自行成交)
	Imported bool      `json:"imported"`
	Price    land.Fen  `json:"price"`
	SignedOn land.Date `json:"signedOn"`
	PayBy    land.Date `json:"payBy"`
	HandOver land.Date `json:"handOver"`
	Agency   string    `json:"agency,omitempty"`
}

// Role of a party in the deal.
type Role string

// Roles of natural or legal persons.
const (
	Seller    Role = "seller"
	Buyer     Role = "buyer"
	Mortgagor Role = "mortgagor" // owns the home and mortgages it
	Mortgagee Role = "mortgagee" // lends against it
)

// Party is a party to the deal with everything the departments ask of them.
type Party struct {
	Ref      string        `json:"ref"` // stable within the application: "s1", "b2"
	Role     Role          `json:"role"`
	Name     string        `json:"name"`
	Document land.Document `json:"document"`
	Phone    string        `json:"phone"`
	Marriage string        `json:"marriage"` // single | married | divorced | widowed | unknown
	Spouse   *Owner        `json:"spouse,omitempty"`
	Share    land.Share    `json:"share"` // buyers: what they take; sellers: what they hold
	Agent    *Agent        `json:"agent,omitempty"`
	Guardian *Agent        `json:"guardian,omitempty"`
}

// Agent acts for a party: an agent by authorisation, or the guardian of a minor.
type Agent struct {
	Name     string        `json:"name"`
	Document land.Document `json:"document"`
	Phone    string        `json:"phone"`
}

// TaxSituation is what the tax office needs to know and sharing may not tell.
type TaxSituation struct {
	BuyerHomes     int       `json:"buyerHomes"` // homes of the buyer's family before this one
	SellerOnlyHome bool      `json:"sellerOnlyHome"`
	HeldSince      land.Date `json:"heldSince"` // earlier of title date and deed-tax receipt
	CostKnown      bool      `json:"costKnown"`
	Cost           land.Fen  `json:"cost,omitempty"`
	Relief         string    `json:"relief,omitempty"` // preset case of relief, catalog code
}

// Trust is the agreement to hold the price until the book is changed (资金托管).
type Trust struct {
	Bank          string   `json:"bank"` // bank code
	BankName      string   `json:"bankName"`
	DownPayment   land.Fen `json:"downPayment"`
	SellerName    string   `json:"sellerName"` // holder of the account that is paid out to
	SellerBank    string   `json:"sellerBank"`
	SellerAccount string   `json:"sellerAccount"`
	Release       string   `json:"release"` // entered | handed-over
}

// Loan is what lenders finance; no parts means no loan.
type Loan struct {
	Kind  string     `json:"kind"` // none | commercial | fund | mixed (组合贷)
	Parts []LoanPart `json:"parts,omitempty"`
	// Proofs says that the lender wants statements of account and a credit report, which the buyers upload.
	Proofs bool `json:"proofs,omitempty"`
	// Debtors are named where they are not the buyers.
	Debtors []Owner `json:"debtors,omitempty"`
}

// Total is the sum of all parts.
func (l Loan) Total() land.Fen {
	var sum land.Fen
	for _, p := range l.Parts {
		sum += p.Amount
	}
	return sum
}

// LoanPart is one lender's part. The commercial part is evaluated by the bank, the fund's by the guarantee company.
type LoanPart struct {
	Kind       string   `json:"kind"` // commercial | fund
	Lender     string   `json:"lender"`
	LenderName string   `json:"lenderName"`
	LenderDoc  string   `json:"lenderDoc"` // unified social credit code
	Amount     land.Fen `json:"amount"`
	Months     int      `json:"months"`
	Repay      string   `json:"repay"` // annuity | linear
}

// Utility is one of the four accounts that change hands with the home.
type Utility struct {
	Kind     string    `json:"kind"` // water | power | gas | tv
	Provider string    `json:"provider"`
	Account  string    `json:"account"`
	Action   string    `json:"action"` // transfer | keep | new
	Arrears  land.Fen  `json:"arrears"`
	AsOf     time.Time `json:"asOf"`
	Silent   bool      `json:"silent"` // the provider did not answer; settled later
}

// Material is one piece of evidence: fetched by sharing, uploaded, or made by the system.
type Material struct {
	Code    string    `json:"code"` // M-xx of the catalog
	Party   string    `json:"party,omitempty"`
	Source  string    `json:"source"` // shared | upload | system
	From    string    `json:"from,omitempty"`
	At      time.Time `json:"at"`
	Summary string    `json:"summary,omitempty"` // what the shared record says, for a person
	Files   []File    `json:"files,omitempty"`
}

// File is a stored scan; the bytes travel as an encrypted blob of the same digest.
type File struct {
	Digest string `json:"digest"` // SM3 of the plain bytes, hex
	Name   string `json:"name"`
	Mime   string `json:"mime"`
	Size   int64  `json:"size"`
	Pages  int    `json:"pages"`
}

// Delivery says how the certificates come.
type Delivery struct {
	Mode    string `json:"mode"` // ems | pickup
	Name    string `json:"name,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Address string `json:"address,omitempty"`
	Hall    string `json:"hall,omitempty"`
}

// Consent allows one fetch of shared data for this application only.
type Consent struct {
	Party  string    `json:"party"`
	Source string    `json:"source"` // police | civil-affairs | registry | housing
	At     time.Time `json:"at"`
}

// Confirmation is a party's signed agreement with contract, trust agreement and application.
type Confirmation struct {
	Party string    `json:"party"`
	At    time.Time `json:"at"`
	Seal  string    `json:"seal"` // SM2 signature of the hall over the digest of what was confirmed
	Face  bool      `json:"face"` // a face check preceded it
}

// Transfers tells whether the home changes hands; otherwise its owners mortgage what they keep.
func (a *Application) Transfers() bool { return len(a.PartiesOf(Buyer)) > 0 }

// Givers are those who hold the home now and dispose of it: sellers, or owners who mortgage it.
func (a *Application) Givers() []Party { return append(a.PartiesOf(Seller), a.PartiesOf(Mortgagor)...) }

// Takers are those who get a right: buyers, or a mortgagee.
func (a *Application) Takers() []Party {
	return append(a.PartiesOf(Buyer), a.PartiesOf(Mortgagee)...)
}

// Mortgagors hold the home when a mortgage is entered: buyers, or owners who mortgage it.
func (a *Application) Mortgagors() []Party {
	return append(a.PartiesOf(Buyer), a.PartiesOf(Mortgagor)...)
}

// Debtors owe what is lent: who the loan says, else the buyers.
func (a *Application) Debtors() []Owner {
	if len(a.Loan.Debtors) > 0 {
		return a.Loan.Debtors
	}
	var out []Owner
	for _, p := range a.PartiesOf(Buyer) {
		out = append(out, Owner{Name: p.Name, Document: p.Document})
	}
	return out
}

// PartiesOf returns the parties of one role in their order.
func (a *Application) PartiesOf(r Role) []Party {
	var out []Party
	for _, p := range a.Parties {
		if p.Role == r {
			out = append(out, p)
		}
	}
	return out
}

// Party finds a party by its reference.
func (a *Application) Party(ref string) (*Party, bool) {
	for i := range a.Parties {
		if a.Parties[i].Ref == ref {
			return &a.Parties[i], true
		}
	}
	return nil, false
}

// Blobs lists the digests of every stored file of the application, each once.
func (a *Application) Blobs() []string {
	seen := map[string]bool{}
	var out []string
	for _, m := range a.Materials {
		for _, f := range m.Files {
			if !seen[f.Digest] {
				seen[f.Digest] = true
				out = append(out, f.Digest)
			}
		}
	}
	return out
}
