package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/flow"
)

// stages maps the flow's stage attribute to the seven nodes that a citizen sees.
var stages = map[string]int{"precheck": 1, "prepare": 1, "pay": 2, "accept": 3, "review": 4, "entry": 5, "deliver": 6, "close": 6}

// Nodes are the seven stages of a case, in the words of the progress page.
var Nodes = []string{"申请", "预审", "缴税", "受理", "审核", "登簿", "领证"}

// WorkOpened writes the work order of a new work of the flow, and does at once what needs no waiting: it queues the call
// of a system, sends what a send task sends, and answers a wait for something that has already happened.
func (s *Service) WorkOpened(ctx context.Context, tx pgx.Tx, w flow.Work) error {
	c, err := s.ByID(ctx, tx, w.Instance)
	if err != nil {
		return err
	}
	if w.Kind == flow.WorkSend {
		return s.send(ctx, tx, c, w)
	}
	o := Order{ID: w.ID, Case: c.ID, Node: w.Node, Name: w.Name, Department: w.Attr["department"], Role: w.Attr["role"],
		Operation: w.Attr["operation"], Form: w.Attr["form"], District: c.District, Item: c.Item, Attr: w.Attr, State: "open",
		OpenedAt: s.clock.Now()}
	switch w.Kind {
	case flow.WorkUser:
		o.Kind = Person
	case flow.WorkService:
		o.Kind = System
	default:
		o.Kind = Wait
	}
	if o.Element, err = element(w); err != nil {
		return err
	}
	o.Org = orgOf(c, o)
	told, err := s.limits(c, &o)
	if err != nil {
		return err
	}
	var first *time.Time
	if len(told) > 0 {
		first = &told[0]
	}
	if _, err := tx.Exec(ctx, `INSERT INTO work_orders (id, case_id, node, name, kind, department, role, org, operation, form, district,
		item, element, attr, opened_at, due_at, marks, remind_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		o.ID, o.Case, o.Node, o.Name, o.Kind, o.Department, o.Role, o.Org, o.Operation, o.Form, o.District, o.Item, o.Element, o.Attr,
		o.OpenedAt, o.DueAt, told, first); err != nil {
		return fmt.Errorf("casework: open order: %w", err)
	}
	if err := s.reach(ctx, tx, c); err != nil {
		return err
	}
	if o.Kind == System {
		return s.jobs.InsertTx(ctx, tx, DoArgs{Order: o.ID}, &river.InsertOpts{MaxAttempts: 10000})
	}
	if o.Kind != Wait {
		return nil
	}
	if err := s.keepTime(ctx, tx, c.ID, o.Attr); err != nil {
		return err
	}
	return s.waitOpened(ctx, tx, c, o)
}

// element keeps what distinguishes one instance of a multi-instance work: the item of its collection.
func element(w flow.Work) (json.RawMessage, error) {
	if w.Item == nil {
		return json.RawMessage(`{}`), nil
	}
	raw, err := json.Marshal(w.Item)
	if err != nil {
		return nil, fmt.Errorf("casework: encode element: %w", err)
	}
	return raw, nil
}

// orgOf says which bank, company or provider an order is for.
func orgOf(c *Case, o Order) string {
	var e struct{ Lender, Bank, Provider string }
	if json.Unmarshal(o.Element, &e) == nil {
		for _, name := range []string{e.Lender, e.Bank, e.Provider} {
			if name != "" {
				return name
			}
		}
	}
	if strings.HasPrefix(o.Operation, "bank.trust.") {
		return c.App.Trust.Bank
	}
	return ""
}

// limits sets when the order is due, by the flow, and returns at which moments somebody is told of it, by the catalog.
func (s *Service) limits(c *Case, o *Order) ([]time.Time, error) {
	item, known := s.catalog.Item(c.Item)
	text := o.Attr["limit"]
	if text == "" || !known {
		return []time.Time{}, nil
	}
	limit, err := flow.ParseLimit(text)
	if err != nil {
		return nil, fmt.Errorf("casework: limit of %s: %w", o.Node, err)
	}
	cal := s.catalog.Calendar()
	due := limit.End(o.OpenedAt, cal)
	o.DueAt = &due
	return marks(cal, o.OpenedAt, due, limit.Working, marksOf(item, o.Node)), nil
}

// WorkCancelled closes the order of a work that the flow no longer wants, and takes back what another system holds.
func (s *Service) WorkCancelled(ctx context.Context, tx pgx.Tx, w flow.Work) error {
	if w.Kind == flow.WorkSend {
		return nil
	}
	state := "cancelled"
	if w.Answered { // its message came
		state = "done"
	}
	if _, err := tx.Exec(ctx, `UPDATE work_orders SET state = $3, closed_at = $2 WHERE id = $1 AND state = 'open'`,
		w.ID, s.clock.Now(), state); err != nil {
		return fmt.Errorf("casework: cancel order: %w", err)
	}
	if err := s.keepTime(ctx, tx, w.Instance, w.Attr); err != nil {
		return err
	}
	if w.Attr["message"] == "correction.submitted" {
		return s.endCorrection(ctx, tx, w.Instance, w.ID, "ended")
	}
	if w.Attr["bill"] != "" || w.Attr["message"] == "trust.deposit" {
		return s.cancelBills(ctx, tx, w.Instance, w.Attr["bill"])
	}
	return nil
}

// Passed is told of every element that a token leaves; the orders already tell the story, so nothing is kept here.
func (s *Service) Passed(context.Context, pgx.Tx, uuid.UUID, string) error { return nil }

// Ended closes the case.
func (s *Service) Ended(ctx context.Context, tx pgx.Tx, instance uuid.UUID, end string) error {
	state := end
	if end == "cancelled" {
		state = Withdrawn
	}
	if _, err := tx.Exec(ctx, `UPDATE cases SET state = $2, closed_at = $3, paused_at = NULL WHERE id = $1`, instance, state, s.clock.Now()); err != nil {
		return fmt.Errorf("casework: close case: %w", err)
	}
	c, err := s.ByID(ctx, tx, instance)
	if err != nil {
		return err
	}
	if err := s.register.Release(ctx, tx, c.Unit, c.ID); err != nil {
		return fmt.Errorf("casework: release unit: %w", err)
	}
	if state == Done {
		return s.told(ctx, tx, c, "closed", endings[state], nil)
	}
	if err := s.endAgreement(ctx, tx, c); err != nil {
		return err
	}
	if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: EndedEarly, Ref: state}); err != nil {
		return err
	}
	if err := s.cancelPapers(ctx, tx, c); err != nil {
		return err
	}
	return s.note(ctx, tx, instance, Event{Text: endings[state], Public: true})
}

var endings = map[string]string{
	Done: "全部办结", Refused: "办理终止，不予登记", Withdrawn: "申请已撤回", Lapsed: "逾期未办，办理终止",
}

// reach sets the stage to the earliest one that still has open work, and remembers when each was first left.
func (s *Service) reach(ctx context.Context, tx pgx.Tx, c *Case) error {
	rows, err := tx.Query(ctx, `SELECT DISTINCT attr->>'stage' FROM work_orders WHERE case_id = $1 AND state = 'open' AND attr ? 'stage'`, c.ID)
	if err != nil {
		return fmt.Errorf("casework: stages: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("casework: stages: %w", err)
	}
	stage := len(Nodes)
	for _, name := range names {
		if n, ok := stages[name]; ok {
			stage = min(stage, n)
		}
	}
	if stage == len(Nodes) || stage == c.Stage {
		return nil
	}
	for len(c.StageAt) < stage {
		c.StageAt = append(c.StageAt, s.clock.Now())
	}
	c.StageAt, c.Stage = c.StageAt[:stage], stage
	if _, err := tx.Exec(ctx, `UPDATE cases SET stage = $2, stage_at = $3 WHERE id = $1`, c.ID, c.Stage, c.StageAt); err != nil {
		return fmt.Errorf("casework: reach stage: %w", err)
	}
	return nil
}
