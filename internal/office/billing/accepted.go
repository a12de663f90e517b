package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
)

// Accepted is the payment that paid a bill. Error: ErrNoBill when none did. Index payment_one_accepted.
func (o *Office) Accepted(ctx context.Context, db pg.DB, bill uuid.UUID) (p message.Payment, err error) {
	p.Bill = bill
	err = db.QueryRow(ctx, `SELECT pay_order, channel, reference, amount, paid_at FROM billing.payment WHERE bill = $1 AND outcome = 'accepted'`, bill).
		Scan(&p.Order, &p.Channel, &p.Reference, &p.Amount, &p.PaidAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrNoBill
	}
	if err != nil {
		return p, fmt.Errorf("billing: payment: %w", err)
	}
	return p, nil
}
