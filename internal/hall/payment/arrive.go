package payment

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
)

// How a payment fits its bill, by what the hall knows. The office has the last word.
const (
	fitGood      = "good"
	fitDouble    = "double"
	fitLate      = "late"
	fitAmount    = "amount"
	fitCancelled = "cancelled"
)

// arrive enters a payment within tx and reports it to the office. The same transaction told again changes nothing. Errors:
// errUnknown, errMismatch.
func (r *Room) arrive(ctx context.Context, tx pgx.Tx, order uuid.UUID, st Status) error {
	k, err := orderWhere(ctx, tx, `id = $1`, order)
	if errors.Is(err, errNone) {
		return errUnknown
	}
	if err != nil {
		return err
	}
	b, err := r.billByID(ctx, tx, k.Bill, "FOR UPDATE") // payments of a bill one after the other
	if err != nil {
		return err
	}
	again, err := told(ctx, tx, k, st)
	if again || err != nil {
		return err
	}
	fit := judge(b, st)
	if _, err := tx.Exec(ctx, `INSERT INTO payments (id, order_id, bill, channel, reference, amount, fit, paid_at, heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		uuid.Must(uuid.NewV7()), k.ID, b.ID, k.Channel, st.Reference, st.Amount, fit, st.At, r.Clock.Now()); err != nil {
		return fmt.Errorf("payment: enter: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE payment_orders SET state = 'paid' WHERE id = $1`, k.ID); err != nil {
		return fmt.Errorf("payment: order paid: %w", err)
	}
	if fit == fitGood {
		if _, err := tx.Exec(ctx, `UPDATE bills SET state = 'paid', closed_at = $2 WHERE id = $1`, b.ID, r.Clock.Now()); err != nil {
			return fmt.Errorf("payment: bill paid: %w", err)
		}
		if err := r.endOrders(ctx, tx, b.ID); err != nil {
			return err
		}
	}
	return r.door.Send(ctx, tx, ferry.Message{Type: message.PaymentReceived, Case: b.App.String(), Body: message.Payment{App: b.App, Bill: b.ID, Order: k.ID,
		Channel: k.Channel, Reference: st.Reference, Amount: st.Amount, PaidAt: st.At}})
}

// told says whether the transaction was entered before. Index payments_once.
func told(ctx context.Context, tx pgx.Tx, k *kept, st Status) (bool, error) {
	var same bool
	err := tx.QueryRow(ctx, `SELECT order_id = $3 AND amount = $4 FROM payments WHERE channel = $1 AND reference = $2`, k.Channel, st.Reference, k.ID, st.Amount).Scan(&same)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("payment: told before: %w", err)
	case !same:
		return false, errMismatch
	}
	return true, nil
}

func judge(b *Bill, st Status) string {
	switch {
	case b.State == paid || b.State == refunded:
		return fitDouble
	case b.State == cancelled:
		return fitCancelled
	case st.At.After(b.Until):
		return fitLate
	case st.Amount != b.Total:
		return fitAmount
	}
	return fitGood
}
