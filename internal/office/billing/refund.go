package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// RefundBill gives back what was paid for one bill, of whatever kind. Nil when it is not paid, or was given back before.
// Index payment_one_accepted.
func (o *Office) RefundBill(ctx context.Context, tx pgx.Tx, bill uuid.UUID, reason string) (*message.Refund, error) {
	b, err := o.lock(ctx, tx, bill)
	if err != nil {
		return nil, err
	}
	if b.State != Paid {
		return nil, nil
	}
	var payment, order uuid.UUID
	var amount land.Fen
	err = tx.QueryRow(ctx, `SELECT id, pay_order, amount FROM billing.payment WHERE bill = $1 AND outcome = 'accepted'`, bill).Scan(&payment, &order, &amount)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("billing: refund: %w", err)
	}
	r, err := o.order(ctx, tx, b, payment, order, amount, reason)
	if err != nil {
		return nil, err
	}
	return r, o.close(ctx, tx, b, Refunded, o.clock.Now())
}
