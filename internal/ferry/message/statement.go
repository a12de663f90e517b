package message

import (
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// StatementAsk asks the hall for what a payment channel booked on a day.
type StatementAsk struct {
	Channel string    `json:"channel"` // wechat | alipay | unionpay
	Day     land.Date `json:"day"`     // of Beijing
}

// Statement is one part of a channel's statement of a day: at most StatementPart lines. A day without any line has one empty part.
type Statement struct {
	Channel string          `json:"channel"`
	Day     land.Date       `json:"day"`
	Part    int             `json:"part"` // from 1
	Parts   int             `json:"parts"`
	Lines   []StatementLine `json:"lines,omitempty"`
}

// StatementPart is how many lines a part holds at most.
const StatementPart = 1000

// StatementLine is money that the channel collected or gave back.
type StatementLine struct {
	Order     uuid.UUID `json:"order"`     // ours; zero where the channel names one that cannot be ours
	Reference string    `json:"reference"` // the channel's transaction, of a refund that of the refund
	Refund    bool      `json:"refund,omitempty"`
	Amount    land.Fen  `json:"amount"` // above zero
	At        time.Time `json:"at"`
}
