package democity

import "yichuang/internal/land"

// Marital states, as civil affairs answers.
const (
	Single   = "single"
	Married  = "married"
	Divorced = "divorced"
	Widowed  = "widowed"
	Deceased = "deceased"
)

// Person lives in the city.
type Person struct {
	ID        land.IDNumber
	Name      string
	Female    bool
	Birth     land.Date
	Phone     string // empty for children
	District  string
	Household string // number of the household book
	Marriage  string
	Spouse    land.IDNumber // empty unless married
	Address   string
}

// Document is the person's identity card.
func (p *Person) Document() land.Document {
	return land.Document{Kind: land.DocIDCard, Number: string(p.ID)}
}

// Household is a page of the police's household register (户口簿).
type Household struct {
	Number   string
	District string
	Address  string
	Members  []Member // the head is first
}

// Member is one person of a household.
type Member struct {
	ID       land.IDNumber
	Relation string // to the head: 户主, 妻, 夫, 子, 女
}

// Marriage is a record of civil affairs.
type Marriage struct {
	Number   string // of the marriage certificate
	District string
	Husband  land.IDNumber
	Wife     land.IDNumber
	On       land.Date
	Ended    land.Date // divorce or death; empty while it lasts
	Divorce  string    // number of the divorce certificate
	// OnFile says that the record is in the shared database. Old ones on paper are not: the pair has to show the certificate.
	OnFile bool
}

// Company is an organisation with a unified social credit code.
type Company struct {
	Code     land.CreditCode
	Name     string
	Kind     string // developer | agency | owner | guarantee | fund
	District string
	Address  string
	Phone    string
	Legal    land.IDNumber // legal representative
	Small    bool          // small or micro enterprise: no registration fee
	Licence  string        // agency's filing number at housing
}

// Document is the company's licence.
func (c *Company) Document() land.Document {
	return land.Document{Kind: land.DocLicence, Number: string(c.Code)}
}
