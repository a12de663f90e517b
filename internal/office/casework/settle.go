package casework

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/flow"
	"yichuang/internal/office/staff"
)

// Settle closes an open order with the result of a system's answer, applies its effect and lets the flow go on: all in
// tx. An answer that comes twice, late or after the case ended gives ErrNotOpen and changes nothing.
func (s *Service) Settle(ctx context.Context, tx pgx.Tx, id uuid.UUID, r Result) error {
	c, o, err := s.lockOrder(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, c, o, r, staff.Person{})
}

// settle is the one way in which an order ends well, whoever ends it. By is zero for systems.
func (s *Service) settle(ctx context.Context, tx pgx.Tx, c *Case, o Order, r Result, by staff.Person) error {
	if o.State != "open" {
		return ErrNotOpen
	}
	if r.Effect != nil {
		err := r.Effect(ctx, tx, c)
		if errors.Is(err, ErrFailedPayment) && o.Kind == System {
			return s.toPerson(ctx, tx, o.ID, "银行没有付成，请核对收款账户后重新付款", "")
		}
		if err != nil {
			return err
		}
	}
	if r.Against != "" {
		c.Facts.Against = r.Against
		if err := s.SaveFacts(ctx, tx, c); err != nil {
			return err
		}
	}
	outcome, _ := r.Data["outcome"].(string)
	if err := s.close(ctx, tx, o, outcome, r, by); err != nil {
		return err
	}
	if r.Public != "" {
		if err := s.note(ctx, tx, c.ID, Event{Text: r.Public, Actor: by.Name, Public: true}); err != nil {
			return err
		}
	}
	if err := s.keepTime(ctx, tx, c.ID, o.Attr); err != nil {
		return err
	}
	data := maps.Clone(r.Data)
	if data == nil {
		data = map[string]any{}
	}
	if err := s.engine.Complete(ctx, tx, o.ID, data); err != nil {
		if errors.Is(err, flow.ErrNoSuchWork) {
			return ErrNotOpen
		}
		return fmt.Errorf("casework: %s of %s: %w", o.Node, c.No, err)
	}
	return s.publish(ctx, tx, c.ID)
}

func (s *Service) close(ctx context.Context, tx pgx.Tx, o Order, outcome string, r Result, by staff.Person) error {
	requests, err := s.sealJSON(r.Requests, o.Case)
	if err != nil {
		return err
	}
	var byID *uuid.UUID
	if by.ID != uuid.Nil {
		byID = &by.ID
	}
	tag, err := tx.Exec(ctx, `UPDATE work_orders SET state = 'done', closed_at = $2, closed_by = $3, closed_by_id = $4, outcome = $5,
		opinion = $6, requests = $7 WHERE id = $1 AND state = 'open'`,
		o.ID, s.clock.Now(), by.Name, byID, outcome, s.sealText(r.Opinion, o.Case), requests)
	if err != nil {
		return fmt.Errorf("casework: close order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotOpen
	}
	return nil
}

// keepTime stops the clock of a case while anything is with the applicant, and starts it again when nothing is: the
// promised day moves by the working days that were not ours. It is called when an order with those attributes opens or ends.
func (s *Service) keepTime(ctx context.Context, tx pgx.Tx, id uuid.UUID, opensOrEnds map[string]string) error {
	if opensOrEnds["stopsClock"] != "true" {
		return nil
	}
	var theirs bool
	var paused, promised *time.Time
	if err := tx.QueryRow(ctx, `SELECT paused_at, promised_by, EXISTS (SELECT FROM work_orders o
			WHERE o.case_id = c.id AND o.state = 'open' AND o.attr->>'stopsClock' = 'true')
		FROM cases c WHERE id = $1`, id).Scan(&paused, &promised, &theirs); err != nil {
		return fmt.Errorf("casework: clock: %w", err)
	}
	if theirs == (paused != nil) {
		return nil
	}
	now := s.clock.Now()
	if theirs {
		paused = &now
	} else {
		if promised != nil {
			moved := s.catalog.Calendar().AddWorkingDays(*promised, s.catalog.Calendar().WorkingDaysBetween(*paused, now))
			promised = &moved
		}
		paused = nil
	}
	if _, err := tx.Exec(ctx, `UPDATE cases SET paused_at = $2, promised_by = $3 WHERE id = $1`, id, paused, promised); err != nil {
		return fmt.Errorf("casework: clock: %w", err)
	}
	return nil
}
