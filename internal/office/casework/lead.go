package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

// Heat counts the open orders of one step.
type Heat struct {
	Department string
	Name       string
	Open       int
	Today      int // due before the day ends
	Late       int
}

// HeatOf counts the open orders that a leader answers for, by department and step: one grouped query.
func (s *Service) HeatOf(ctx context.Context, db pg.DB, scope staff.Scope) ([]Heat, error) {
	now := s.clock.Now()
	end := land.DateOf(now).AddDays(1).Time()
	rows, err := db.Query(ctx, `SELECT department, name, count(*)::int, count(*) FILTER (WHERE due_at >= $3 AND due_at < $4)::int, count(*) FILTER (WHERE due_at < $3)::int
		FROM work_orders WHERE state = 'open' AND kind <> 'wait' AND ($1 = '' OR district = $1) AND ($2 = '' OR department = $2)
		GROUP BY department, name ORDER BY 5 DESC, 3 DESC, 1, 2`, scope.District, scope.Department, now, end)
	if err != nil {
		return nil, fmt.Errorf("casework: heat: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Heat])
}

// Late is an order past its limit.
type Late struct {
	Order      uuid.UUID
	CaseNo     string
	Name       string
	People     string
	Department string
	Assignee   string
	Person     bool // a person's: it can be given to another
	DueAt      time.Time
	Trouble    string
}

// LateOf lists the orders longest past their limit.
func (s *Service) LateOf(ctx context.Context, db pg.DB, scope staff.Scope, limit int) ([]Late, error) {
	rows, err := db.Query(ctx, `SELECT o.id, c.no, o.name, c.people, o.department, o.assignee_name, o.kind = 'person', o.due_at, o.trouble
		FROM work_orders o JOIN cases c ON c.id = o.case_id
		WHERE o.state = 'open' AND o.kind <> 'wait' AND o.due_at < $3 AND ($1 = '' OR o.district = $1) AND ($2 = '' OR o.department = $2)
		ORDER BY o.due_at LIMIT $4`, scope.District, scope.Department, s.clock.Now(), limit)
	if err != nil {
		return nil, fmt.Errorf("casework: late: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Late])
}

// Load counts the open orders in each person's hands; index work_orders_mine.
func (s *Service) Load(ctx context.Context, db pg.DB, people []staff.Person) (map[uuid.UUID]int, error) {
	ids := make([]uuid.UUID, 0, len(people))
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	rows, err := db.Query(ctx, `SELECT assignee, count(*)::int FROM work_orders WHERE state = 'open' AND assignee = ANY($1) GROUP BY assignee`, ids)
	if err != nil {
		return nil, fmt.Errorf("casework: load: %w", err)
	}
	out := map[uuid.UUID]int{}
	var id uuid.UUID
	var n int
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error { out[id] = n; return nil })
	return out, err
}

// AtCounter lists the open orders of a form at the clerk's counters, of one case when its number is given.
func (s *Service) AtCounter(ctx context.Context, db pg.DB, who staff.Person, form string, no land.CaseNumber) ([]Row, error) {
	args := s.queueArgs(who)
	args["form"], args["no"] = form, string(no)
	rows, err := db.Query(ctx, `SELECT o.id, c.no, o.name, c.item_name, c.people, c.address, c.district, c.channel, o.assignee_name, o.opened_at, o.due_at, o.escalated,
			(SELECT count(*) FROM case_checks k WHERE k.case_id = c.id AND k.result <> 'pass')::int, o.trouble,
			(SELECT count(*) FROM case_checks k WHERE k.case_id = c.id)::int
		FROM work_orders o JOIN cases c ON c.id = o.case_id
		WHERE o.kind = 'person' AND o.state = 'open' AND o.form = @form AND (@no = '' OR c.no = @no) AND `+myDesk+`
		ORDER BY coalesce(o.due_at, 'infinity'), o.id LIMIT 50`, args)
	if err != nil {
		return nil, fmt.Errorf("casework: at the counter: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
}
