package payment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// States of a bill, as the office names them.
const (
	open      = "open"
	paid      = "paid"
	expired   = "expired"
	cancelled = "cancelled"
	refunded  = "refunded"
)

// Bill is what a party owes.
type Bill struct {
	ID    uuid.UUID
	App   uuid.UUID
	Case  land.CaseNumber
	Kind  string
	Payer string
	Total land.Fen
	Lines []message.BillLine
	Until time.Time
	State string
}

// Payable says whether the bill can be paid at a time.
func (b *Bill) Payable(now time.Time) bool { return b.State == open && now.Before(b.Until) }

// words for the kinds that the office bills; the catalog of the office may know more.
func kindWords(kind string) string {
	switch kind {
	case "tax":
		return "税款"
	case "fee":
		return "登记费"
	case "trust":
		return "首付款（资金托管）"
	}
	return "税费"
}

func (r *Room) issued(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Bill) error {
	lines, err := json.Marshal(m.Lines)
	if err != nil {
		return fmt.Errorf("payment: encode lines: %w", err)
	}
	if m.Total <= 0 || m.Payer == "" {
		return ferry.Park(fmt.Errorf("payment: bill %s has nothing to pay or nobody to pay it", m.ID))
	}
	if _, err := tx.Exec(ctx, `INSERT INTO bills (id, app, case_no, kind, payer, total, lines, until, issued_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		m.ID, m.App, string(m.Case), m.Kind, m.Payer, m.Total, r.Keys.Seal(lines, m.ID[:]), m.Until, r.Clock.Now()); err != nil {
		return fmt.Errorf("payment: keep bill: %w", err)
	}
	return nil
}

// closed takes the office's word on a bill, and has the orders that people may still hold ended at their channels.
func (r *Room) closed(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.BillClosedBody) error {
	switch m.State {
	case paid, expired, cancelled, refunded:
	default:
		return ferry.Park(fmt.Errorf("payment: bill %s closed as %q", m.Bill, m.State))
	}
	tag, err := tx.Exec(ctx, `UPDATE bills SET state = $2, closed_at = $3 WHERE id = $1`, m.Bill, m.State, r.Clock.Now())
	if err != nil {
		return fmt.Errorf("payment: close bill: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ferry.Park(fmt.Errorf("payment: close bill %s: %w", m.Bill, errNone))
	}
	return r.endOrders(ctx, tx, m.Bill)
}

// endOrders has every open order of a bill ended at its channel.
func (r *Room) endOrders(ctx context.Context, tx pgx.Tx, bill uuid.UUID) error {
	rows, err := tx.Query(ctx, `SELECT id FROM payment_orders WHERE bill = $1 AND state = 'open'`, bill)
	if err != nil {
		return fmt.Errorf("payment: open orders: %w", err)
	}
	orders, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("payment: open orders: %w", err)
	}
	for _, id := range orders {
		if err := r.Jobs.InsertTx(ctx, tx, AskArgs{Order: id, End: true}, &river.InsertOpts{MaxAttempts: askAttempts}); err != nil {
			return fmt.Errorf("payment: end order: %w", err)
		}
	}
	return nil
}

const billColumns = `id, app, case_no, kind, payer, total, lines, until, state`

func (r *Room) bill(row pgx.CollectableRow) (*Bill, error) {
	var b Bill
	var sealed []byte
	if err := row.Scan(&b.ID, &b.App, &b.Case, &b.Kind, &b.Payer, &b.Total, &sealed, &b.Until, &b.State); err != nil {
		return nil, err
	}
	plain, err := r.Keys.Open(sealed, b.ID[:])
	if err != nil {
		return nil, fmt.Errorf("open lines: %w", err)
	}
	return &b, json.Unmarshal(plain, &b.Lines)
}

// billByID reads a bill; lock is "FOR UPDATE" or "". Error: errNone.
func (r *Room) billByID(ctx context.Context, db pg.DB, id uuid.UUID, lock string) (*Bill, error) {
	rows, err := db.Query(ctx, `SELECT `+billColumns+` FROM bills WHERE id = $1 `+lock, id)
	if err != nil {
		return nil, fmt.Errorf("payment: bill: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, r.bill)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNone
	}
	if err != nil {
		return nil, fmt.Errorf("payment: bill: %w", err)
	}
	return b, nil
}

// billsOf lists the bills of an application. Index bills_app.
func (r *Room) billsOf(ctx context.Context, db pg.DB, app uuid.UUID) ([]*Bill, error) {
	rows, err := db.Query(ctx, `SELECT `+billColumns+` FROM bills WHERE app = $1 ORDER BY issued_at, id`, app)
	if err != nil {
		return nil, fmt.Errorf("payment: bills: %w", err)
	}
	bills, err := pgx.CollectRows(rows, r.bill)
	if err != nil {
		return nil, fmt.Errorf("payment: bills: %w", err)
	}
	return bills, nil
}

// Due lists what a party of an application can pay now, for to-dos.
func (r *Room) Due(ctx context.Context, db pg.DB, app uuid.UUID, party string) ([]*Bill, error) {
	all, err := r.billsOf(ctx, db, app)
	if err != nil {
		return nil, err
	}
	var due []*Bill
	for _, b := range all {
		if b.Payer == party && b.Payable(r.Clock.Now()) {
			due = append(due, b)
		}
	}
	return due, nil
}
