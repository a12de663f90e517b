package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/kit/pg"
)

const (
	firstAsk    = 20 * time.Second // after the order was made
	askAttempts = 100
)

// AskArgs is the job that asks the channel what became of an order, until that is certain: a lost notification costs nothing.
type AskArgs struct {
	Order uuid.UUID `json:"order"`
	End   bool      `json:"end"` // the order is no longer wanted
}

// Kind names the job.
func (AskArgs) Kind() string { return "payment.ask" }

// Asker is the River worker of AskArgs.
type Asker struct {
	river.WorkerDefaults[AskArgs]
	Room *Room
}

// Timeout of one attempt.
func (*Asker) Timeout(*river.Job[AskArgs]) time.Duration { return 30 * time.Second }

// NextRetry waits from five seconds to ten minutes when the channel does not answer.
func (a *Asker) NextRetry(job *river.Job[AskArgs]) time.Time {
	return a.Room.Clock.Now().Add(min(5*time.Second<<min(job.Attempt, 7), 10*time.Minute))
}

// Work asks once and comes back later where the order is still open.
func (a *Asker) Work(ctx context.Context, job *river.Job[AskArgs]) error {
	wait, err := a.Room.ask(ctx, job.Args.Order, job.Args.End)
	if err != nil {
		return err
	}
	if wait > 0 {
		return river.JobSnooze(wait)
	}
	return nil
}

// ask finds out about an order and says when to ask again; 0 when it is settled. An order past its time, or no longer wanted, is
// ended at the channel.
func (r *Room) ask(ctx context.Context, order uuid.UUID, end bool) (time.Duration, error) {
	k, err := orderWhere(ctx, r.Pool, `id = $1`, order)
	if err != nil {
		return 0, err
	}
	if k.State != open {
		return 0, nil
	}
	c, ok := r.channel(k.Channel)
	if !ok {
		return 0, fmt.Errorf("payment: channel %s of order %s is not set up", k.Channel, k.ID)
	}
	b, err := r.billByID(ctx, r.Pool, k.Bill, "")
	if err != nil {
		return 0, err
	}
	o := r.atChannel(k, b)
	settled, err := r.query(ctx, c, o)
	if settled || err != nil {
		return 0, err
	}
	if over := !r.Clock.Now().Before(k.Expires); !end && !over {
		return pause(r.Clock.Now().Sub(k.Created), k.Expires.Sub(r.Clock.Now())), nil
	}
	switch err := c.Close(ctx, o); {
	case errors.Is(err, ErrStays):
		return pause(r.Clock.Now().Sub(k.Created), k.Expires.Sub(r.Clock.Now())), nil
	case errors.Is(err, ErrPaid): // in the moment between
		if settled, err := r.query(ctx, c, o); settled || err != nil {
			return 0, err
		}
		return 5 * time.Second, nil
	case err != nil:
		return 0, err
	}
	return 0, r.end(ctx, k.ID)
}

// query asks the channel and enters a payment; settled when there is nothing more to ask.
func (r *Room) query(ctx context.Context, c Channel, o Order) (settled bool, err error) {
	st, err := c.Query(ctx, o)
	switch {
	case err != nil:
		return false, err
	case st.State == Ended:
		return true, r.end(ctx, o.ID)
	case st.State == Unpaid:
		return false, nil
	}
	return true, pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.arrive(ctx, tx, o.ID, st) })
}

func (r *Room) end(ctx context.Context, order uuid.UUID) error {
	if _, err := r.Pool.Exec(ctx, `UPDATE payment_orders SET state = 'closed' WHERE id = $1 AND state = 'open'`, order); err != nil {
		return fmt.Errorf("payment: end order: %w", err)
	}
	return nil
}

// pause grows with the age of an order, and ends shortly after the order does.
func pause(age, left time.Duration) time.Duration {
	p := 2 * time.Minute
	switch {
	case age < time.Minute:
		p = 10 * time.Second
	case age < 5*time.Minute:
		p = 30 * time.Second
	}
	return max(min(p, left+time.Second), time.Second)
}
