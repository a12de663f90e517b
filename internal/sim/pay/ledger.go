// Package pay is the part that the simulated payment channels have in common.
//
// A channel (a folder below) brings its wire format and hands over orders; here stand the rules that all
// of them share (what may be paid, closed, refunded), the page on which a person pays, what an operator may do
// to a notice (twice, late, wrong, forged), and the keys and certificates made on the first start.
package pay

import (
	"crypto/rand"
	"errors"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/sim/board"
)

// What a channel refuses.
var (
	ErrNoOrder  = errors.New("no such order")
	ErrDiffers  = errors.New("an order of this number has another amount")
	ErrPaid     = errors.New("the order is paid")
	ErrUnpaid   = errors.New("the order is not paid")
	ErrClosed   = errors.New("the order is closed")
	ErrExpired  = errors.New("the order has expired")
	ErrTooMuch  = errors.New("more than was paid and not yet refunded")
	ErrNoRefund = errors.New("no such refund")
)

// State of an order as it is stored; an unpaid order past its time counts as closed (see Order.StateAt).
type State string

// States of an order.
const (
	Waiting  State = "waiting"
	Paid     State = "paid"
	Closed   State = "closed"
	Refunded State = "refunded" // wholly or partly
)

// Order is what a merchant asked to be paid.
type Order struct {
	Number    string            `json:"number"` // the merchant's, unique per channel
	Token     string            `json:"token"`  // names the order in the cashier's address
	Scene     string            `json:"scene"`  // the channel's product: NATIVE, MWEB, page, 07 …
	Subject   string            `json:"subject"`
	Amount    land.Fen          `json:"amount"`
	NotifyURL string            `json:"notifyUrl"`
	ReturnURL string            `json:"returnUrl,omitempty"`
	Created   time.Time         `json:"created"`
	Expires   time.Time         `json:"expires"`
	State     State             `json:"state"`
	Reference string            `json:"reference,omitempty"` // the channel's transaction number, once paid
	PaidAt    time.Time         `json:"paidAt,omitzero"`
	Refunds   []Refund          `json:"refunds,omitempty"`
	Echo      map[string]string `json:"echo,omitempty"` // fields of the request that answers and notices repeat
}

// Refund is money going back.
type Refund struct {
	Number    string    `json:"number"` // the merchant's, unique per order
	Reference string    `json:"reference"`
	Amount    land.Fen  `json:"amount"`
	Reason    string    `json:"reason,omitempty"`
	NotifyURL string    `json:"notifyUrl,omitempty"`
	At        time.Time `json:"at"`
	TxnTime   string    `json:"txnTime,omitempty"` // of the merchant's request, where its notice repeats that
}

// StateAt is the state that a query at a time shows.
func (o Order) StateAt(now time.Time) State {
	if o.State == Waiting && !now.Before(o.Expires) {
		return Closed
	}
	return o.State
}

// RefundedSum is what went back so far.
func (o Order) RefundedSum() land.Fen {
	var sum land.Fen
	for _, r := range o.Refunds {
		sum += r.Amount
	}
	return sum
}

// FindRefund returns the refund of a merchant's number.
func (o Order) FindRefund(number string) (Refund, error) {
	for _, r := range o.Refunds {
		if r.Number == number {
			return r, nil
		}
	}
	return Refund{}, ErrNoRefund
}

// Ledger holds the orders of one channel.
type Ledger struct {
	board      *board.Board
	orders     *board.Table[Order]
	statements *statements
}

// OpenLedger loads the orders of a channel.
func OpenLedger(b *board.Board, channel string) (*Ledger, error) {
	orders, err := board.OpenTable[Order](b, channel+"-orders")
	if err != nil {
		return nil, err
	}
	statements, err := openStatements(b, channel)
	if err != nil {
		return nil, err
	}
	return &Ledger{board: b, orders: orders, statements: statements}, nil
}

// Open takes an order in. The same one again is answered as before; Expires defaults to two hours.
func (l *Ledger) Open(o Order) (Order, error) {
	now := l.board.Now()
	o.State, o.Created, o.Token = Waiting, now, rand.Text()
	if o.Expires.IsZero() {
		o.Expires = now.Add(2 * time.Hour)
	}
	stands, fresh, err := l.orders.Add(o.Number, o)
	if err != nil || fresh {
		return stands, err
	}
	switch stands.StateAt(now) {
	case Closed:
		return stands, ErrClosed
	case Paid, Refunded:
		return stands, ErrPaid
	}
	if stands.Amount != o.Amount {
		return stands, ErrDiffers
	}
	return stands, nil
}

// Find returns the order of a merchant's number.
func (l *Ledger) Find(number string) (Order, error) {
	return found(l.orders.Get(number))
}

// FindToken returns the order that a cashier's address names.
func (l *Ledger) FindToken(token string) (Order, error) {
	return found(l.orders.Find(func(o Order) bool { return o.Token == token }))
}

// FindReference returns the order of the channel's transaction number.
func (l *Ledger) FindReference(ref string) (Order, error) {
	return found(l.orders.Find(func(o Order) bool { return ref != "" && o.Reference == ref }))
}

func found(o Order, ok bool) (Order, error) {
	if !ok {
		return o, ErrNoOrder
	}
	return o, nil
}

// List returns all orders, oldest first.
func (l *Ledger) List() []Order { return l.orders.List() }

// Pay takes the payer's money; reference makes the channel's transaction number of a time.
func (l *Ledger) Pay(number string, reference func(time.Time) string) (Order, error) {
	now := l.board.Now()
	return l.change(number, func(o *Order) error {
		switch o.State {
		case Paid, Refunded:
			return ErrPaid
		case Closed:
			return ErrClosed
		}
		if !now.Before(o.Expires) {
			return ErrExpired
		}
		o.State, o.PaidAt, o.Reference = Paid, now, reference(now)
		return nil
	})
}

// Close ends an order that nobody paid.
func (l *Ledger) Close(number string) (Order, error) {
	return l.change(number, func(o *Order) error {
		if o.State == Paid || o.State == Refunded {
			return ErrPaid
		}
		o.State = Closed
		return nil
	})
}

// SetReturn names the place that the payer's browser goes back to.
func (l *Ledger) SetReturn(number, url string) (Order, error) {
	return l.change(number, func(o *Order) error {
		o.ReturnURL = url
		return nil
	})
}

// Refund gives money back, and says whether it did so just now: the same number again is answered as before, if the amount is the same.
func (l *Ledger) Refund(number string, r Refund) (o Order, given Refund, fresh bool, err error) {
	r.At = l.board.Now()
	o, err = l.change(number, func(o *Order) error {
		if o.State != Paid && o.State != Refunded {
			return ErrUnpaid
		}
		if old, err := o.FindRefund(r.Number); err == nil {
			if old.Amount != r.Amount {
				return ErrDiffers
			}
			r = old
			return nil
		}
		if r.Amount <= 0 || r.Amount > o.Amount-o.RefundedSum() {
			return ErrTooMuch
		}
		fresh = true
		o.State, o.Refunds = Refunded, append(o.Refunds, r)
		return nil
	})
	return o, r, fresh && err == nil, err
}

func (l *Ledger) change(number string, f func(*Order) error) (Order, error) {
	o, err := l.orders.Update(number, f)
	if errors.Is(err, board.ErrNone) {
		return o, ErrNoOrder
	}
	return o, err
}
