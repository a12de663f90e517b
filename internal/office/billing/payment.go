package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Outcome of a payment.
type Outcome string

// Outcomes: only an accepted payment is kept, all others go back whole.
const (
	Accepted    Outcome = "accepted"
	WrongAmount Outcome = "wrong-amount"
	Late        Outcome = "late"      // paid after the bill's time
	Duplicate   Outcome = "duplicate" // another payment was accepted
	ForNothing  Outcome = "cancelled" // the bill had been cancelled
)

// Receipt is what became of a payment.
type Receipt struct {
	Outcome Outcome
	Again   bool // this transaction was told before; nothing was done
	Bill    *Bill
	Refund  *message.Refund // what the hall must give back; nil when the payment was accepted
}

// Paid takes the word of a channel that money came for a bill. The same transaction told again gives the same receipt. What was
// paid in time counts though the word of it comes when the bill has expired. Errors: ErrNoBill, ErrReference when the
// transaction number was told before for another bill or amount.
func (o *Office) Paid(ctx context.Context, tx pgx.Tx, p message.Payment) (*Receipt, error) {
	b, err := o.lock(ctx, tx, p.Bill)
	if err != nil {
		return nil, err
	}
	if rec, err := o.told(ctx, tx, p, b); rec != nil || err != nil {
		return rec, err
	}
	if p.Amount <= 0 || p.Reference == "" {
		return nil, ErrReference
	}
	rec := &Receipt{Outcome: judge(b, p), Bill: b}
	id := uuid.Must(uuid.NewV7())
	if _, err := tx.Exec(ctx, `INSERT INTO billing.payment (id, district, bill, pay_order, channel, reference, amount, paid_at, received_at, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, b.District, b.ID, p.Order, p.Channel, p.Reference, p.Amount, p.PaidAt, o.clock.Now(), rec.Outcome); err != nil {
		return nil, fmt.Errorf("billing: payment: %w", err)
	}
	if rec.Outcome == Accepted {
		return rec, o.close(ctx, tx, b, Paid, p.PaidAt)
	}
	rec.Refund, err = o.order(ctx, tx, b, id, p.Order, p.Amount, reasons[rec.Outcome])
	return rec, err
}

// judge says what a payment is worth, by the bill as it stands.
func judge(b *Bill, p message.Payment) Outcome {
	switch {
	case b.State == Paid || b.State == Refunded:
		return Duplicate
	case b.State == Cancelled:
		return ForNothing
	case p.PaidAt.After(b.Until):
		return Late
	case p.Amount != b.Total:
		return WrongAmount
	}
	return Accepted
}

// reasons of refunds, as the payer reads them.
var reasons = map[Outcome]string{
	WrongAmount: "支付金额与账单不符", Late: "账单过期后支付", Duplicate: "重复支付", ForNothing: "账单已撤销",
}

// told finds the receipt of a transaction that was told before. Index payment_once.
func (o *Office) told(ctx context.Context, tx pgx.Tx, p message.Payment, b *Bill) (*Receipt, error) {
	rec := &Receipt{Again: true, Bill: b}
	var id, bill, order uuid.UUID
	var amount land.Fen
	err := tx.QueryRow(ctx, `SELECT id, bill, pay_order, amount, outcome FROM billing.payment WHERE channel = $1 AND reference = $2`, p.Channel, p.Reference).
		Scan(&id, &bill, &order, &amount, &rec.Outcome)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("billing: payment: %w", err)
	case bill != p.Bill || amount != p.Amount || order != p.Order:
		return nil, ErrReference
	}
	refunds, err := o.refunds(ctx, tx, `p.id = $1`, id)
	if len(refunds) == 1 {
		rec.Refund = &refunds[0]
	}
	return rec, err
}

func (o *Office) close(ctx context.Context, tx pgx.Tx, b *Bill, state string, at time.Time) error {
	b.State, b.ClosedAt = state, at
	if _, err := tx.Exec(ctx, `UPDATE billing.bill SET state = $2, closed_at = $3 WHERE id = $1`, b.ID, state, at); err != nil {
		return fmt.Errorf("billing: close: %w", err)
	}
	return nil
}

// order writes a refund of a whole payment.
func (o *Office) order(ctx context.Context, tx pgx.Tx, b *Bill, payment, payOrder uuid.UUID, amount land.Fen, reason string) (*message.Refund, error) {
	r := &message.Refund{ID: uuid.Must(uuid.NewV7()), App: b.Case, Bill: b.ID, Order: payOrder, Amount: amount, Reason: reason}
	if _, err := tx.Exec(ctx, `INSERT INTO billing.refund (id, district, payment, amount, reason, ordered_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, b.District, payment, amount, reason, o.clock.Now()); err != nil {
		return nil, fmt.Errorf("billing: refund: %w", err)
	}
	return r, nil
}

// Refund gives back what was paid for the bills of a case that ended before the entry: taxes (Deed Tax Law 12), fees. Bills of a kind
// in except stay, as those whose money lies in trust and goes back from there. Open bills are cancelled. Done
// before, it changes nothing and lists nothing.
func (o *Office) Refund(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, reason string, except ...string) ([]message.Refund, error) {
	if _, err := o.Cancel(ctx, tx, caseID); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT b.id, p.id, p.pay_order, p.amount FROM billing.bill b JOIN billing.payment p ON p.bill = b.id AND p.outcome = 'accepted'
		WHERE b.case_id = $1 AND b.state = 'paid' AND NOT b.kind = ANY($2) ORDER BY b.id FOR UPDATE OF b`, caseID, append([]string{}, except...))
	if err != nil {
		return nil, fmt.Errorf("billing: refund: %w", err)
	}
	paid, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Bill, Payment, Order uuid.UUID
		Amount               land.Fen
	}])
	if err != nil {
		return nil, fmt.Errorf("billing: refund: %w", err)
	}
	var out []message.Refund
	for _, p := range paid {
		b, err := o.lock(ctx, tx, p.Bill)
		if err != nil {
			return nil, err
		}
		r, err := o.order(ctx, tx, b, p.Payment, p.Order, p.Amount, reason)
		if err != nil {
			return nil, err
		}
		if err := o.close(ctx, tx, b, Refunded, o.clock.Now()); err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	return out, nil
}

// RefundDone notes that the hall gave the money back. Told again it changes nothing. Error: ErrNoRefund, ErrReference when the
// amount is not what was ordered.
func (o *Office) RefundDone(ctx context.Context, tx pgx.Tx, r message.RefundResult) error {
	var amount land.Fen
	err := tx.QueryRow(ctx, `SELECT amount FROM billing.refund WHERE id = $1 FOR UPDATE`, r.Refund).Scan(&amount)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNoRefund
	case err != nil:
		return fmt.Errorf("billing: refund: %w", err)
	case amount != r.Amount:
		return ErrReference
	}
	if _, err := tx.Exec(ctx, `UPDATE billing.refund SET state = 'done', reference = $2, done_at = $3 WHERE id = $1 AND state = 'ordered'`,
		r.Refund, r.Reference, r.At); err != nil {
		return fmt.Errorf("billing: refund: %w", err)
	}
	return nil
}

// Waiting lists the refunds of a case that the hall has not confirmed.
func (o *Office) Waiting(ctx context.Context, db pg.DB, caseID uuid.UUID) ([]message.Refund, error) {
	return o.refunds(ctx, db, `b.case_id = $1 AND r.state = 'ordered'`, caseID)
}

func (o *Office) refunds(ctx context.Context, db pg.DB, where string, arg uuid.UUID) ([]message.Refund, error) {
	rows, err := db.Query(ctx, `SELECT r.id, b.case_id, b.id, p.pay_order, r.amount, r.reason
		FROM billing.refund r JOIN billing.payment p ON p.id = r.payment JOIN billing.bill b ON b.id = p.bill
		WHERE `+where+` ORDER BY r.ordered_at, r.id`, arg)
	if err != nil {
		return nil, fmt.Errorf("billing: refunds: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[message.Refund])
}
