package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office/staff"
)

// Decision is what a person makes of a work order.
type Decision struct {
	Outcome  string
	Opinion  string
	Requests []Request         // with outcome "correct"
	Values   map[string]string // fields of the order's form
	Source   string            // address of the terminal, for the audit record
}

// DeskAct turns the fields of a form into a result: for orders of a district whose department has no system, and for
// forms of our own. A FieldErrors return is shown beside the fields.
type DeskAct func(ctx context.Context, tx pgx.Tx, c *Case, o Order, by staff.Person, d Decision) (Result, error)

// FieldErrors maps the name of a field to its sentence.
type FieldErrors map[string]string

func (e FieldErrors) Error() string { return fmt.Sprintf("casework: %d fields need a change", len(e)) }

// deskActs by operation, or by form where an order has no operation.
func (s *Service) deskActs() map[string]DeskAct {
	return map[string]DeskAct{
		"registry.entry.push":   s.deskEntry,
		"tax.assessment.push":   s.deskAssessment,
		"housing.contract.push": s.deskFiling,
		"bank.trust.open":       s.deskTrust,
		"bank.trust.payout":     s.deskPayout,
		"bank.trust.refund":     s.deskPayout,
		"bank.loan.evaluate":    s.deskLoan,
		"fund.loan.evaluate":    s.deskLoan,
		"tax-counter":           s.deskTaxCounter,
		"accept":                s.deskAccept,
		"pickup":                s.deskPickup,
		"delivery.ems":          s.deskPickup,
	}
}

// Decide ends a person's order. Only who holds it may, only with an outcome that the flow offers, and a second review
// not by who made the first.
func (s *Service) Decide(ctx context.Context, by staff.Person, id uuid.UUID, d Decision) error {
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		c, o, err := s.lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.mayDecide(ctx, tx, o, by, d); err != nil {
			return err
		}
		result := Result{Data: map[string]any{}, Opinion: d.Opinion, Requests: d.Requests}
		if d.Outcome != "" {
			result.Data["outcome"] = d.Outcome
		}
		key := o.Operation
		if key == "" {
			key = o.Form
		}
		if act := s.deskActs()[key]; act != nil {
			if result, err = act(ctx, tx, c, o, by, d); err != nil {
				return err
			}
		}
		if d.Outcome == "refuse" {
			result.Against, result.Data["refusedBy"] = d.Opinion, o.Department
		}
		if result.Public == "" {
			result.Public = publicLine(o, d)
		}
		if err := s.audit.Record(ctx, tx, audit.Entry{Actor: by.ID.String(), ActorName: by.Name, Kind: audit.KindDecision, Action: o.Name,
			Object: o.ID.String(), Case: string(c.No), Source: d.Source, Outcome: audit.OK, Detail: map[string]any{"outcome": d.Outcome}}); err != nil {
			return err
		}
		return s.settle(ctx, tx, c, o, result, by)
	})
	var fields FieldErrors
	if err == nil || errors.As(err, &fields) {
		return err
	}
	return fmt.Errorf("casework: decide: %w", err)
}

func (s *Service) mayDecide(ctx context.Context, tx pgx.Tx, o Order, by staff.Person, d Decision) error {
	if o.State != "open" || o.Kind != Person {
		return ErrNotOpen
	}
	if !mayWork(o, by) {
		return ErrNoOrder
	}
	if o.Assignee == nil || *o.Assignee != by.ID {
		return s.held(o)
	}
	if offered := Outcomes(o); len(offered) > 0 && !slices.Contains(offered, d.Outcome) {
		return ErrOutcome
	}
	if d.Outcome == "correct" && len(d.Requests) == 0 {
		return FieldErrors{"requests": "请选择要补正的材料，并写明原因"}
	}
	if (d.Outcome == "refuse" || d.Outcome == "back") && strings.TrimSpace(d.Opinion) == "" {
		return FieldErrors{"opinion": "请写明理由"}
	}
	return s.anotherPerson(ctx, tx, o, by)
}

// Outcomes that the flow offers for an order, in its order; none when a plain "finished" is all.
func Outcomes(o Order) []string { return strings.Fields(o.Attr["outcomes"]) }

// anotherPerson keeps first and second review apart (Rules on registration: two reviewers).
func (s *Service) anotherPerson(ctx context.Context, tx pgx.Tx, o Order, by staff.Person) error {
	other := o.Attr["notBy"]
	if other == "" {
		return nil
	}
	var last *uuid.UUID
	err := tx.QueryRow(ctx, `SELECT closed_by_id FROM work_orders WHERE case_id = $1 AND node = $2 AND state = 'done'
		ORDER BY closed_at DESC, n DESC LIMIT 1`, o.Case, other).Scan(&last)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("casework: reviewers: %w", err)
	}
	if last != nil && *last == by.ID {
		return ErrSamePerson
	}
	return nil
}

// mayWork tells whether an order lies on the desk of the person's department, district, role and, for a bank, of that bank.
func mayWork(o Order, by staff.Person) bool {
	return by.Department == o.Department && (by.District == "" || by.District == o.District) &&
		(o.Role == "" || slices.Contains(by.Roles, o.Role)) && (by.Org == "" || o.Org == "" || by.Org == o.Org)
}

func (s *Service) held(o Order) error {
	if o.Assignee == nil {
		return ErrNotYours
	}
	since := o.OpenedAt
	if o.ClaimedAt != nil {
		since = *o.ClaimedAt
	}
	return ErrHeld{By: o.AssigneeName, Since: since}
}

// Claim takes an open order for oneself. Claiming one's own again changes nothing; a colleague's gives ErrHeld.
func (s *Service) Claim(ctx context.Context, by staff.Person, id uuid.UUID) (Order, error) {
	return s.assign(ctx, by, id, false)
}

// TakeOver takes an order from the colleague who holds it; the history says so.
func (s *Service) TakeOver(ctx context.Context, by staff.Person, id uuid.UUID) (Order, error) {
	return s.assign(ctx, by, id, true)
}

func (s *Service) assign(ctx context.Context, by staff.Person, id uuid.UUID, force bool) (o Order, err error) {
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var c *Case
		if c, o, err = s.lockOrder(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case !mayWork(o, by):
			return ErrNoOrder
		case o.State != "open" || o.Kind != Person:
			return ErrNotOpen
		case o.Assignee != nil && *o.Assignee == by.ID:
			return nil
		case o.Assignee != nil && !force:
			return s.held(o)
		}
		if err := s.anotherPerson(ctx, tx, o, by); err != nil {
			return err
		}
		if o.Assignee != nil {
			if err := s.note(ctx, tx, c.ID, Event{Text: fmt.Sprintf("%s由%s接手，原承办%s", o.Name, by.Name, o.AssigneeName), Actor: by.Name}); err != nil {
				return err
			}
		}
		return s.setAssignee(ctx, tx, &o, &by.ID, by.Name)
	})
	return o, err
}

// Release gives a claimed order back to the pool.
func (s *Service) Release(ctx context.Context, by staff.Person, id uuid.UUID) error {
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, o, err := s.lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Assignee == nil || *o.Assignee != by.ID || o.State != "open" {
			return ErrNotYours
		}
		return s.setAssignee(ctx, tx, &o, nil, "")
	})
}

// Reassign is a leader's: the order goes to another of the same desk, with a reason.
func (s *Service) Reassign(ctx context.Context, leader staff.Person, id uuid.UUID, to staff.Person, reason, source string) error {
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		c, o, err := s.lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case !staff.ScopeOf(leader).Covers(o.District, o.Department):
			return ErrNoOrder
		case o.State != "open" || o.Kind != Person:
			return ErrNotOpen
		case !mayWork(o, to):
			return FieldErrors{"to": "这位同事不承办这一步"}
		case strings.TrimSpace(reason) == "":
			return FieldErrors{"reason": "请写明改派理由"}
		}
		if err := s.anotherPerson(ctx, tx, o, to); err != nil {
			return err
		}
		if err := s.note(ctx, tx, c.ID, Event{Text: fmt.Sprintf("%s改派给%s：%s", o.Name, to.Name, reason), Actor: leader.Name}); err != nil {
			return err
		}
		if err := s.audit.Record(ctx, tx, audit.Entry{Actor: leader.ID.String(), ActorName: leader.Name, Kind: audit.KindChange, Action: "改派",
			Object: o.ID.String(), Case: string(c.No), Source: source, Outcome: audit.OK, Detail: map[string]any{"reason": reason}}); err != nil {
			return err
		}
		return s.setAssignee(ctx, tx, &o, &to.ID, to.Name)
	})
}

func (s *Service) setAssignee(ctx context.Context, tx pgx.Tx, o *Order, id *uuid.UUID, name string) error {
	var at *time.Time
	if id != nil {
		now := s.clock.Now()
		at = &now
	}
	o.Assignee, o.AssigneeName, o.ClaimedAt = id, name, at
	if _, err := tx.Exec(ctx, `UPDATE work_orders SET assignee = $2, assignee_name = $3, claimed_at = $4 WHERE id = $1`,
		o.ID, id, name, at); err != nil {
		return fmt.Errorf("casework: assign: %w", err)
	}
	return nil
}

// publicLine is the history line of a decision in words that a citizen understands.
func publicLine(o Order, d Decision) string {
	switch d.Outcome {
	case "pass":
		return o.Name + "已通过"
	case "correct":
		return o.Name + "需要补正"
	case "refuse":
		return o.Name + "没有通过"
	case "back":
		return o.Name + "退回上一步复核"
	}
	return o.Name + "已完成"
}
