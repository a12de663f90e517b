package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// What the office of bills refuses.
var (
	ErrNoBill    = errors.New("billing: no such bill")
	ErrNoRefund  = errors.New("billing: no such refund")
	ErrLines     = errors.New("billing: a bill needs lines with amounts that sum to more than nothing")
	ErrUntil     = errors.New("billing: a bill must be payable for a while")
	ErrReference = errors.New("billing: this transaction was told before with other facts")
)

// Days is how long a bill can be paid by default (domain: not paid in 10 days, the case lapses).
const Days = 10

// States of a bill.
const (
	Open      = "open"
	Paid      = "paid"
	Expired   = "expired"
	Cancelled = "cancelled"
	Refunded  = "refunded" // was paid, and the money is on its way back
)

// Where a line's money goes.
const (
	Treasury = "treasury" // taxes
	Registry = "registry" // registration fees
	InTrust  = "trust"    // the down payment
)

// Bill is what one payer owes.
type Bill struct {
	ID       uuid.UUID
	Case     uuid.UUID
	CaseNo   land.CaseNumber
	District string
	Kind     string // as in message.Bill
	Payer    string // party of the case
	Lines    []Line
	Total    land.Fen
	State    string
	IssuedAt time.Time
	Until    time.Time // paid at this moment or before is in time
	ClosedAt time.Time // zero while open
}

// Line is one amount; it may be zero where that is worth saying, as for a tax that is exempt.
type Line struct {
	Code   string
	Name   string
	Amount land.Fen
	Why    string
	To     string
}

// Message is the bill as the hall shows it.
func (b *Bill) Message() message.Bill {
	m := message.Bill{ID: b.ID, App: b.Case, Case: b.CaseNo, Kind: b.Kind, Payer: b.Payer, Total: b.Total, Until: b.Until}
	for _, l := range b.Lines {
		m.Lines = append(m.Lines, message.BillLine{Name: l.Name, Amount: l.Amount, Why: l.Why})
	}
	return m
}

// Office keeps all bills. It has no state of its own.
type Office struct{ clock clock.Clock }

// New gives the clock that bills are dated and expire by.
func New(clk clock.Clock) *Office { return &Office{clock: clk} }

// NewBill asks for a bill. Key says what for, within the case ("tax/b1/2"): the same key gives the same bill again.
type NewBill struct {
	Case     uuid.UUID
	CaseNo   land.CaseNumber
	District string
	Kind     string
	Payer    string
	Key      string
	Lines    []Line
	Until    time.Time // zero: the end of the tenth day from now
}

// Issue writes a bill. Issued before under the same key, it comes back as it is. Errors: ErrLines, ErrUntil.
func (o *Office) Issue(ctx context.Context, tx pgx.Tx, n NewBill) (*Bill, error) {
	total, err := sum(n.Lines)
	if err != nil {
		return nil, err
	}
	now := o.clock.Now()
	if n.Until.IsZero() {
		n.Until = land.DateOf(now).AddDays(Days + 1).Time().Add(-time.Second)
	}
	if !n.Until.After(now) {
		return nil, ErrUntil
	}
	id := uuid.Must(uuid.NewV7())
	tag, err := tx.Exec(ctx, `INSERT INTO billing.bill (id, district, case_id, case_no, kind, payer, key, total, issued_at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (case_id, key) DO NOTHING`,
		id, n.District, n.Case, n.CaseNo, n.Kind, n.Payer, n.Key, total, now, n.Until)
	if err != nil {
		return nil, fmt.Errorf("billing: issue: %w", err)
	}
	if tag.RowsAffected() == 0 {
		if err := tx.QueryRow(ctx, `SELECT id FROM billing.bill WHERE case_id = $1 AND key = $2`, n.Case, n.Key).Scan(&id); err != nil {
			return nil, fmt.Errorf("billing: issue: %w", err)
		}
		return o.Bill(ctx, tx, id)
	}
	b := &pgx.Batch{}
	for i, l := range n.Lines {
		b.Queue(`INSERT INTO billing.line (bill, seq, code, name, amount, why, goes_to) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, i+1, l.Code, l.Name, l.Amount, l.Why, l.To)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("billing: issue: %w", err)
	}
	return o.Bill(ctx, tx, id)
}

func sum(lines []Line) (land.Fen, error) {
	var total land.Fen
	for _, l := range lines {
		if l.Amount < 0 || l.To != Treasury && l.To != Registry && l.To != InTrust {
			return 0, ErrLines
		}
		total += l.Amount
	}
	if total <= 0 {
		return 0, ErrLines
	}
	return total, nil
}

// columns of a bill, in the order of scan.
const columns = `id, case_id, case_no, district, kind, payer, total, state, issued_at, until, closed_at`

func scan(row pgx.CollectableRow) (*Bill, error) {
	b := &Bill{}
	var closed *time.Time
	err := row.Scan(&b.ID, &b.Case, &b.CaseNo, &b.District, &b.Kind, &b.Payer, &b.Total, &b.State, &b.IssuedAt, &b.Until, &closed)
	if closed != nil {
		b.ClosedAt = *closed
	}
	return b, err
}

// Bill reads a bill with its lines. Error: ErrNoBill.
func (o *Office) Bill(ctx context.Context, db pg.DB, id uuid.UUID) (*Bill, error) {
	return o.one(ctx, db, `SELECT `+columns+` FROM billing.bill WHERE id = $1`, id)
}

// lock is Bill with the row locked until the end of the transaction.
func (o *Office) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*Bill, error) {
	return o.one(ctx, tx, `SELECT `+columns+` FROM billing.bill WHERE id = $1 FOR UPDATE`, id)
}

func (o *Office) one(ctx context.Context, db pg.DB, sql string, id uuid.UUID) (*Bill, error) {
	all, err := o.some(ctx, db, sql, id)
	if err == nil && len(all) == 0 {
		return nil, ErrNoBill
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Bills lists the bills of a case, the oldest first. Index bill_case.
func (o *Office) Bills(ctx context.Context, db pg.DB, caseID uuid.UUID) ([]*Bill, error) {
	return o.some(ctx, db, `SELECT `+columns+` FROM billing.bill WHERE case_id = $1 ORDER BY issued_at, id`, caseID)
}

func (o *Office) some(ctx context.Context, db pg.DB, sql string, arg any) ([]*Bill, error) {
	rows, err := db.Query(ctx, sql, arg)
	if err != nil {
		return nil, fmt.Errorf("billing: bills: %w", err)
	}
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("billing: bills: %w", err)
	}
	for _, b := range all {
		rows, err := db.Query(ctx, `SELECT code, name, amount, why, goes_to FROM billing.line WHERE bill = $1 ORDER BY seq`, b.ID)
		if err != nil {
			return nil, fmt.Errorf("billing: lines: %w", err)
		}
		if b.Lines, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Line]); err != nil {
			return nil, fmt.Errorf("billing: lines: %w", err)
		}
	}
	return all, nil
}

// Cancel ends the open bills of a case and lists them; money that comes for one of them later goes back.
func (o *Office) Cancel(ctx context.Context, tx pgx.Tx, caseID uuid.UUID) ([]*Bill, error) {
	return o.end(ctx, tx, Cancelled, `case_id = $1 AND state = 'open'`, caseID)
}

// CancelBill ends one bill, if it is open, as when the tax was assessed again.
func (o *Office) CancelBill(ctx context.Context, tx pgx.Tx, id uuid.UUID) (cancelled bool, err error) {
	ended, err := o.end(ctx, tx, Cancelled, `id = $1 AND state = 'open'`, id)
	return len(ended) == 1, err
}

// Expire ends the open bills of a case whose time is over and lists them.
func (o *Office) Expire(ctx context.Context, tx pgx.Tx, caseID uuid.UUID) ([]*Bill, error) {
	return o.end(ctx, tx, Expired, `case_id = $1 AND state = 'open' AND until < $3`, caseID)
}

// Due lists the cases with open bills whose time is over: work for a job, which calls Expire for each. Index bill_due.
func (o *Office) Due(ctx context.Context, db pg.DB) ([]uuid.UUID, error) {
	rows, err := db.Query(ctx, `SELECT DISTINCT case_id FROM billing.bill WHERE state = 'open' AND until < $1`, o.clock.Now())
	if err != nil {
		return nil, fmt.Errorf("billing: due: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// end closes the bills of a condition on $1 (and the time $3) with a state, in the order of their ids so that two who do so never
// wait for each other in a circle.
func (o *Office) end(ctx context.Context, tx pgx.Tx, state, where string, arg uuid.UUID) ([]*Bill, error) {
	rows, err := tx.Query(ctx, `WITH ending AS (SELECT id FROM billing.bill WHERE `+where+` ORDER BY id FOR UPDATE)
		UPDATE billing.bill SET state = $2, closed_at = $3 WHERE id IN (SELECT id FROM ending) RETURNING `+columns, arg, state, o.clock.Now())
	if err != nil {
		return nil, fmt.Errorf("billing: end: %w", err)
	}
	ended, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("billing: end: %w", err)
	}
	return ended, nil
}
