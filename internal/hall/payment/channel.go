package payment

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/land"
)

// Channel is one way for people to pay. All its methods may be repeated: a channel does the same order, closing or refund once.
type Channel interface {
	// Code is the channel's name in forms, rows and messages: "wechat".
	Code() string
	// Title is what people call it.
	Title() string
	// Create asks the channel for the order and tells where the payer goes. Error: ErrGone when it is closed or paid already.
	Create(ctx context.Context, o Order, by Payer) (Way, error)
	// Query asks what became of the order.
	Query(ctx context.Context, o Order) (Status, error)
	// Close ends an order that nobody paid. Errors: ErrPaid when somebody did, ErrStays when the channel cannot end it before
	// its time.
	Close(ctx context.Context, o Order) error
	// Refund sends money back by the way it came. Asked again with the same number it tells how far the refund is.
	Refund(ctx context.Context, r Refund) (Refunded, error)
	// Statement reads all that the channel's own book says of a day (Beijing time). Errors: statement.ErrNotReady,
	// statement.ErrNone, statement.ErrBad; then nothing of it may be used.
	Statement(ctx context.Context, day land.Date) ([]statement.Line, error)
	// Notification reads what the channel posts to us. Error: ErrForged when it is not the channel's own word.
	Notification(r *http.Request) (Notification, error)
	// Acknowledge answers a notification in the words that the channel expects: taken, or to be sent again.
	Acknowledge(w http.ResponseWriter, taken bool)
	// Origin is where forms of ours lead, as a source of the content security policy: the gateway and the cashiers that it
	// redirects to, because browsers check each step.
	Origin() string
}

// What channels refuse.
var (
	ErrForged = errors.New("payment: not the channel's own word")
	ErrGone   = errors.New("payment: the order is closed or paid at the channel")
	ErrPaid   = errors.New("payment: the order is paid")
	ErrStays  = errors.New("payment: the order cannot be ended before its time")
)

// Order is what a channel is asked to collect.
type Order struct {
	ID      uuid.UUID
	Subject string // shown to the payer; no personal data
	Amount  land.Fen
	Created time.Time
	Expires time.Time
	Notify  string // address for notifications
	Return  string // page of ours that the payer comes back to
	Back    string // the same for channels whose payers come back by a form of the channel
}

// Number is the order's number at the channels: 32 letters and digits, which all of them take.
func (o Order) Number() string { return number(o.ID) }

func number(id uuid.UUID) string { return hex.EncodeToString(id[:]) }

// orderID reads Number back.
func orderID(number string) (uuid.UUID, error) {
	if len(number) != 32 {
		return uuid.Nil, errUnknown
	}
	return uuid.Parse(number)
}

// OriginOf is the scheme and host of an address; "" where it is none.
func OriginOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Payer is who stands before the screen.
type Payer struct {
	Phone   bool   // the browser is one of a phone
	Address string // IP address, as WeChat's H5 asks for it
}

// Way is how the payer gets to the channel; exactly one of the three is set.
type Way struct {
	URL  string     `json:"url,omitempty"`  // the channel's page
	Form url.Values `json:"form,omitempty"` // fields that the payer's browser posts to Action
	Code string     `json:"code,omitempty"` // text of a QR code that the channel's app reads

	Action string `json:"action,omitempty"`
}

// State of an order at the channel.
type State int

// States. Unpaid may still be paid; Ended cannot.
const (
	Unpaid State = iota
	Paid
	Ended
)

// Status is a channel's word on an order. Reference, Amount and At are set when it is Paid.
type Status struct {
	State     State
	Reference string // the channel's transaction number
	Amount    land.Fen
	At        time.Time
}

// Refund is money to send back.
type Refund struct {
	ID        uuid.UUID
	Order     Order
	Reference string // of the payment
	Paid      land.Fen
	Amount    land.Fen
	Reason    string
	Ordered   time.Time
}

// Number is the refund's number at the channels.
func (r Refund) Number() string { return number(r.ID) }

// Refunded is how far a refund is.
type Refunded struct {
	Done      bool
	Reference string
	At        time.Time // when done; zero where the channel does not say
}

// Notification is what a channel told us.
type Notification struct {
	Payment bool   // it tells of a payment; else of a refund or of something that needs nothing
	Number  string // of our order
	Status  Status
}
