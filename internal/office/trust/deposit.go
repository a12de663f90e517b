package trust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// Kinds of a movement.
const (
	DownPayment = "down"
	Loan        = "loan"
	Payout      = "payout"
	Refund      = "refund"
)

// Deposit is money that the bank says has arrived.
type Deposit struct {
	Case      uuid.UUID
	Kind      string // DownPayment or Loan
	Lender    string // of a loan: its name; when empty or unknown, the one whose amount it is, or the first that still owes
	Amount    land.Fen
	Account   string // the payer's, to which a refund goes; empty when the bank does not say
	Reference string // the bank's voucher
	At        time.Time
}

// Told is the reference of money that somebody tells of, the bank or a payment channel, by the number that it has there: numbers of
// different origin never meet.
func Told(by, number string) string { return by + ":" + number }

// Receipt is what a deposit has done.
type Receipt struct {
	Again      bool // this voucher was told before; nothing was done
	Held       land.Fen
	DownHere   bool     // the whole down payment is there
	AllHere    bool     // everything agreed is there
	Missing    land.Fen // of all that was agreed
	Surplus    land.Fen // of its payer: goes back with the payout
	MustReturn bool     // the agreement has ended or is being unwound: call Refund
}

// Deposit books what arrived. Money is taken in whatever its amount, since it is in the account already: too little waits for the
// rest, too much goes back to its payer with the payout, and what comes after the end must be refunded. Errors:
// ErrNoAgreement, ErrNotOpen, ErrAmounts, ErrReference.
func (l *Ledger) Deposit(ctx context.Context, tx pgx.Tx, d Deposit) (*Receipt, error) {
	r, err := l.lock(ctx, tx, d.Case)
	if err != nil {
		return nil, err
	}
	switch {
	case d.Amount <= 0 || d.Kind != DownPayment && d.Kind != Loan:
		return nil, ErrAmounts
	case r.state == Agreed:
		return nil, ErrNotOpen
	}
	chart, err := l.chart(ctx, tx, r.id)
	if err != nil {
		return nil, err
	}
	again, err := told(ctx, tx, r.id, d)
	if err != nil {
		return nil, err
	}
	if !again {
		source := chart.source(d)
		if source == nil {
			return nil, ErrAmounts
		}
		if _, err := l.move(ctx, tx, r, d.Kind, d.Reference, d.At, source, chart.held(), d.Amount); err != nil {
			return nil, err
		}
		if err := l.payer(ctx, tx, source, d.Account); err != nil {
			return nil, err
		}
		if r.ended() {
			if err := l.setState(ctx, tx, r, Refunding); err != nil {
				return nil, err
			}
		}
	}
	return chart.receipt(r, again), nil
}

// payer notes the account that money came from.
func (l *Ledger) payer(ctx context.Context, tx pgx.Tx, source *account, number string) error {
	if number == "" || number == source.number {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE trust.account SET number = $2 WHERE id = $1`, source.id, l.seal(number, "account.number", source.id)); err != nil {
		return fmt.Errorf("trust: payer: %w", err)
	}
	return nil
}

// told reports whether the voucher was booked before; with another amount or kind that is an error. Index movement_once.
func told(ctx context.Context, tx pgx.Tx, agreement uuid.UUID, d Deposit) (bool, error) {
	var kind string
	var amount land.Fen
	err := tx.QueryRow(ctx, `SELECT m.kind, p.amount FROM trust.movement m JOIN trust.posting p ON p.movement = m.id JOIN trust.account a ON a.id = p.account
		WHERE m.agreement = $1 AND m.reference = $2 AND a.side = 'held'`, agreement, d.Reference).Scan(&kind, &amount)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("trust: voucher: %w", err)
	case kind != d.Kind || amount != d.Amount:
		return false, ErrReference
	}
	return true, nil
}

// move books one movement: amount goes from one account to another. The accounts' balances follow here as in the database.
func (l *Ledger) move(ctx context.Context, tx pgx.Tx, r *record, kind, reference string, at time.Time, from, to *account, amount land.Fen) (uuid.UUID, error) {
	id := uuid.Must(uuid.NewV7())
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO trust.movement (id, district, agreement, kind, reference, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, r.district, r.id, kind, reference, at)
	b.Queue(`INSERT INTO trust.posting (movement, account, amount) VALUES ($1, $2, $3), ($1, $4, $5)`, id, from.id, -amount, to.id, amount)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return id, fmt.Errorf("trust: book %s: %w", kind, err)
	}
	from.balance -= amount
	to.balance += amount
	return id, nil
}

// setState moves the agreement on.
func (l *Ledger) setState(ctx context.Context, tx pgx.Tx, r *record, state string) error {
	r.state = state
	var ended *time.Time
	if r.ended() {
		now := l.clock.Now()
		ended = &now
	}
	if _, err := tx.Exec(ctx, `UPDATE trust.agreement SET state = $2, ended_at = $3 WHERE id = $1`, r.id, state, ended); err != nil {
		return fmt.Errorf("trust: state: %w", err)
	}
	return nil
}
