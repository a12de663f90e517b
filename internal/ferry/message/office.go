package message

import (
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// Reply is the head of every answer to an Ask. Error is empty, "none" (nothing matches), "slow" (asked too often) or
// "silent" (the department did not answer).
type Reply struct {
	Query uuid.UUID `json:"query"`
	Error string    `json:"error,omitempty"`
}

// HomeReply shows the home with what stands against selling it.
type HomeReply struct {
	Reply
	Home *Home `json:"home,omitempty"`
}

// ContractReply shows the contract and its parties as the housing system has them.
type ContractReply struct {
	Reply
	Contract *Contract     `json:"contract,omitempty"`
	Parties  []Party       `json:"parties,omitempty"`
	Unit     land.UnitCode `json:"unit,omitempty"`
}

// ShareReply brings the shared materials; Missing names the codes that no source has, so that the applicant is asked.
type ShareReply struct {
	Reply
	Materials []Material        `json:"materials,omitempty"`
	Missing   []string          `json:"missing,omitempty"`
	Marriage  map[string]string `json:"marriage,omitempty"` // by person ref
	Spouses   map[string]Owner  `json:"spouses,omitempty"`
	Homes     int               `json:"homes"` // homes of the buyers' family
}

// UtilityReply lists the accounts of a home.
type UtilityReply struct {
	Reply
	Utilities []Utility `json:"utilities,omitempty"`
}

// CaseOpenedBody gives the application its case number.
type CaseOpenedBody struct {
	App  uuid.UUID       `json:"app"`
	Case land.CaseNumber `json:"case"`
	At   time.Time       `json:"at"`
}

// Progress is what a citizen sees of a case: a whole snapshot, so that applying it twice or late does no harm.
type Progress struct {
	App         uuid.UUID       `json:"app"`
	Case        land.CaseNumber `json:"case"`
	Seq         int64           `json:"seq"`   // grows with each snapshot of a case
	State       string          `json:"state"` // running | waiting | done | withdrawn | refused | lapsed
	Stage       int             `json:"stage"` // index of the current one of Nodes
	Nodes       []Node          `json:"nodes"`
	Now         []Waiting       `json:"now"`
	Past        []Happened      `json:"past"`
	PromisedBy  land.Date       `json:"promisedBy,omitempty"`
	CanWithdraw bool            `json:"canWithdraw"`
	NeedsVisit  bool            `json:"needsVisit"` // originals are to be shown at a counter
	Trust       *TrustView      `json:"trust,omitempty"`
}

// Node is one of the seven stages 申请 受理 审核 缴税 登簿 制证 领证.
type Node struct {
	Name string    `json:"name"`
	At   time.Time `json:"at,omitzero"`
}

// Waiting says what the case waits for, since when, until when, and who can end it.
type Waiting struct {
	What   string    `json:"what"`
	Holder string    `json:"holder"`           // department or party, in words
	Mine   string    `json:"mine,omitempty"`   // party ref when a party has to act
	Action string    `json:"action,omitempty"` // fix | tax | pay | book | none
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"`
}

// Happened is a line of the history in a citizen's words.
type Happened struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// TrustView shows the money in trust.
type TrustView struct {
	Agreement string      `json:"agreement"`
	Account   string      `json:"account"`
	Held      land.Fen    `json:"held"`
	Moves     []TrustMove `json:"moves"`
}

// TrustMove is one movement in or out.
type TrustMove struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	In   land.Fen  `json:"in,omitempty"`
	Out  land.Fen  `json:"out,omitempty"`
}

// CorrectionAsk names the materials that are wrong, why, and until when; nothing else is asked again.
type CorrectionAsk struct {
	App        uuid.UUID           `json:"app"`
	Case       land.CaseNumber     `json:"case"`
	Correction uuid.UUID           `json:"correction"`
	Department string              `json:"department"`
	Requests   []CorrectionRequest `json:"requests"`
	Opinion    string              `json:"opinion,omitempty"`
	Until      time.Time           `json:"until"`
}

// CorrectionRequest asks for one material.
type CorrectionRequest struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
	How    string `json:"how,omitempty"`
	Law    string `json:"law,omitempty"`
}

// CorrectionClosedBody says that a correction is no longer wanted.
type CorrectionClosedBody struct {
	App        uuid.UUID `json:"app"`
	Correction uuid.UUID `json:"correction"`
	Why        string    `json:"why"` // received | lapsed | ended
}

// Assessment is the tax as the tax office assessed it, beside our estimate.
type Assessment struct {
	App        uuid.UUID `json:"app"`
	Number     string    `json:"number"`
	Round      int       `json:"round"`
	Lines      []TaxLine `json:"lines"`
	Total      land.Fen  `json:"total"`
	Until      time.Time `json:"until"`
	CanDispute bool      `json:"canDispute"`
}

// TaxLine is one tax with its base, rate and reason.
type TaxLine struct {
	Tax      string   `json:"tax"`
	Payer    Role     `json:"payer"`
	Base     land.Fen `json:"base"`
	Rate     string   `json:"rate"`
	Amount   land.Fen `json:"amount"`
	Estimate land.Fen `json:"estimate"`
	Why      string   `json:"why"`
}

// Bill is what one payer owes, line by line.
type Bill struct {
	ID    uuid.UUID       `json:"id"`
	App   uuid.UUID       `json:"app"`
	Case  land.CaseNumber `json:"case"`
	Kind  string          `json:"kind"`  // tax-fee | trust
	Payer string          `json:"payer"` // party ref
	Lines []BillLine      `json:"lines"`
	Total land.Fen        `json:"total"`
	Until time.Time       `json:"until"`
}

// BillLine is one amount with where it goes.
type BillLine struct {
	Name   string   `json:"name"`
	Amount land.Fen `json:"amount"`
	Why    string   `json:"why,omitempty"`
}

// BillClosedBody ends a bill: paid, expired, cancelled.
type BillClosedBody struct {
	Bill  uuid.UUID `json:"bill"`
	State string    `json:"state"`
}

// Refund orders money back by the way it came.
type Refund struct {
	ID     uuid.UUID `json:"id"`
	App    uuid.UUID `json:"app"`
	Bill   uuid.UUID `json:"bill"`
	Order  uuid.UUID `json:"order"`
	Amount land.Fen  `json:"amount"`
	Reason string    `json:"reason"`
}

// Document is a paper of the case. Its PDF travels as a blob.
type Document struct {
	Code     string    `json:"code"` // verification code of its QR
	App      uuid.UUID `json:"app"`
	Kind     string    `json:"kind"`
	Title    string    `json:"title"`
	Number   string    `json:"number"`
	Issuer   string    `json:"issuer,omitempty"`
	Holder   string    `json:"holder"`  // full names joined by 、, kept as an index only; used to verify by number and name
	Parties  []string  `json:"parties"` // party refs that may see it; empty: all
	Digest   string    `json:"digest"`
	Size     int64     `json:"size"`
	IssuedAt time.Time `json:"issuedAt"`
	State    string    `json:"state"`            // valid | superseded | cancelled
	Reason   string    `json:"reason,omitempty"` // why it no longer holds, for the public
}

// Notice is a message to one party, in the inbox and by the channels that it names.
type Notice struct {
	ID     uuid.UUID         `json:"id"`
	App    uuid.UUID         `json:"app"`
	Party  string            `json:"party"`
	Kind   string            `json:"kind"` // id of the template: sms.accepted …
	Args   map[string]string `json:"args"`
	SMS    bool              `json:"sms"`
	Action string            `json:"action,omitempty"`
	Phone  string            `json:"phone,omitempty"` // of a party to an application that the hall does not know
}

// ParcelOrder asks the hall, which stands on the Internet, to order EMS.
type ParcelOrder struct {
	Order   uuid.UUID       `json:"order"`
	App     uuid.UUID       `json:"app"`
	Case    land.CaseNumber `json:"case"`
	Name    string          `json:"name"`
	Phone   string          `json:"phone"`
	Address string          `json:"address"`
}
