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

// Views of the work queue.
const (
	Mine     = "mine"     // claimed by me
	Pool     = "pool"     // of my desk, claimed by nobody
	Overdue  = "overdue"  // of my desk, past its limit
	Waiting  = "waiting"  // cases of my district that wait for the applicant
	External = "external" // cases of my district that wait for another system
	Today    = "today"    // what I finished today
)

// Row is a line of the queue, all that the list shows.
type Row struct {
	Order     uuid.UUID
	CaseNo    string
	Name      string
	Item      string
	People    string
	Address   string
	District  string
	Channel   string
	Assignee  string
	OpenedAt  time.Time
	DueAt     *time.Time
	Escalated int
	Warnings  int // checks that did not pass
	Trouble   string
	Checks    int // checks that were made
}

// Filter of a queue page. After is the key of the last row of the page before.
type Filter struct {
	View     string
	Node     string
	Step     string          // name of the step
	District string          // for who sees several
	No       land.CaseNumber // of one case
	Limit    int
	After    *Key
}

// Key is the place of a row in the queue.
type Key struct {
	Due time.Time
	ID  uuid.UUID
}

// views maps a view to its condition; every one is served by a partial index of work_orders named in its comment.
var views = map[string]string{
	Mine:     `o.kind = 'person' AND o.state = 'open' AND o.assignee = @me`,                           // work_orders_mine
	Pool:     `o.kind = 'person' AND o.state = 'open' AND o.assignee IS NULL AND ` + myDesk,           // work_orders_queue
	Overdue:  `o.kind = 'person' AND o.state = 'open' AND o.due_at < @now AND ` + myDesk,              // work_orders_queue
	Waiting:  `o.kind = 'wait' AND o.state = 'open' AND (@district = '' OR o.district = @district)`,   // work_orders_elsewhere
	External: `o.kind = 'system' AND o.state = 'open' AND (@district = '' OR o.district = @district)`, // work_orders_elsewhere
	Today:    `o.state = 'done' AND o.closed_by_id = @me AND o.closed_at >= @today`,                   // work_orders_done
}

const myDesk = `(@district = '' OR o.district = @district) AND o.department = @department AND (o.role = '' OR o.role = ANY(@roles))
	AND (@org = '' OR o.org = '' OR o.org = @org)`

// Queue lists one page of a view, what is due first on top, with one query.
func (s *Service) Queue(ctx context.Context, db pg.DB, who staff.Person, f Filter) ([]Row, error) {
	where, ok := views[f.View]
	if !ok {
		return nil, fmt.Errorf("casework: no view %q", f.View)
	}
	args := s.queueArgs(who)
	args["node"], args["step"], args["only"], args["no"], args["limit"] = f.Node, f.Step, f.District, string(f.No), f.Limit
	args["afterDue"], args["afterID"] = (*time.Time)(nil), (*uuid.UUID)(nil)
	if f.After != nil {
		args["afterDue"], args["afterID"] = f.After.Due, f.After.ID
	}
	rows, err := db.Query(ctx, `SELECT o.id, c.no, o.name, c.item_name, c.people, c.address, c.district, c.channel, o.assignee_name,
			o.opened_at, o.due_at, o.escalated,
			(SELECT count(*) FROM case_checks k WHERE k.case_id = c.id AND k.result <> 'pass')::int, o.trouble,
			(SELECT count(*) FROM case_checks k WHERE k.case_id = c.id)::int
		FROM work_orders o JOIN cases c ON c.id = o.case_id
		WHERE `+where+` AND (@node = '' OR o.node = @node) AND (@step = '' OR o.name = @step) AND (@only = '' OR o.district = @only) AND (@no = '' OR c.no = @no)
		  AND (@afterDue::timestamptz IS NULL OR (coalesce(o.due_at, 'infinity'), o.id) > (@afterDue, @afterID::uuid))
		ORDER BY coalesce(o.due_at, 'infinity'), o.id LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("casework: queue: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
}

// Steps names the steps of a view's orders, for its filter.
func (s *Service) Steps(ctx context.Context, db pg.DB, who staff.Person, view string) ([]string, error) {
	where, ok := views[view]
	if !ok {
		return nil, fmt.Errorf("casework: no view %q", view)
	}
	rows, err := db.Query(ctx, `SELECT DISTINCT name FROM (SELECT o.name FROM work_orders o WHERE `+where+` LIMIT 1000) x ORDER BY name`, s.queueArgs(who))
	if err != nil {
		return nil, fmt.Errorf("casework: steps of a view: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Counts of the views, for the tabs: one query, each count capped at 1000.
func (s *Service) Counts(ctx context.Context, db pg.DB, who staff.Person) (map[string]int, error) {
	order := []string{Mine, Pool, Overdue, Waiting, External, Today}
	query := "SELECT "
	for i, v := range order {
		if i > 0 {
			query += ", "
		}
		query += `(SELECT count(*) FROM (SELECT 1 FROM work_orders o WHERE ` + views[v] + ` LIMIT 1000) x)::int`
	}
	counts := make([]int, len(order))
	dest := make([]any, len(order))
	for i := range counts {
		dest[i] = &counts[i]
	}
	if err := db.QueryRow(ctx, query, s.queueArgs(who)).Scan(dest...); err != nil {
		return nil, fmt.Errorf("casework: counts: %w", err)
	}
	out := map[string]int{}
	for i, v := range order {
		out[v] = counts[i]
	}
	return out, nil
}

func (s *Service) queueArgs(who staff.Person) pgx.NamedArgs {
	now := s.clock.Now()
	today := now.In(beijing)
	return pgx.NamedArgs{"me": who.ID, "district": who.District, "department": who.Department, "roles": who.Roles, "org": who.Org,
		"now": now, "today": time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, beijing)}
}

// Next returns the order that the person should do next: an own one that is due first, else the first of the pool,
// claimed in the same breath. ErrNoOrder when nothing is left.
func (s *Service) Next(ctx context.Context, who staff.Person) (Order, error) {
	for _, view := range []string{Mine, Pool} {
		rows, err := s.Queue(ctx, s.pool, who, Filter{View: view, Limit: 5})
		if err != nil {
			return Order{}, err
		}
		for _, r := range rows {
			o, err := s.Claim(ctx, who, r.Order)
			if err == nil {
				return o, nil
			}
		}
	}
	return Order{}, ErrNoOrder
}

// OfUnit lists the other cases of a unit, newest first; index cases_unit.
func (s *Service) OfUnit(ctx context.Context, db pg.DB, unit land.UnitCode, except uuid.UUID) ([]Row, error) {
	rows, err := db.Query(ctx, `SELECT no, item_name, people, address, district, channel, opened_at FROM cases
		WHERE unit_code = $1 AND id <> $2 ORDER BY opened_at DESC LIMIT 50`, string(unit), except)
	if err != nil {
		return nil, fmt.Errorf("casework: cases of unit: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Row, err error) {
		err = row.Scan(&r.CaseNo, &r.Item, &r.People, &r.Address, &r.District, &r.Channel, &r.OpenedAt)
		return r, err
	})
}
