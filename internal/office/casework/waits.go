package casework

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/catalog"
	"yichuang/internal/catalog/tax"
	"yichuang/internal/deal"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
)

// waitOpened asks for what the flow now waits for, or ends the wait when it has happened already.
func (s *Service) waitOpened(ctx context.Context, tx pgx.Tx, c *Case, o Order) error {
	switch {
	case o.Attr["message"] == "correction.submitted":
		return s.askCorrection(ctx, tx, c, o)
	case o.Attr["message"] == "tax.confirmed":
		return s.askTax(ctx, tx, c)
	case o.Attr["bill"] != "":
		return s.issueBills(ctx, tx, c, o, o.Attr["bill"])
	case o.Attr["message"] == "trust.deposit":
		down, _, err := s.arrived(ctx, tx, c)
		if err != nil {
			return err
		}
		if down {
			return s.endWait(ctx, tx, o)
		}
		return s.issueBills(ctx, tx, c, o, trustBill)
	case o.Attr["message"] == "trust.loan":
		_, all, err := s.arrived(ctx, tx, c)
		if err != nil {
			return err
		}
		if all {
			return s.endWait(ctx, tx, o)
		}
	}
	return nil
}

// askCorrection tells the parties everything that is wrong at once, with reason and law, and stops the clock.
func (s *Service) askCorrection(ctx context.Context, tx pgx.Tx, c *Case, o Order) error {
	asker, err := s.asker(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	ask := message.CorrectionAsk{App: c.ID, Case: c.No, Correction: o.ID, Department: holders[asker.department], Opinion: asker.opinion, Until: now.AddDate(0, 0, 15)}
	if o.DueAt != nil {
		ask.Until = *o.DueAt
	}
	for _, r := range asker.requests {
		ask.Requests = append(ask.Requests, s.request(c, r))
	}
	requests, err := s.sealJSON(ask.Requests, c.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO corrections (id, case_id, department, requests, opinion, asked_by, asked_at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, o.ID, c.ID, asker.department, requests, s.sealText(ask.Opinion, c.ID), asker.by, now, ask.Until); err != nil {
		return fmt.Errorf("casework: keep correction: %w", err)
	}
	if err := s.issueCorrection(ctx, tx, c, ask); err != nil {
		return err
	}
	if err := s.announce(ctx, tx, c, "correction-asked", map[string]any{"n": len(ask.Requests), "date": day(ask.Until)}, "fix"); err != nil {
		return err
	}
	return s.toHall(ctx, tx, c, ferry.Message{Type: message.CorrectionAsked, Body: ask})
}

type asker struct {
	department, opinion, by string
	requests                []Request
}

// asker finds who asked: the order that ended last with the outcome "correct", in this very transaction.
func (s *Service) asker(ctx context.Context, tx pgx.Tx, id uuid.UUID) (a asker, err error) {
	var opinion, requests []byte
	err = tx.QueryRow(ctx, `SELECT department, opinion, closed_by, requests FROM work_orders
		WHERE case_id = $1 AND state = 'done' AND outcome = 'correct' ORDER BY closed_at DESC, n DESC LIMIT 1`, id).
		Scan(&a.department, &opinion, &a.by, &requests)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, nil
	}
	if err != nil {
		return a, fmt.Errorf("casework: who asked: %w", err)
	}
	if err := s.openJSON(requests, id, &a.requests); err != nil {
		return a, err
	}
	a.opinion, err = s.openText(opinion, id)
	return a, err
}

// request completes what a reviewer asked with name, way and law from the catalog, never typed by hand.
func (s *Service) request(c *Case, r Request) message.CorrectionRequest {
	out := message.CorrectionRequest{Code: r.Code, Name: r.Code, Reason: r.Reason}
	if m, ok := s.catalog.Material(r.Code); ok {
		out.Name, out.How = m.Name, m.How
	}
	if item, ok := s.catalog.Item(c.Item); ok {
		if rule, ok := item.Material(r.Code); ok {
			out.Law = rule.Law.String()
		}
	}
	return out
}

// endCorrection closes a correction: received, or ended with its case; one whose time is over has lapsed.
func (s *Service) endCorrection(ctx context.Context, tx pgx.Tx, caseID, id uuid.UUID, why string) error {
	now := s.clock.Now()
	err := tx.QueryRow(ctx, `UPDATE corrections SET state = CASE WHEN $2 = 'ended' AND until <= $3 THEN 'lapsed' ELSE $2 END, closed_at = $3
		WHERE id = $1 AND state = 'open' RETURNING state`, id, why, now).Scan(&why)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("casework: end correction: %w", err)
	}
	return s.door.Send(ctx, tx, ferry.Message{Type: message.CorrectionClosed, Case: caseID.String(),
		Body: message.CorrectionClosedBody{App: caseID, Correction: id, Why: why}})
}

// askTax shows the parties the latest assessment beside our own estimate. They may dispute it each time: after two
// reassessments the flow sends them to the counter of the tax office, whose word is final.
func (s *Service) askTax(ctx context.Context, tx pgx.Tx, c *Case) error {
	all, err := s.Assessments(ctx, tx, c.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	a := all[len(all)-1]
	if err := s.announce(ctx, tx, c, "tax-assessed", map[string]any{"amt": a.Total.String(), "date": day(a.Until)}, "tax"); err != nil {
		return err
	}
	return s.door.Send(ctx, tx, ferry.Message{Type: message.AssessmentReady, Case: c.ID.String(), Body: message.Assessment{App: c.ID, Number: a.Number,
		Round: a.Round, Lines: a.Lines, Total: a.Total, Until: a.Until, CanDispute: true}})
}

// estimate writes our own estimate beside each assessed line, with the reason where the office gave none.
func (s *Service) estimate(c *Case, lines []message.TaxLine) {
	app := c.App
	app.Tax.BuyerHomes = c.Facts.BuyerHomes
	for _, e := range tax.Estimate(s.catalog.Tax(), deal.TaxInput(&app, land.DateOf(s.clock.Now()))) {
		for i := range lines {
			if lines[i].Tax == e.Name {
				lines[i].Estimate = e.Amount
				if lines[i].Why == "" {
					lines[i].Why = e.Why
				}
			}
		}
	}
}

// fees of a case that its parties pay here. The mortgagee's is settled between lender and registry.
func (s *Service) fees(c *Case) []billing.Line {
	var out []billing.Line
	for _, l := range s.feeLines(c) {
		if l.Payer != "mortgagee" {
			out = append(out, billing.Line{Code: l.Code, Name: l.Name, Amount: l.Amount, Why: l.Law.String(), To: billing.Registry})
		}
	}
	return out
}

// LenderFee is what the mortgagee owes the registry for a case. It is billed to nobody here: lender and registry settle it by the month.
func (s *Service) LenderFee(c *Case) land.Fen {
	var sum land.Fen
	for _, l := range s.feeLines(c) {
		if l.Payer == "mortgagee" {
			sum += l.Amount
		}
	}
	return sum
}

func (s *Service) feeLines(c *Case) []catalog.FeeLine {
	item, ok := s.catalog.Item(c.Item)
	if !ok {
		return nil
	}
	return s.catalog.Fees(item, deal.Facts(item, &c.App, land.DateOf(c.OpenedAt), nil))
}

// startData is what the flow knows of a case when it begins.
func (s *Service) startData(c *Case) map[string]any {
	app := c.App
	var fee land.Fen
	for _, l := range s.fees(c) {
		fee += l.Amount
	}
	loans := make([]any, 0, len(app.Loan.Parts))
	for _, p := range app.Loan.Parts {
		loans = append(loans, map[string]any{"kind": p.Kind, "bank": p.Lender, "amount": int64(p.Amount)})
	}
	utilities := []any{}
	for _, u := range app.Utilities {
		if u.Action == "transfer" && u.Account != "" {
			utilities = append(utilities, map[string]any{"kind": u.Kind}) // not the account: what a flow holds is not sealed
		}
	}
	delivery := app.Delivery.Mode
	if delivery == "" {
		delivery = "none"
	}
	return map[string]any{"caseNo": string(c.No), "district": c.District, "channel": string(app.Channel), "loanKind": loanKind(app.Loan.Kind),
		"loanParts": loans, "utilities": utilities, "deliveryMode": delivery, "allElectronic": s.allElectronic(c), "useTrust": app.Trust.Bank != "",
		"feeDue": int64(fee)}
}

// loanKind names the kinds as the flow does.
func loanKind(kind string) string {
	switch kind {
	case "":
		return "none"
	case "mixed":
		return "combined"
	}
	return kind
}

// allElectronic tells whether no original has to be shown: nothing that the catalog wants compared was uploaded.
func (s *Service) allElectronic(c *Case) bool {
	for _, m := range c.App.Materials {
		rule, ok := s.catalog.Material(m.Code)
		if m.Source == "upload" && (!ok || rule.Original) {
			return false
		}
	}
	return true
}
