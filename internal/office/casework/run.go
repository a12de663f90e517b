package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/pg"
)

// Doer is the River worker of system orders.
type Doer struct {
	river.WorkerDefaults[DoArgs]
	S *Service
}

// Timeout bounds one attempt, slow counterparts included.
func (Doer) Timeout(*river.Job[DoArgs]) time.Duration { return time.Minute }

// NextRetry grows from two seconds to five minutes and stays there: a department that is silent for hours is asked again
// until it answers or a person takes over.
func (d Doer) NextRetry(job *river.Job[DoArgs]) time.Time {
	pause := 2 * time.Second << min(job.Attempt, 7)
	return d.S.clock.Now().Add(min(pause, 5*time.Minute))
}

// Work does one attempt.
func (d Doer) Work(ctx context.Context, job *river.Job[DoArgs]) error {
	return d.S.Do(ctx, job.Args.Order)
}

// Do makes one attempt at a system order. It is safe to call twice.
func (s *Service) Do(ctx context.Context, id uuid.UUID) error {
	o, err := s.Order(ctx, s.pool, id)
	if err != nil {
		return err
	}
	if o.State != "open" || o.Kind != System || o.SentAt != nil {
		return nil
	}
	c, err := s.ByID(ctx, s.pool, o.Case)
	if err != nil {
		return err
	}
	act := s.acts[o.Operation]
	if act == nil {
		return fmt.Errorf("casework: no act for operation %s", o.Operation)
	}
	result, err := act(ctx, c, o)
	var refusal *exchange.Refusal
	switch {
	case errors.Is(err, exchange.ErrDesk):
		return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.toPerson(ctx, tx, id, "", "") })
	case errors.As(err, &refusal):
		// The counterpart understood and said no for a reason of form: asking again gives the same. A person looks.
		return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			return s.toPerson(ctx, tx, id, "对方系统退回", refusal.Message)
		})
	case err != nil:
		s.failedAttempt(ctx, id, err)
		return err
	case result.Pending:
		return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.taken(ctx, tx, id) })
	}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.Settle(ctx, tx, id, result) })
	if errors.Is(err, ErrNotOpen) {
		return nil // somebody else was faster, or the case ended meanwhile
	}
	if err != nil {
		s.failedAttempt(ctx, id, err)
	}
	return err
}

// taken notes that the counterpart took an order and answers later.
func (s *Service) taken(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	c, o, err := s.lockOrder(ctx, tx, id)
	if err != nil || o.State != "open" {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE work_orders SET sent_at = $2, trouble = '' WHERE id = $1`, id, s.clock.Now()); err != nil {
		return fmt.Errorf("casework: note sending: %w", err)
	}
	if o.Trouble == "" {
		return nil
	}
	return s.publish(ctx, tx, c.ID)
}

// failedAttempt counts the attempt and shows the trouble, to the parties as well when it is new.
func (s *Service) failedAttempt(ctx context.Context, id uuid.UUID, cause error) {
	text := "对方系统没有回应，正在自动重试"
	if !errors.Is(cause, exchange.ErrUnavailable) {
		text = "处理没有完成，正在自动重试"
	}
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		c, o, err := s.lockOrder(ctx, tx, id)
		if err != nil || o.State != "open" {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE work_orders SET attempts = attempts + 1, trouble = $2 WHERE id = $1`, id, text); err != nil {
			return err
		}
		if o.Trouble == text {
			return nil
		}
		return s.publish(ctx, tx, c.ID)
	})
	if err != nil {
		s.log.ErrorContext(ctx, "cannot note a failed attempt", "order", id, "error", err)
	}
}

// toPerson turns a system order into a person's: the endpoint is a desk, or the system cannot do it. Said is
// what the other side gave as its reason.
func (s *Service) toPerson(ctx context.Context, tx pgx.Tx, id uuid.UUID, trouble, said string) error {
	c, o, err := s.lockOrder(ctx, tx, id)
	if err != nil {
		return err
	}
	if o.State != "open" || o.Kind == Person {
		return nil
	}
	form := o.Form
	if form == "" {
		form = "desk"
	}
	if _, err := tx.Exec(ctx, `UPDATE work_orders SET kind = 'person', form = $2, trouble = $3, said = $4 WHERE id = $1`, id, form, trouble, s.sealText(said, c.ID)); err != nil {
		return fmt.Errorf("casework: hand to a person: %w", err)
	}
	if trouble != "" {
		if err := s.note(ctx, tx, c.ID, Event{Text: strings.TrimSuffix(o.Name+"改由人工办理，"+trouble+"："+said, "：")}); err != nil {
			return err
		}
	}
	return s.publish(ctx, tx, c.ID)
}
