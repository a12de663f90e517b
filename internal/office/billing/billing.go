// Package billing keeps what each party of a case owes: bills, the payments that channels confirmed, and refunds.
//
// In come lines to pay and payments as the hall received them; out go bills for the hall's cashier and orders to refund.
// A payment is taken once by its channel's own number. One that comes twice for a bill, too late, or with another amount
// is kept on record and goes back by the way it came: Paid says so, and never settles a bill wrongly.
package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Kinds of bills.
const (
	Tax   = "tax"
	Fee   = "fee"
	Trust = "trust" // the down payment into trust
)

// States of a bill.
const (
	Open      = "open"
	Paid      = "paid"
	Expired   = "expired"
	Cancelled = "cancelled"
	Refunding = "refunding"
	Refunded  = "refunded"
)

// Line is one amount of a bill.
type Line struct {
	Name   string   `json:"name"`
	Amount land.Fen `json:"amount"`
	Why    string   `json:"why,omitempty"`
}

// Bill is what one payer owes.
type Bill struct {
	ID       uuid.UUID
	Case     uuid.UUID
	CaseNo   string
	District string
	Kind     string
	Payer    string
	Lines    []Line
	Total    land.Fen
	State    string
	IssuedAt time.Time
	Until    time.Time
	PaidAt   *time.Time
}

// Payment as a channel confirmed it.
type Payment struct {
	Order     uuid.UUID
	Bill      uuid.UUID
	Channel   string
	Reference string
	Amount    land.Fen
	PaidAt    time.Time
}

// Verdict on a payment.
type Verdict string

// What becomes of a payment. All but Settled and Known go back.
const (
	Settled Verdict = "settled"
	Double  Verdict = "double" // the bill was paid already
	Late    Verdict = "late"   // the bill had expired or was cancelled
	Amount  Verdict = "amount" // another amount than the bill's
	Known   Verdict = "known"  // this very payment was taken before
)

// Refund orders one payment back.
type Refund struct {
	ID      uuid.UUID
	Bill    uuid.UUID
	Payment uuid.UUID
	Amount  land.Fen
	Reason  string
}

// Errors of the office of bills.
var (
	ErrNoBill  = errors.New("billing: no such bill")
	ErrNothing = errors.New("billing: a bill needs an amount above zero")
)

// Office issues bills.
type Office struct{ clock clock.Clock }

// New makes an office.
func New(clk clock.Clock) *Office { return &Office{clk} }

// Issue writes a bill; the payer's open bill of the same kind in the case is replaced and returned as cancelled.
func (o *Office) Issue(ctx context.Context, tx pgx.Tx, b Bill) (issued Bill, replaced []uuid.UUID, err error) {
	for _, l := range b.Lines {
		b.Total += l.Amount
	}
	if b.Total <= 0 {
		return b, nil, ErrNothing
	}
	if replaced, err = o.end(ctx, tx, `case_id = $1 AND kind = $2 AND payer = $3`, b.Case, b.Kind, b.Payer); err != nil {
		return b, nil, err
	}
	b.ID, b.State, b.IssuedAt = uuid.Must(uuid.NewV7()), Open, o.clock.Now()
	_, err = tx.Exec(ctx, `INSERT INTO bills (id, case_id, case_no, district, kind, payer, lines, total, issued_at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		b.ID, b.Case, b.CaseNo, b.District, b.Kind, b.Payer, b.Lines, b.Total, b.IssuedAt, b.Until)
	if err != nil {
		return b, nil, fmt.Errorf("billing: issue: %w", err)
	}
	return b, replaced, nil
}

// Cancel ends the open bills of a case and names them.
func (o *Office) Cancel(ctx context.Context, tx pgx.Tx, caseID uuid.UUID) ([]uuid.UUID, error) {
	return o.end(ctx, tx, `case_id = $1`, caseID)
}

func (o *Office) end(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `UPDATE bills SET state = 'cancelled' WHERE state = 'open' AND `+where+` RETURNING id`, args...)
	if err != nil {
		return nil, fmt.Errorf("billing: cancel: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Expire ends open bills whose time is over, at most limit of them.
func (o *Office) Expire(ctx context.Context, tx pgx.Tx, limit int) ([]Bill, error) {
	rows, err := tx.Query(ctx, `UPDATE bills SET state = 'expired' WHERE id IN (
		SELECT id FROM bills WHERE state = 'open' AND until < $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING `+columns, o.clock.Now(), limit)
	if err != nil {
		return nil, fmt.Errorf("billing: expire: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

// Paid takes a payment that the hall reports. With Settled the bill is paid; with Double, Late or Amount the money has to
// go back, and the refund is ordered here.
func (o *Office) Paid(ctx context.Context, tx pgx.Tx, p Payment) (v Verdict, b Bill, back *Refund, err error) {
	if b, err = o.lock(ctx, tx, p.Bill); err != nil {
		return "", b, nil, err
	}
	v = Judge(b, p)
	tag, err := tx.Exec(ctx, `INSERT INTO payments (id, bill, channel, reference, amount, paid_at, verdict) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`, p.Order, p.Bill, p.Channel, p.Reference, p.Amount, p.PaidAt, v)
	if err != nil {
		return "", b, nil, fmt.Errorf("billing: take payment: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return Known, b, nil, nil
	}
	if v != Settled {
		back, err = o.order(ctx, tx, b.ID, p.Order, p.Amount, reasons[v])
		return v, b, back, err
	}
	b.State, b.PaidAt = Paid, &p.PaidAt
	if _, err := tx.Exec(ctx, `UPDATE bills SET state = 'paid', paid_at = $2, paid_by = $3 WHERE id = $1`, b.ID, p.PaidAt, p.Order); err != nil {
		return "", b, nil, fmt.Errorf("billing: settle: %w", err)
	}
	return Settled, b, nil, nil
}

var reasons = map[Verdict]string{Double: "同一账单重复支付", Late: "账单失效后支付", Amount: "支付金额与账单不符"}

// Judge says what a payment means for a bill. It is pure. A payment made before the bill expired is good even when the
// news of it comes later.
func Judge(b Bill, p Payment) Verdict {
	switch {
	case b.State == Paid || b.State == Refunding || b.State == Refunded:
		return Double
	case p.Amount != b.Total:
		return Amount
	case b.State == Cancelled, p.PaidAt.After(b.Until):
		return Late
	}
	return Settled
}

// RefundPaid orders every settled payment of a case back, for instance when it ends before the entry. Kinds limits it.
func (o *Office) RefundPaid(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, reason string, kinds ...string) ([]Refund, error) {
	rows, err := tx.Query(ctx, `UPDATE bills SET state = 'refunding' WHERE case_id = $1 AND state = 'paid' AND kind = ANY($2)
		RETURNING id, paid_by, total`, caseID, kinds)
	if err != nil {
		return nil, fmt.Errorf("billing: refund: %w", err)
	}
	type paid struct {
		Bill, Payment uuid.UUID
		Total         land.Fen
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[paid])
	if err != nil {
		return nil, fmt.Errorf("billing: refund: %w", err)
	}
	var out []Refund
	for _, p := range all {
		r, err := o.order(ctx, tx, p.Bill, p.Payment, p.Total, reason)
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	return out, nil
}

func (o *Office) order(ctx context.Context, tx pgx.Tx, bill, payment uuid.UUID, amount land.Fen, reason string) (*Refund, error) {
	r := Refund{ID: uuid.Must(uuid.NewV7()), Bill: bill, Payment: payment, Amount: amount, Reason: reason}
	if _, err := tx.Exec(ctx, `INSERT INTO refunds (id, payment, amount, reason, ordered_at) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, payment, amount, reason, o.clock.Now()); err != nil {
		return nil, fmt.Errorf("billing: order refund: %w", err)
	}
	return &r, nil
}

// RefundDone records that the channel sent the money back. Told twice it changes nothing.
func (o *Office) RefundDone(ctx context.Context, tx pgx.Tx, id uuid.UUID, reference string, at time.Time) error {
	_, err := tx.Exec(ctx, `WITH done AS (UPDATE refunds SET done_at = $2, reference = $3 WHERE id = $1 AND done_at IS NULL RETURNING payment)
		UPDATE bills b SET state = 'refunded' FROM done WHERE b.paid_by = done.payment AND b.state = 'refunding'`, id, at, reference)
	if err != nil {
		return fmt.Errorf("billing: refund done: %w", err)
	}
	return nil
}

const columns = `id, case_id, case_no, district, kind, payer, lines, total, state, issued_at, until, paid_at`

func scan(row pgx.CollectableRow) (b Bill, err error) {
	err = row.Scan(&b.ID, &b.Case, &b.CaseNo, &b.District, &b.Kind, &b.Payer, &b.Lines, &b.Total, &b.State, &b.IssuedAt, &b.Until, &b.PaidAt)
	return b, err
}

func (o *Office) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Bill, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM bills WHERE id = $1 FOR UPDATE`, id)
	if err != nil {
		return Bill{}, fmt.Errorf("billing: lock: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return b, ErrNoBill
	}
	return b, err
}

// ByID reads one bill.
func (o *Office) ByID(ctx context.Context, db pg.DB, id uuid.UUID) (Bill, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM bills WHERE id = $1`, id)
	if err != nil {
		return Bill{}, fmt.Errorf("billing: read: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return b, ErrNoBill
	}
	return b, err
}

// OfCase lists the bills of a case, oldest first; index bills_case.
func (o *Office) OfCase(ctx context.Context, db pg.DB, caseID uuid.UUID) ([]Bill, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM bills WHERE case_id = $1 ORDER BY issued_at, id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("billing: of case: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

// PaymentOf is the payment that settled a bill.
func (o *Office) PaymentOf(ctx context.Context, db pg.DB, bill uuid.UUID) (p Payment, err error) {
	err = db.QueryRow(ctx, `SELECT p.id, p.bill, p.channel, p.reference, p.amount, p.paid_at FROM bills b JOIN payments p ON p.id = b.paid_by
		WHERE b.id = $1`, bill).Scan(&p.Order, &p.Bill, &p.Channel, &p.Reference, &p.Amount, &p.PaidAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrNoBill
	}
	if err != nil {
		return p, fmt.Errorf("billing: payment: %w", err)
	}
	return p, nil
}
