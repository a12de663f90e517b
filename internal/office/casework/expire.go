package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
)

// BillsArgs is the periodic job that ends bills whose time is over.
type BillsArgs struct{}

// Kind names the job.
func (BillsArgs) Kind() string { return "casework.bills" }

// BillClerk is the River worker of BillsArgs.
type BillClerk struct {
	river.WorkerDefaults[BillsArgs]
	S *Service
}

// Work does one round.
func (b BillClerk) Work(ctx context.Context, _ *river.Job[BillsArgs]) error {
	_, err := b.S.ExpireBills(ctx)
	return err
}

// ExpireBills ends the bills whose time is over and tells their payers. Where the case still waits for the money, because
// the last day was a day off, the payer gets a fresh bill for the time that is left.
func (s *Service) ExpireBills(ctx context.Context) (expired int, err error) {
	cases, err := s.billing.Due(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("casework: expire bills: %w", err)
	}
	for _, id := range cases {
		err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			n, err := s.expireBills(ctx, tx, id)
			expired += n
			return err
		})
		if err != nil {
			return expired, fmt.Errorf("casework: expire bills: %w", err)
		}
	}
	return expired, nil
}

func (s *Service) expireBills(ctx context.Context, tx pgx.Tx, id uuid.UUID) (int, error) {
	c, err := s.lock(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	ended, err := s.billing.Expire(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if err := s.billsClosed(ctx, tx, ended); err != nil {
		return 0, err
	}
	for _, b := range ended {
		if err := s.note(ctx, tx, id, Event{Text: billNames[b.Kind] + "账单已过期，没有扣款", Public: true}); err != nil {
			return 0, err
		}
		if err := s.announceTo(ctx, tx, c, "bill-expired", b.Payer, nil, "pay"); err != nil {
			return 0, err
		}
		if err := s.renew(ctx, tx, c, b.ID); err != nil {
			return 0, err
		}
	}
	return len(ended), s.publish(ctx, tx, id)
}

// renew issues an expired bill again for as long as the case waits for it.
func (s *Service) renew(ctx context.Context, tx pgx.Tx, c *Case, id uuid.UUID) error {
	old, err := s.billing.Bill(ctx, tx, id)
	if err != nil {
		return err
	}
	attr, value := "bill", old.Kind
	if old.Kind == trustBill {
		attr, value = "message", "trust.deposit"
	}
	o, waits, err := s.openWait(ctx, tx, c.ID, attr, value)
	if err != nil || !waits || o.DueAt == nil {
		return err
	}
	until := o.DueAt.Add(-time.Second)
	if !until.After(s.clock.Now()) {
		return nil
	}
	b, err := s.billing.Issue(ctx, tx, billing.NewBill{Case: c.ID, CaseNo: c.No, District: c.District, Kind: old.Kind, Payer: old.Payer,
		Key: "after/" + old.ID.String(), Lines: old.Lines, Until: until})
	if err != nil {
		return err
	}
	return s.door.Send(ctx, tx, ferry.Message{Type: message.BillIssued, Case: c.ID.String(), Body: b.Message()})
}

// RestrictionsArgs is the nightly job that ends restrictions whose term is over.
type RestrictionsArgs struct{}

// Kind names the job.
func (RestrictionsArgs) Kind() string { return "casework.restrictions" }

// NightWatch is the River worker of RestrictionsArgs.
type NightWatch struct {
	river.WorkerDefaults[RestrictionsArgs]
	S *Service
}

// Work does one round.
func (n NightWatch) Work(ctx context.Context, _ *river.Job[RestrictionsArgs]) error {
	_, err := n.S.ExpireRestrictions(ctx)
	return err
}

// ExpireRestrictions ends the seizures, objections and advance notices whose term is over, and lets the cases of their
// units go on where nothing else stands against them.
func (s *Service) ExpireRestrictions(ctx context.Context) (units int, err error) {
	due, err := s.register.Due(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("casework: expire restrictions: %w", err)
	}
	for _, unit := range due {
		err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.expireRestrictions(ctx, tx, unit) })
		if err != nil {
			return units, fmt.Errorf("casework: expire restrictions: %w", err)
		}
		units++
	}
	return units, nil
}

func (s *Service) expireRestrictions(ctx context.Context, tx pgx.Tx, unit land.UnitCode) error {
	change, err := s.register.Expire(ctx, tx, unit)
	if err != nil || len(change.Ended) == 0 {
		return err
	}
	return s.UnitRestricted(ctx, tx, unit, "", "限制", "", true)
}
