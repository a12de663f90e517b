package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

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
		if err := r.Effect(ctx, tx, c); err != nil {
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
	if err := s.resume(ctx, tx, c, o); err != nil {
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
	requests, err := json.Marshal(r.Requests)
	if err != nil {
		return fmt.Errorf("casework: encode requests: %w", err)
	}
	if r.Requests == nil {
		requests = []byte("[]")
	}
	var byID *uuid.UUID
	if by.ID != uuid.Nil {
		byID = &by.ID
	}
	tag, err := tx.Exec(ctx, `UPDATE work_orders SET state = 'done', closed_at = $2, closed_by = $3, closed_by_id = $4, outcome = $5,
		opinion = $6, requests = $7 WHERE id = $1 AND state = 'open'`,
		o.ID, s.clock.Now(), by.Name, byID, outcome, r.Opinion, requests)
	if err != nil {
		return fmt.Errorf("casework: close order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotOpen
	}
	return nil
}

// resume starts the clock of the case again when the last order that had stopped it ends, and moves the promised day by
// the working days that were with the applicant.
func (s *Service) resume(ctx context.Context, tx pgx.Tx, c *Case, ended Order) error {
	if c.PausedAt == nil || ended.Attr["stopsClock"] != "true" {
		return nil
	}
	var others int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM work_orders WHERE case_id = $1 AND state = 'open' AND attr->>'stopsClock' = 'true'`,
		c.ID).Scan(&others); err != nil {
		return fmt.Errorf("casework: resume: %w", err)
	}
	if others > 0 {
		return nil
	}
	promised := c.PromisedBy
	if promised != nil {
		days := s.catalog.Calendar().WorkingDaysBetween(*c.PausedAt, s.clock.Now())
		moved := s.catalog.Calendar().AddWorkingDays(*promised, days)
		promised = &moved
	}
	if _, err := tx.Exec(ctx, `UPDATE cases SET paused_at = NULL, promised_by = $2 WHERE id = $1`, c.ID, promised); err != nil {
		return fmt.Errorf("casework: resume: %w", err)
	}
	return nil
}

// pause stops the clock of the case while something is with the applicant.
func (s *Service) pause(ctx context.Context, tx pgx.Tx, c *Case) error {
	if _, err := tx.Exec(ctx, `UPDATE cases SET paused_at = coalesce(paused_at, $2) WHERE id = $1`, c.ID, s.clock.Now()); err != nil {
		return fmt.Errorf("casework: pause: %w", err)
	}
	return nil
}
