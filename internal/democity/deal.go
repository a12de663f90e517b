package democity

import "yichuang/internal/land"

// Contract is a sale contract signed online (网签) and kept by the housing system of its district.
type Contract struct {
	Number       string // "2611-00871"
	District     string
	Unit         land.UnitCode
	Cert         land.CertNumber
	Sellers      []Holder   // all holders of the title
	Buyers       []Holder   // with the shares they take
	CoOwn        land.CoOwn // of the buyers
	SellersCoOwn land.CoOwn
	Price        land.Fen
	Down         land.Fen // down payment, to be held in trust
	SignedOn     land.Date
	PayBy        land.Date
	HandOver     land.Date
	Agency       string // name; empty when the parties deal by themselves (自行成交)
	AgencyCode   land.CreditCode
	Bank         string // trust bank
	Loan         []LoanPart
	Payout       Account // where the seller wants the price
	Note         string  // what the pair is an example of
}

// LoanPart is one lender's part of the price.
type LoanPart struct {
	Kind   string // commercial | fund
	Lender string // code of Bank, or "gjj" for the provident fund
	Amount land.Fen
	Months int
}

// Account is a bank account of a person.
type Account struct {
	Holder string
	Bank   string // code
	Number string
}

// Utility is an account of a home at one of the four utilities.
type Utility struct {
	Unit     land.UnitCode
	Kind     string // water | power | gas | tv
	Provider string
	Number   string
	Holder   string
	Arrears  land.Fen
}

// Bank is a trust bank and lender with its branches.
type Bank struct {
	Code     string
	Name     string
	Credit   land.CreditCode
	Branches []Branch
}

// Branch is an office of a bank.
type Branch struct {
	Code     string // bank and district: "fcyh-321202"
	Name     string
	District string
	Address  string
}
