package pay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/sim/board"
)

// Notice says how the merchant is told of a payment. The zero value is: once, at once, truly.
type Notice struct {
	Skip    bool     `json:"skip,omitempty"`    // not at all: the merchant has to ask
	Times   int      `json:"times,omitempty"`   // how often, even if accepted; 0 is once
	DelayMS int      `json:"delayMs,omitempty"` // real milliseconds before the first
	Amount  land.Fen `json:"amount,omitempty"`  // states this amount instead of what was paid
	Forge   bool     `json:"forge,omitempty"`   // signed by a stranger's key
}

// Channel is what a payment channel adds to the common desk.
type Channel interface {
	// Name is the folder in the address and the name on the fault board: "wechat".
	Name() string
	// Title is what people call it.
	Title() string
	// Reference makes a transaction number for a payment at a time.
	Reference(at time.Time) string
	// Deliver carries one notice of a paid order to the merchant, freshly signed; see board.Route.
	Deliver(ctx context.Context, o Order, n Notice) error
	// DeliverRefund does so for a refund.
	DeliverRefund(ctx context.Context, o Order, r Refund) error
	// Retry is how the channel repeats a notice that the merchant did not accept.
	Retry() []time.Duration
	// Return is where the payer's browser goes after the payment; empty when the order names no place.
	Return(o Order) (Back, error)
	// Code finds the order that a code shown by the merchant means (a QR code's text, an address).
	Code(text string) string
}

// Back is how the payer's browser returns to the merchant: a link, or a form where Fields is not empty.
type Back struct {
	URL    string
	Fields url.Values
}

// Desk is where people pay the orders of one channel.
type Desk struct {
	Ledger *Ledger
	// Settle is told of each payment, once: it brings the money to where the order says; may be nil.
	Settle  func(Order) error
	board   *board.Board
	channel Channel
}

// told is a notice in the courier's bag, of a refund where that is named. The order is read when it is delivered.
type told struct {
	Number string `json:"number"`
	Refund string `json:"refund,omitempty"`
	Notice Notice `json:"notice"`
}

// NewDesk sets the pages and the notices of a channel up.
func NewDesk(b *board.Board, l *Ledger, c Channel) *Desk {
	d := &Desk{Ledger: l, board: b, channel: c}
	b.Courier.Handle(d.kind(), board.Route{Retry: c.Retry(), Deliver: func(ctx context.Context, payload json.RawMessage) error {
		var t told
		if err := json.Unmarshal(payload, &t); err != nil {
			return fmt.Errorf("%w: %w", board.ErrRejected, err)
		}
		o, err := l.Find(t.Number)
		if err != nil {
			return fmt.Errorf("%w: %w", board.ErrRejected, err)
		}
		if t.Refund == "" {
			return c.Deliver(ctx, o, t.Notice)
		}
		r, err := o.FindRefund(t.Refund)
		if err != nil {
			return fmt.Errorf("%w: %w", board.ErrRejected, err)
		}
		return c.DeliverRefund(ctx, o, r)
	}})
	return d
}

func (d *Desk) kind() string { return d.channel.Name() + "-notice" }

// Routes adds the pages: the list of orders at /, and a cashier per order at /cashier/{token}.
func (d *Desk) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", d.list)
	mux.HandleFunc("GET /scan", d.scan)
	mux.HandleFunc("GET /cashier/{token}", d.cashier)
	mux.HandleFunc("POST /cashier/{token}", d.confirm)
}

// CashierURL is the address at which a person pays the order.
func (d *Desk) CashierURL(o Order) string {
	return d.board.Base + "/" + d.channel.Name() + "/cashier/" + o.Token
}

func (d *Desk) list(w http.ResponseWriter, r *http.Request) {
	board.Show(w, r, http.StatusOK, ordersPage(d.channel.Name(), d.channel.Title(), d.Ledger.List(), d.board.Now()))
}

// Locate finds the order that a payer was shown: by the text of a code, or by the address of its cashier.
func (d *Desk) Locate(text string) (Order, error) {
	text = strings.TrimSpace(text)
	if _, token, ok := strings.Cut(text, "/cashier/"); ok {
		return d.Ledger.FindToken(token)
	}
	return d.Ledger.FindToken(d.channel.Code(text))
}

// scan stands for the camera of the payer's phone: it opens the cashier of the code that it is shown.
func (d *Desk) scan(w http.ResponseWriter, r *http.Request) {
	o, err := d.Locate(r.FormValue("code"))
	if err != nil {
		board.Show(w, r, http.StatusNotFound, failPage(d.channel.Title(), "没有认出这个付款码，请回到商家页面重新获取"))
		return
	}
	http.Redirect(w, r, d.CashierURL(o), http.StatusSeeOther)
}

func (d *Desk) cashier(w http.ResponseWriter, r *http.Request) {
	o, err := d.Ledger.FindToken(r.PathValue("token"))
	if err != nil {
		board.Show(w, r, http.StatusNotFound, failPage(d.channel.Title(), "没有找到这笔订单，请回到商家页面重新发起"))
		return
	}
	d.showOrder(w, r, o)
}

func (d *Desk) confirm(w http.ResponseWriter, r *http.Request) {
	o, err := d.Ledger.FindToken(r.PathValue("token"))
	if err == nil {
		o, err = d.Pay(o.Number, Notice{})
	}
	switch {
	case err == ErrNoOrder:
		board.Show(w, r, http.StatusNotFound, failPage(d.channel.Title(), "没有找到这笔订单，请回到商家页面重新发起"))
		return
	case err == nil, err == ErrPaid, err == ErrClosed, err == ErrExpired:
		d.showOrder(w, r, o) // says in which state the order is
		return
	}
	d.board.Log.ErrorContext(r.Context(), "payment failed", "channel", d.channel.Name(), "err", err)
	board.Show(w, r, http.StatusInternalServerError, failPage(d.channel.Title(), "没有付成，没有扣款，请稍后再试"))
}

func (d *Desk) showOrder(w http.ResponseWriter, r *http.Request, o Order) {
	var back Back
	state := o.StateAt(d.board.Now())
	if state == Paid || state == Refunded {
		var err error
		if back, err = d.channel.Return(o); err != nil {
			d.board.Log.ErrorContext(r.Context(), "no way back to the merchant", "channel", d.channel.Name(), "err", err)
		}
	}
	board.Show(w, r, http.StatusOK, cashierPage(d.channel.Title(), o, state, back))
}

// Pay pays an order and has the merchant told as n says, or as the fault board says for the operation "notify".
func (d *Desk) Pay(number string, n Notice) (Order, error) {
	o, err := d.Ledger.Find(number)
	if err != nil {
		return o, err
	}
	if o, err = d.Ledger.Pay(number, d.channel.Reference); err != nil {
		return o, err
	}
	if d.Settle != nil {
		if err := d.Settle(o); err != nil {
			return o, err
		}
	}
	return o, d.tell(o, n)
}

// Tell sends the notice of a paid order again.
func (d *Desk) Tell(number string, n Notice) (Order, error) {
	o, err := d.Ledger.Find(number)
	if err != nil {
		return o, err
	}
	if o.State != Paid && o.State != Refunded {
		return o, ErrUnpaid
	}
	return o, d.tell(o, n)
}

func (d *Desk) tell(o Order, n Notice) error {
	b := d.board.Faults.Strike(d.channel.Name(), "notify", board.Queuing|board.Sending)
	n.Skip = n.Skip || b.Has(board.Silent)
	n.Forge = n.Forge || b.Has(board.WrongSignature)
	n.DelayMS = max(n.DelayMS, int(b.Delay.Milliseconds()))
	n.Times = max(n.Times, 1)
	if b.Has(board.Duplicate) {
		n.Times = max(n.Times, 2)
	}
	if n.Skip || o.NotifyURL == "" {
		return nil
	}
	due := d.board.Now().Add(time.Duration(n.DelayMS) * time.Millisecond)
	for range n.Times {
		if err := d.board.Courier.PostAt(d.kind(), "", due, told{Number: o.Number, Notice: n}); err != nil {
			return err
		}
	}
	return nil
}

// Refund gives money of an order back and has the merchant told, once, after a span of simulated time. It says whether this very
// call moved money.
func (d *Desk) Refund(number string, r Refund, after time.Duration) (Order, Refund, bool, error) {
	o, r, fresh, err := d.Ledger.Refund(number, r)
	if err != nil || !fresh || r.NotifyURL == "" {
		return o, r, fresh, err
	}
	return o, r, fresh, d.board.Courier.Post(d.kind(), "", after, told{Number: o.Number, Refund: r.Number})
}
