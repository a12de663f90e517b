package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
)

// refundOrdered keeps the order of the office and queues its job. Money goes back from the payment of the order that it names.
func (r *Room) refundOrdered(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Refund) error {
	var payment uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM payments WHERE order_id = $1 AND bill = $2 AND amount >= $3 ORDER BY paid_at LIMIT 1`, m.Order, m.Bill, m.Amount).Scan(&payment)
	if errors.Is(err, pgx.ErrNoRows) {
		return ferry.Park(fmt.Errorf("payment: refund %s of what was never paid", m.ID))
	}
	if err != nil {
		return fmt.Errorf("payment: find what to refund: %w", err)
	}
	tag, err := tx.Exec(ctx, `INSERT INTO payment_refunds (id, payment, bill, amount, reason, ordered_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		m.ID, payment, m.Bill, m.Amount, m.Reason, r.Clock.Now().Truncate(time.Second))
	if err != nil {
		return fmt.Errorf("payment: keep refund: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return r.Jobs.InsertTx(ctx, tx, RefundArgs{Refund: m.ID}, &river.InsertOpts{MaxAttempts: 1000})
}

// RefundArgs is the job that sends one refund back and waits until it is done.
type RefundArgs struct {
	Refund uuid.UUID `json:"refund"`
}

// Kind names the job.
func (RefundArgs) Kind() string { return "payment.refund" }

// Refunder is the River worker of RefundArgs.
type Refunder struct {
	river.WorkerDefaults[RefundArgs]
	Room *Room
}

// Timeout of one attempt.
func (*Refunder) Timeout(*river.Job[RefundArgs]) time.Duration { return 30 * time.Second }

// NextRetry waits from five seconds to an hour: a refund that a channel refuses needs people, and is tried on meanwhile.
func (w *Refunder) NextRetry(job *river.Job[RefundArgs]) time.Time {
	return w.Room.Clock.Now().Add(min(5*time.Second<<min(job.Attempt, 10), time.Hour))
}

// Work asks the channel; the same number is refunded once, however often it is asked.
func (w *Refunder) Work(ctx context.Context, job *river.Job[RefundArgs]) error {
	wait, err := w.Room.giveBack(ctx, job.Args.Refund)
	if err != nil {
		w.Room.Log.ErrorContext(ctx, "refund not taken by the channel", "refund", job.Args.Refund, "attempt", job.Attempt, "error", err)
		return err
	}
	if wait > 0 {
		return river.JobSnooze(wait)
	}
	return nil
}

// giveBack sends a refund and says when to look again; 0 when the money is back.
func (r *Room) giveBack(ctx context.Context, id uuid.UUID) (time.Duration, error) {
	f, k, err := r.refund(ctx, id)
	if errors.Is(err, errNone) {
		return 0, nil // done before
	}
	if err != nil {
		return 0, err
	}
	c, ok := r.channel(k.Channel)
	if !ok {
		return 0, fmt.Errorf("payment: channel %s of refund %s is not set up", k.Channel, id)
	}
	b, err := r.billByID(ctx, r.Pool, k.Bill, "")
	if err != nil {
		return 0, err
	}
	f.Order = r.atChannel(k, b)
	state, err := c.Refund(ctx, *f)
	if err != nil {
		return 0, err
	}
	if !state.Done {
		return refundPause(r.Clock.Now().Sub(f.Ordered)), nil
	}
	if state.At.IsZero() {
		state.At = r.Clock.Now()
	}
	return 0, pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.refundDone(ctx, tx, f, b, state) })
}

func (r *Room) refundDone(ctx context.Context, tx pgx.Tx, f *Refund, b *Bill, state Refunded) error {
	tag, err := tx.Exec(ctx, `UPDATE payment_refunds SET state = 'done', reference = $2, done_at = $3 WHERE id = $1 AND state = 'ordered'`, f.ID, state.Reference, state.At)
	if err != nil {
		return fmt.Errorf("payment: refund done: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return r.door.Send(ctx, tx, ferry.Message{Type: message.RefundDone, Case: b.App.String(),
		Body: message.RefundResult{Refund: f.ID, Reference: state.Reference, Amount: f.Amount, At: state.At}})
}

// refund reads one that is not done yet, with the order that was paid. Error: errNone.
func (r *Room) refund(ctx context.Context, id uuid.UUID) (*Refund, *kept, error) {
	f := &Refund{ID: id}
	var order uuid.UUID
	err := r.Pool.QueryRow(ctx, `SELECT f.amount, f.reason, f.ordered_at, p.order_id, p.reference, p.amount
		FROM payment_refunds f JOIN payments p ON p.id = f.payment WHERE f.id = $1 AND f.state = 'ordered'`, id).
		Scan(&f.Amount, &f.Reason, &f.Ordered, &order, &f.Reference, &f.Paid)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil, errNone
	}
	if err != nil {
		return nil, nil, fmt.Errorf("payment: refund: %w", err)
	}
	k, err := orderWhere(ctx, r.Pool, `id = $1`, order)
	return f, k, err
}

func refundPause(age time.Duration) time.Duration {
	switch {
	case age < time.Minute:
		return 2 * time.Second
	case age < 10*time.Minute:
		return 30 * time.Second
	}
	return 10 * time.Minute
}
