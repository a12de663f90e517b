package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Booked is a payment or a refund as the channel's statement of the day has to show it, too.
type Booked struct {
	CaseNo    string
	Reference string // the channel's transaction
	Refund    bool
	Amount    land.Fen
	At        time.Time
}

// Booked lists what a channel collected and gave back from one moment until before another. Indexes payment_paid, refund_done.
func (o *Office) Booked(ctx context.Context, db pg.DB, channel string, from, to time.Time) ([]Booked, error) {
	rows, err := db.Query(ctx, `SELECT b.case_no, p.reference, false, p.amount, p.paid_at
		FROM billing.payment p JOIN billing.bill b ON b.id = p.bill WHERE p.channel = $1 AND p.paid_at >= $2 AND p.paid_at < $3
		UNION ALL SELECT b.case_no, r.reference, true, r.amount, r.done_at
		FROM billing.refund r JOIN billing.payment p ON p.id = r.payment JOIN billing.bill b ON b.id = p.bill
		WHERE p.channel = $1 AND r.done_at >= $2 AND r.done_at < $3 ORDER BY 5, 2`, channel, from, to)
	if err != nil {
		return nil, fmt.Errorf("billing: payments of a day: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Booked])
	if err != nil {
		return nil, fmt.Errorf("billing: payments of a day: %w", err)
	}
	return out, nil
}
