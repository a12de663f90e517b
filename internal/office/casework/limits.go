package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/kit/pg"
	"yichuang/internal/office/staff"
)

// LimitsArgs is the periodic job that looks for orders to remind of or to escalate.
type LimitsArgs struct{}

// Kind names the job.
func (LimitsArgs) Kind() string { return "casework.limits" }

// Watcher is the River worker of LimitsArgs.
type Watcher struct {
	river.WorkerDefaults[LimitsArgs]
	S *Service
}

// Work does one round.
func (w Watcher) Work(ctx context.Context, _ *river.Job[LimitsArgs]) error {
	_, err := w.S.WatchLimits(ctx)
	return err
}

// WatchLimits reminds holders at 75 % of a limit, tells the superior at 100 % and theirs at 150 % (domain: 时效监控).
// Each step of an order is told once. It reads only orders whose next step is due: index work_orders_limits.
func (s *Service) WatchLimits(ctx context.Context) (told int, err error) {
	for {
		n, err := s.watchSome(ctx)
		told += n
		if err != nil || n == 0 {
			return told, err
		}
	}
}

func (s *Service) watchSome(ctx context.Context) (n int, err error) {
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now := s.clock.Now()
		rows, err := tx.Query(ctx, `SELECT `+orderColumns+` FROM work_orders WHERE state = 'open' AND remind_at <= $1
			ORDER BY remind_at LIMIT 100 FOR UPDATE SKIP LOCKED`, now)
		if err != nil {
			return err
		}
		due, err := pgx.CollectRows(rows, scanOrder)
		if err != nil {
			return err
		}
		n = len(due)
		for _, o := range due {
			if err := s.tell(ctx, tx, o, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("casework: watch limits: %w", err)
	}
	return n, nil
}

// tell notes the step in the leader's list and sets when the next one is due.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, o Order, now time.Time) error {
	level := o.Escalated + 1
	next := NextStep(o.OpenedAt, *o.DueAt, level)
	if _, err := tx.Exec(ctx, `UPDATE work_orders SET escalated = $2, remind_at = $3 WHERE id = $1`, o.ID, level, next); err != nil {
		return err
	}
	whom, err := s.whom(ctx, tx, o, level)
	if err != nil {
		return err
	}
	for _, id := range whom {
		if _, err := tx.Exec(ctx, `INSERT INTO reminders (id, order_id, person, level, at) VALUES ($1, $2, $3, $4, $5)`,
			uuid.Must(uuid.NewV7()), o.ID, id, level, now); err != nil {
			return err
		}
	}
	if level < 2 {
		return nil
	}
	return s.note(ctx, tx, o.Case, Event{Text: fmt.Sprintf("%s超过时限，已提醒%s", o.Name, [...]string{"", "", "负责人", "上级负责人"}[level])})
}

// NextStep is when the step after level is due: 75 %, 100 %, 150 % of the limit; nil after the last.
func NextStep(opened, due time.Time, level int) *time.Time {
	percent := [...]int64{75, 100, 150}
	if level >= len(percent) {
		return nil
	}
	at := opened.Add(due.Sub(opened) * time.Duration(percent[level]) / 100)
	return &at
}

// whom finds who is told: the holder or the whole desk at first, then the superior, then theirs.
func (s *Service) whom(ctx context.Context, tx pgx.Tx, o Order, level int) ([]uuid.UUID, error) {
	var people []staff.Person
	if o.Assignee != nil {
		p, err := s.staff.ByID(ctx, tx, *o.Assignee)
		if err == nil {
			people = append(people, p)
		}
	}
	if len(people) == 0 {
		desk, err := s.staff.Colleagues(ctx, tx, o.District, o.Department, o.Role)
		if err != nil {
			return nil, err
		}
		people = desk
	}
	seen := map[uuid.UUID]bool{}
	for _, p := range people {
		id := p.ID
		for range level - 1 {
			up, err := s.staff.ByID(ctx, tx, id)
			if err != nil || up.Superior == uuid.Nil {
				break
			}
			id = up.Superior
		}
		seen[id] = true
	}
	out := make([]uuid.UUID, 0, len(seen))
	for id := range seen {
		out = append(out, id)
	}
	return out, nil
}
