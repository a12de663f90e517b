package message

import (
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// Ask carries a query and names its asker; the reply repeats Query.
type Ask struct {
	Query uuid.UUID `json:"query"`
	By    string    `json:"by"` // account id of the asker, for the audit record
	App   uuid.UUID `json:"app"`
}

// HomeQueryBody is the exact query of a home: all three must match one current title.
type HomeQueryBody struct {
	Ask
	Certificate land.CertNumber `json:"certificate"`
	OwnerName   string          `json:"ownerName"`
	Document    string          `json:"document"`
}

// ContractQueryBody asks the housing system of a district for a contract by its number.
type ContractQueryBody struct {
	Ask
	District string        `json:"district"`
	Unit     land.UnitCode `json:"unit"`
	Number   string        `json:"number"`
}

// ShareQueryBody asks for what departments already hold, each with the person's consent.
type ShareQueryBody struct {
	Ask
	District string        `json:"district"`
	Persons  []Person      `json:"persons"`
	Codes    []string      `json:"codes"` // material codes wanted
	Unit     land.UnitCode `json:"unit"`
}

// Person is who a query speaks of.
type Person struct {
	Ref      string        `json:"ref"`
	Name     string        `json:"name"`
	Document land.Document `json:"document"`
}

// UtilityQueryBody asks the four utilities for the accounts of a home and what is owed.
type UtilityQueryBody struct {
	Ask
	District string        `json:"district"`
	Unit     land.UnitCode `json:"unit"`
	Address  string        `json:"address"`
}

// Submitted is an application that all parties confirmed.
type Submitted struct {
	Application Application `json:"application"`
	At          time.Time   `json:"at"`
}

// Withdrawn ends a case before the entry in the book (Interim Regulations art. 15).
type Withdrawn struct {
	App    uuid.UUID `json:"app"`
	Reason string    `json:"reason"`
	By     string    `json:"by"` // party refs, comma-separated: all applicants together after submission
	At     time.Time `json:"at"`
}

// CorrectionReply brings what a reviewer asked for.
type CorrectionReply struct {
	App        uuid.UUID  `json:"app"`
	Correction uuid.UUID  `json:"correction"`
	Materials  []Material `json:"materials"`
	Note       string     `json:"note,omitempty"`
	At         time.Time  `json:"at"`
}

// TaxDecision confirms the assessed tax or disputes it with evidence.
type TaxDecision struct {
	App        uuid.UUID  `json:"app"`
	Assessment string     `json:"assessment"` // the tax office's number
	Round      int        `json:"round"`
	By         string     `json:"by"` // party ref
	Reason     string     `json:"reason,omitempty"`
	Evidence   []Material `json:"evidence,omitempty"`
	At         time.Time  `json:"at"`
}

// Payment tells the office that a channel confirmed money for a bill.
type Payment struct {
	App       uuid.UUID `json:"app"`
	Bill      uuid.UUID `json:"bill"`
	Order     uuid.UUID `json:"order"`
	Channel   string    `json:"channel"`   // wechat | alipay | unionpay
	Reference string    `json:"reference"` // the channel's transaction number
	Amount    land.Fen  `json:"amount"`
	PaidAt    time.Time `json:"paidAt"`
}

// RefundResult answers a Refund.
type RefundResult struct {
	Refund    uuid.UUID `json:"refund"`
	Reference string    `json:"reference"`
	Amount    land.Fen  `json:"amount"`
	At        time.Time `json:"at"`
}

// Booking is a visit at a hall; Ready is the case it is for, if any.
type Booking struct {
	ID       uuid.UUID     `json:"id"`
	App      uuid.UUID     `json:"app"`
	Hall     string        `json:"hall"`
	Day      land.Date     `json:"day"`
	Slot     string        `json:"slot"` // "09:00-09:30"
	Code     string        `json:"code"`
	Name     string        `json:"name"`
	Document land.Document `json:"document"`
}

// Parcel reports a shipment's label and its way.
type Parcel struct {
	App   uuid.UUID `json:"app"`
	Order uuid.UUID `json:"order"`
	Label string    `json:"label"` // EMS number
	State string    `json:"state"` // posted | moving | signed
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
}
