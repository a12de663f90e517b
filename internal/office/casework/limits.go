package casework

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/catalog"
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

// WatchLimits reminds the holder of an order and then tells those above, at the marks that the catalog sets for its step.
// Each mark of an order is told once. It reads only orders whose next mark is due: index work_orders_limits.
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
		due, err := pgx.CollectRows(rows, s.scanOrder)
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

// tell notes the mark in the lists of those it concerns and sets the next one.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, o Order, now time.Time) error {
	level := o.Escalated + 1
	if _, err := tx.Exec(ctx, `UPDATE work_orders SET escalated = $2, remind_at = marks[$2 + 1] WHERE id = $1`, o.ID, level); err != nil {
		return err
	}
	if o.Kind == Wait {
		return s.remindParties(ctx, tx, o)
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
	if err := s.text(ctx, tx, o, level, whom, now); err != nil {
		return err
	}
	if level < 2 {
		return nil
	}
	return s.note(ctx, tx, o.Case, Event{Text: fmt.Sprintf("%s超过时限，已提醒%s", o.Name, above[min(level, len(above)-1)])})
}

// text sends the same by SMS: to the holder before the limit, to those above after it. A whole desk is not sent any.
func (s *Service) text(ctx context.Context, tx pgx.Tx, o Order, level int, whom []uuid.UUID, now time.Time) error {
	if level < 2 && o.Assignee == nil {
		return nil
	}
	c, err := s.ByID(ctx, tx, o.Case)
	if err != nil {
		return err
	}
	holder := o.AssigneeName
	if holder == "" {
		holder = "未领取"
	}
	kind, args := "sms.remind", map[string]string{"no": string(c.No), "step": o.Name, "who": holder, "date": day(*o.DueAt)}
	if level >= 2 {
		kind, args["h"] = "sms.overdue", strconv.Itoa(int(now.Sub(*o.DueAt).Hours()))
	}
	for _, id := range whom {
		p, err := s.staff.ByID(ctx, tx, id)
		if errors.Is(err, staff.ErrNobody) {
			continue
		}
		if err != nil {
			return err
		}
		if err := p.Text(ctx, tx, s.door, kind, args); err != nil {
			return err
		}
	}
	return nil
}

// above names whom a level of escalation reaches.
var above = []string{"", "", "负责人", "上级负责人"}

// remindParties tells the parties that the time for something of theirs is nearly over.
func (s *Service) remindParties(ctx context.Context, tx pgx.Tx, o Order) error {
	what := asked[o.Attr["message"]]
	if what == "" || o.DueAt == nil {
		return nil
	}
	c, err := s.ByID(ctx, tx, o.Case)
	if err != nil {
		return err
	}
	return s.announce(ctx, tx, c, "due-soon", map[string]any{"what": what, "date": day(*o.DueAt)}, "")
}

// asked is what the parties have to do while the flow waits for a message.
var asked = map[string]string{"correction.submitted": "补交材料", "tax.confirmed": "确认税额或提出异议", "bill.paid": "缴清税费", "trust.deposit": "存入首付款"}

// usual are the marks of a step for which the catalog sets none, in percent of its limit.
var usual = []int{75, 100, 150}

// marksOf are the percentages at which somebody is told of a step.
func marksOf(item *catalog.Item, node string) []int {
	l, ok := item.Limits[node]
	if !ok {
		return usual
	}
	if l.Remind == 0 {
		return l.Escalate
	}
	return append([]int{l.Remind}, l.Escalate...)
}

// marks are the moments at which the percentages of a limit are reached, in the time that it runs in: three quarters of a
// working day are three quarters of its office hours.
func marks(cal *catalog.Calendar, from, due time.Time, working bool, percents []int) []time.Time {
	var out []time.Time
	for _, p := range percents {
		switch {
		case p == 100:
			out = append(out, due)
		case working:
			out = append(out, cal.AddWorkingTime(from, cal.WorkingDuration(from, due)*time.Duration(p)/100))
		default:
			out = append(out, from.Add(due.Sub(from)*time.Duration(p)/100))
		}
	}
	return out
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
