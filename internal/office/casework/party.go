package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/flow"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

// takeMessages registers what the parties send through the hall.
func (s *Service) takeMessages() {
	ferry.Handle(s.door, message.ApplicationSubmitted, func(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Submitted) error {
		return s.Open(ctx, tx, m)
	})
	ferry.Handle(s.door, message.ApplicationWithdrawn, s.withdrawn)
	ferry.Handle(s.door, message.CorrectionSubmitted, s.corrected)
	ferry.Handle(s.door, message.TaxConfirmed, s.taxConfirmed)
	ferry.Handle(s.door, message.TaxDisputed, s.taxDisputed)
	ferry.Handle(s.door, message.PaymentReceived, s.paid)
	ferry.Handle(s.door, message.RefundDone, s.refundDone)
	ferry.Handle(s.door, message.ParcelPosted, s.parcel)
	ferry.Handle(s.door, message.ParcelMoved, s.parcel)
}

// tellFlow gives the flow a message and reports whether anybody waited for it; if not, it came too late or twice.
func (s *Service) tellFlow(ctx context.Context, tx pgx.Tx, id uuid.UUID, name string, data map[string]any) (heard bool, err error) {
	err = s.engine.Message(ctx, tx, id, name, data)
	if errors.Is(err, flow.ErrNoCatch) || errors.Is(err, flow.ErrEnded) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("casework: %s: %w", name, err)
	}
	return true, nil
}

// openWait finds the open wait of a case whose attribute has a value.
func (s *Service) openWait(ctx context.Context, tx pgx.Tx, id uuid.UUID, attr, value string) (Order, bool, error) {
	rows, err := tx.Query(ctx, `SELECT `+orderColumns+` FROM work_orders WHERE case_id = $1 AND state = 'open' AND kind = 'wait'
		AND attr->>$2 = $3 ORDER BY opened_at LIMIT 1`, id, attr, value)
	if err != nil {
		return Order{}, false, fmt.Errorf("casework: find wait: %w", err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, s.scanOrder)
	if errors.Is(err, pgx.ErrNoRows) {
		return o, false, nil
	}
	return o, err == nil, err
}

func (s *Service) lockByNo(ctx context.Context, tx pgx.Tx, no land.CaseNumber) (*Case, error) {
	return s.scanCase(tx.QueryRow(ctx, `SELECT `+caseColumns+` FROM cases WHERE no = $1 FOR UPDATE`, string(no)))
}

// withdrawn ends a case at the wish of the applicants, until the entry is made (Interim Regulations art. 15).
func (s *Service) withdrawn(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Withdrawn) error {
	err := s.Withdraw(ctx, tx, m)
	if errors.Is(err, ErrTooLate) {
		return s.publish(ctx, tx, m.App) // the snapshot says how the case stands
	}
	return err
}

// Withdraw ends a case at the wish of the applicants. Error: ErrTooLate from the moment on at which the book may have changed.
func (s *Service) Withdraw(ctx context.Context, tx pgx.Tx, m message.Withdrawn) error {
	c, err := s.lock(ctx, tx, m.App)
	if err != nil {
		return err
	}
	entering, err := s.entering(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if c.over() || entering || !c.Facts.EnteredAt.IsZero() {
		return ErrTooLate
	}
	if err := s.why(ctx, tx, c, m.Reason); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: "申请人撤回申请：" + m.Reason, Public: true}); err != nil {
		return err
	}
	if err := s.audit.Record(ctx, tx, audit.Entry{Actor: applicant(&c.App), Kind: audit.KindChange, Action: "撤回申请", Object: c.ID.String(), Case: string(c.No), Outcome: audit.OK}); err != nil {
		return err
	}
	if _, err := s.tellFlow(ctx, tx, c.ID, "application.withdrawn", map[string]any{}); err != nil {
		return err
	}
	return s.publish(ctx, tx, c.ID)
}

// entering tells whether a registry works on the entry in its own book: what it makes of it cannot be known before it answers.
func (s *Service) entering(ctx context.Context, tx pgx.Tx, id uuid.UUID) (yes bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM work_orders WHERE case_id = $1 AND state = 'open' AND kind = 'system' AND operation = 'registry.entry.push')`,
		id).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("casework: entry under way: %w", err)
	}
	return yes, nil
}

// why keeps the reason of an early end.
func (s *Service) why(ctx context.Context, tx pgx.Tx, c *Case, reason string) error {
	c.Facts.WhyClosed = reason
	return s.SaveFacts(ctx, tx, c)
}

// corrected brings what was asked for: it replaces the materials of the same code and lets the asking step go on.
func (s *Service) corrected(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.CorrectionReply) error {
	err := s.Correct(ctx, tx, m)
	if errors.Is(err, ErrNotOpen) {
		return nil // lapsed, or answered before
	}
	return err
}

// Correct takes what was asked for and lets the asking step go on. Error: ErrNotOpen for what is not asked, or not any more.
func (s *Service) Correct(ctx context.Context, tx pgx.Tx, m message.CorrectionReply) error {
	c, err := s.lock(ctx, tx, m.App)
	if err != nil {
		return err
	}
	o, err := s.Order(ctx, tx, m.Correction)
	if err != nil && !errors.Is(err, ErrNoOrder) {
		return err
	}
	if o.State != "open" || o.Case != c.ID || o.Attr["message"] != "correction.submitted" {
		return ErrNotOpen
	}
	mergeMaterials(&c.App, m.Materials)
	if err := s.saveApplication(ctx, tx, c); err != nil {
		return err
	}
	if err := s.endCorrection(ctx, tx, c.ID, o.ID, "received"); err != nil {
		return err
	}
	if err := s.announce(ctx, tx, c, "correction-received", nil, ""); err != nil {
		return err
	}
	item, ok := s.catalog.Item(c.Item)
	if !ok {
		return fmt.Errorf("casework: no item %q", c.Item)
	}
	data, err := s.engine.Declared(item.Flow, map[string]any{"allElectronic": s.allElectronic(c)})
	if err != nil {
		return fmt.Errorf("casework: correct: %w", err)
	}
	return s.settle(ctx, tx, c, o, Result{Data: data, Public: "已收到补正材料", Opinion: m.Note}, staff.Person{})
}

// mergeMaterials puts new materials in the place of those with the same code and party.
func mergeMaterials(app *message.Application, fresh []message.Material) {
	for _, m := range fresh {
		i := slices.IndexFunc(app.Materials, func(old message.Material) bool {
			return old.Code == m.Code && (old.Party == m.Party || m.Party == "")
		})
		if i < 0 {
			app.Materials = append(app.Materials, m)
			continue
		}
		app.Materials[i] = m
	}
}

// taxConfirmed counts one party's word. The wait ends when both sides have confirmed.
func (s *Service) taxConfirmed(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.TaxDecision) error {
	c, err := s.lock(ctx, tx, m.App)
	if err != nil {
		return err
	}
	var by []string
	err = tx.QueryRow(ctx, `UPDATE assessments SET confirmed_by = array_append(array_remove(confirmed_by, $3), $3)
		WHERE case_id = $1 AND number = $2 AND state = 'proposed' RETURNING confirmed_by`, c.ID, m.Assessment, m.By).Scan(&by)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // replaced by a later round, or decided
	}
	if err != nil {
		return fmt.Errorf("casework: confirm tax: %w", err)
	}
	if party, ok := c.App.Party(m.By); ok {
		if err := s.note(ctx, tx, c.ID, Event{Text: land.MaskName(party.Name) + "已确认税款", Public: true}); err != nil {
			return err
		}
	}
	if !bothSides(&c.App, by) {
		return s.publish(ctx, tx, c.ID)
	}
	if _, err := tx.Exec(ctx, `UPDATE assessments SET state = 'confirmed' WHERE case_id = $1 AND number = $2`, c.ID, m.Assessment); err != nil {
		return fmt.Errorf("casework: confirm tax: %w", err)
	}
	if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: TaxAgreed, Ref: m.Assessment}); err != nil {
		return err
	}
	return s.fact(ctx, tx, c, "tax.confirmed")
}

// bothSides tells whether a seller and a buyer are among the refs.
func bothSides(app *message.Application, refs []string) bool {
	seen := map[message.Role]bool{}
	for _, ref := range refs {
		if p, ok := app.Party(ref); ok {
			seen[p.Role] = true
		}
	}
	return seen[message.Seller] && seen[message.Buyer]
}

// taxDisputed sends the assessment back with the party's reason and evidence.
func (s *Service) taxDisputed(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.TaxDecision) error {
	c, err := s.lock(ctx, tx, m.App)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `UPDATE assessments SET state = 'disputed' WHERE case_id = $1 AND number = $2 AND state = 'proposed'`, c.ID, m.Assessment)
	if err != nil {
		return fmt.Errorf("casework: dispute tax: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	if len(m.Evidence) > 0 {
		c.App.Materials = append(c.App.Materials, m.Evidence...)
		if err := s.saveApplication(ctx, tx, c); err != nil {
			return err
		}
	}
	c.Facts.Dispute = &Dispute{Number: m.Assessment, Round: m.Round, Reason: m.Reason, By: m.By}
	if err := s.SaveFacts(ctx, tx, c); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: "对税款提出异议，请税务部门复核", Public: true}); err != nil {
		return err
	}
	if _, err := s.tellFlow(ctx, tx, c.ID, "tax.disputed", map[string]any{}); err != nil {
		return err
	}
	return s.publish(ctx, tx, c.ID)
}

// Dispute is the latest objection to an assessment.
type Dispute struct {
	Number string `json:"number"`
	Round  int    `json:"round"`
	Reason string `json:"reason"`
	By     string `json:"by"` // party ref
}

// Note adds a line that the parties see, by case number.
func (s *Service) Note(ctx context.Context, tx pgx.Tx, no land.CaseNumber, text string) error {
	c, err := s.lockByNo(ctx, tx, no)
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: text, Public: true}); err != nil {
		return err
	}
	return s.publish(ctx, tx, c.ID)
}

// AuditQuery records that somebody asked for a home by ferry; by is the account of the asker.
func (s *Service) AuditQuery(ctx context.Context, tx pgx.Tx, by, what string, found bool) error {
	outcome := audit.Refused
	if found {
		outcome = audit.OK
	}
	return s.audit.Record(ctx, tx, audit.Entry{Actor: by, Kind: audit.KindQuery, Action: what, Source: "hall", Outcome: outcome})
}
