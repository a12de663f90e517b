package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

const caseColumns = `id, no, item, item_version, item_name, district, unit_code, address, people, channel, application, facts, state,
	stage, stage_at, opened_at, accepted_at, promised_by, paused_at, closed_at, version`

func (s *Service) scanCase(row pgx.Row) (*Case, error) {
	var c Case
	var sealed, facts []byte
	err := row.Scan(&c.ID, &c.No, &c.Item, &c.ItemVersion, &c.ItemName, &c.District, &c.Unit, &c.Address, &c.People, &c.Channel,
		&sealed, &facts, &c.State, &c.Stage, &c.StageAt, &c.OpenedAt, &c.AcceptedAt, &c.PromisedBy, &c.PausedAt, &c.ClosedAt, &c.Version)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoCase
	}
	if err != nil {
		return nil, fmt.Errorf("casework: read case: %w", err)
	}
	plain, err := s.keys.Open(sealed, c.ID[:])
	if err != nil {
		return nil, fmt.Errorf("casework: open application: %w", err)
	}
	if err := json.Unmarshal(plain, &c.App); err != nil {
		return nil, fmt.Errorf("casework: decode application: %w", err)
	}
	if facts == nil {
		return &c, nil
	}
	if plain, err = s.keys.Open(facts, factsAAD(&c)); err != nil {
		return nil, fmt.Errorf("casework: open facts: %w", err)
	}
	return &c, json.Unmarshal(plain, &c.Facts)
}

// ByID reads a case.
func (s *Service) ByID(ctx context.Context, db pg.DB, id uuid.UUID) (*Case, error) {
	return s.scanCase(db.QueryRow(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = $1`, id))
}

// ByNo reads a case within a scope; outside of it there is no such case.
func (s *Service) ByNo(ctx context.Context, db pg.DB, no land.CaseNumber, scope staff.Scope) (*Case, error) {
	c, err := s.scanCase(db.QueryRow(ctx, `SELECT `+caseColumns+` FROM cases WHERE no = $1`, string(no)))
	if err != nil {
		return nil, err
	}
	if scope.District != "" && scope.District != c.District {
		return nil, ErrNoCase
	}
	return c, nil
}

// lock takes the lock of a case for the rest of the transaction: all that moves a case goes through here, so that two
// events of one case never interleave.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*Case, error) {
	return s.scanCase(tx.QueryRow(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = $1 FOR UPDATE`, id))
}

func (s *Service) insertCase(ctx context.Context, tx pgx.Tx, c *Case) error {
	sealed, err := s.sealApplication(c)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO cases (id, no, item, item_version, item_name, district, unit_code, address, people, channel,
		application, stage_at, opened_at, promised_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		c.ID, string(c.No), c.Item, c.ItemVersion, c.ItemName, c.District, string(c.Unit), c.Address, c.People, string(c.Channel),
		sealed, c.StageAt, c.OpenedAt, c.PromisedBy)
	for _, p := range c.App.Parties {
		batch.Queue(`INSERT INTO case_parties (case_id, ref, role, name_index, doc_index) VALUES ($1, $2, $3, $4, $5)`,
			c.ID, p.Ref, string(p.Role), s.keys.Index("name", p.Name), s.keys.Index("document", p.Document.Number))
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("casework: insert case: %w", err)
	}
	return nil
}

func (s *Service) sealApplication(c *Case) ([]byte, error) {
	plain, err := json.Marshal(c.App)
	if err != nil {
		return nil, fmt.Errorf("casework: encode application: %w", err)
	}
	return s.keys.Seal(plain, c.ID[:]), nil
}

func (s *Service) saveApplication(ctx context.Context, tx pgx.Tx, c *Case) error {
	sealed, err := s.sealApplication(c)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE cases SET application = $2, version = version + 1 WHERE id = $1`, c.ID, sealed); err != nil {
		return fmt.Errorf("casework: save application: %w", err)
	}
	return nil
}

// nextNumber takes the next case number of the day; the row lock makes the serials gapless and ordered.
func (s *Service) nextNumber(ctx context.Context, tx pgx.Tx, now time.Time) (land.CaseNumber, error) {
	day := land.DateOf(now)
	var serial int
	err := tx.QueryRow(ctx, `INSERT INTO case_serials (day, last) VALUES ($1, 1)
		ON CONFLICT (day) DO UPDATE SET last = case_serials.last + 1 RETURNING last`, string(day)).Scan(&serial)
	if err != nil {
		return "", fmt.Errorf("casework: number case: %w", err)
	}
	no, err := land.MakeCaseNumber(s.prefix, day, serial)
	if err != nil {
		return "", fmt.Errorf("casework: number case: %w", err)
	}
	return no, nil
}

const orderColumns = `id, case_id, node, name, kind, department, role, org, operation, form, district, item, element, attr, state,
	assignee, assignee_name, claimed_at, opened_at, due_at, escalated, sent_at, attempts, trouble, said, closed_at, closed_by, outcome, opinion`

func (s *Service) scanOrder(row pgx.CollectableRow) (o Order, err error) {
	var said, opinion []byte
	err = row.Scan(&o.ID, &o.Case, &o.Node, &o.Name, &o.Kind, &o.Department, &o.Role, &o.Org, &o.Operation, &o.Form, &o.District,
		&o.Item, &o.Element, &o.Attr, &o.State, &o.Assignee, &o.AssigneeName, &o.ClaimedAt, &o.OpenedAt, &o.DueAt, &o.Escalated,
		&o.SentAt, &o.Attempts, &o.Trouble, &said, &o.ClosedAt, &o.ClosedBy, &o.Outcome, &opinion)
	if err != nil {
		return o, err
	}
	if o.Said, err = s.openText(said, o.Case); err != nil {
		return o, err
	}
	o.Opinion, err = s.openText(opinion, o.Case)
	return o, err
}

// Order reads one work order.
func (s *Service) Order(ctx context.Context, db pg.DB, id uuid.UUID) (Order, error) {
	rows, err := db.Query(ctx, `SELECT `+orderColumns+` FROM work_orders WHERE id = $1`, id)
	if err != nil {
		return Order{}, fmt.Errorf("casework: read order: %w", err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, s.scanOrder)
	if errors.Is(err, pgx.ErrNoRows) {
		return o, ErrNoOrder
	}
	return o, err
}

// Orders reads all work orders of a case in the order opened; index work_orders_case.
func (s *Service) Orders(ctx context.Context, db pg.DB, id uuid.UUID) ([]Order, error) {
	rows, err := db.Query(ctx, `SELECT `+orderColumns+` FROM work_orders WHERE case_id = $1 ORDER BY n`, id)
	if err != nil {
		return nil, fmt.Errorf("casework: read orders: %w", err)
	}
	return pgx.CollectRows(rows, s.scanOrder)
}

// lockOrder locks first the case, then the order: the same way round everywhere.
func (s *Service) lockOrder(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*Case, Order, error) {
	o, err := s.Order(ctx, tx, id)
	if err != nil {
		return nil, o, err
	}
	c, err := s.lock(ctx, tx, o.Case)
	if err != nil {
		return nil, o, err
	}
	if o, err = s.Order(ctx, tx, id); err != nil {
		return nil, o, err
	}
	return c, o, nil
}

func (s *Service) closeOrder(ctx context.Context, tx pgx.Tx, id uuid.UUID, state string) error {
	tag, err := tx.Exec(ctx, `UPDATE work_orders SET state = $2, closed_at = $3 WHERE id = $1 AND state = 'open'`, id, state, s.clock.Now())
	if err != nil {
		return fmt.Errorf("casework: close order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotOpen
	}
	return nil
}

// Checks reads the automatic checks of a case.
func (s *Service) Checks(ctx context.Context, db pg.DB, id uuid.UUID) ([]Check, error) {
	rows, err := db.Query(ctx, `SELECT code, name, result, form, source, origin, at FROM case_checks WHERE case_id = $1
		ORDER BY CASE result WHEN 'fail' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END, code`, id)
	if err != nil {
		return nil, fmt.Errorf("casework: read checks: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Check])
}

// SaveChecks writes or replaces checks of a case.
func (s *Service) SaveChecks(ctx context.Context, tx pgx.Tx, id uuid.UUID, checks []Check) error {
	batch := &pgx.Batch{}
	for _, c := range checks {
		batch.Queue(`INSERT INTO case_checks (case_id, code, name, result, form, source, origin, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (case_id, code) DO UPDATE SET name = excluded.name, result = excluded.result, form = excluded.form,
			source = excluded.source, origin = excluded.origin, at = excluded.at`,
			id, c.Code, c.Name, c.Result, c.Form, c.Source, c.Origin, s.clock.Now())
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("casework: save checks: %w", err)
	}
	return nil
}

// Events reads the history of a case, oldest first.
func (s *Service) Events(ctx context.Context, db pg.DB, id uuid.UUID) ([]Event, error) {
	rows, err := db.Query(ctx, `SELECT at, text, actor, public FROM case_events WHERE case_id = $1 ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("casework: read history: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Event, err error) {
		var text []byte
		if err := row.Scan(&e.At, &text, &e.Actor, &e.Public); err != nil {
			return e, err
		}
		e.Text, err = s.openText(text, id)
		return e, err
	})
}

// note adds a line to the history.
func (s *Service) note(ctx context.Context, tx pgx.Tx, id uuid.UUID, e Event) error {
	_, err := tx.Exec(ctx, `INSERT INTO case_events (case_id, at, text, actor, public) VALUES ($1, $2, $3, $4, $5)`,
		id, s.clock.Now(), s.sealText(e.Text, id), e.Actor, e.Public)
	if err != nil {
		return fmt.Errorf("casework: note: %w", err)
	}
	return nil
}

// Correction is what a reviewer asked of the parties.
type Correction struct {
	ID         uuid.UUID
	Department string
	Requests   []message.CorrectionRequest
	Opinion    string
	AskedBy    string
	AskedAt    time.Time
	Until      time.Time
	State      string
	ClosedAt   *time.Time
}

// Corrections reads those of a case, oldest first.
func (s *Service) Corrections(ctx context.Context, db pg.DB, id uuid.UUID) ([]Correction, error) {
	rows, err := db.Query(ctx, `SELECT id, department, requests, opinion, asked_by, asked_at, until, state, closed_at
		FROM corrections WHERE case_id = $1 ORDER BY asked_at`, id)
	if err != nil {
		return nil, fmt.Errorf("casework: read corrections: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Correction, err error) {
		var requests, opinion []byte
		if err := row.Scan(&k.ID, &k.Department, &requests, &opinion, &k.AskedBy, &k.AskedAt, &k.Until, &k.State, &k.ClosedAt); err != nil {
			return k, err
		}
		if err := s.openJSON(requests, id, &k.Requests); err != nil {
			return k, err
		}
		k.Opinion, err = s.openText(opinion, id)
		return k, err
	})
}

// AssessedTax is one round of the tax office's assessment.
type AssessedTax struct {
	Round       int
	Number      string
	Lines       []message.TaxLine
	Total       land.Fen
	At          time.Time
	Until       time.Time
	State       string
	ConfirmedBy []string
}

// Assessments reads all rounds, oldest first.
func (s *Service) Assessments(ctx context.Context, db pg.DB, id uuid.UUID) ([]AssessedTax, error) {
	rows, err := db.Query(ctx, `SELECT round, number, lines, total, at, until, state, confirmed_by FROM assessments
		WHERE case_id = $1 ORDER BY round`, id)
	if err != nil {
		return nil, fmt.Errorf("casework: read assessments: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[AssessedTax])
}
