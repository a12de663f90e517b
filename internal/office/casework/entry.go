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

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
)

// Entry is what the book made of a case, by whichever registry keeps it.
type Entry struct {
	Title land.CertNumber
	// Certificates by the number of the holder's paper, where holders by shares have one each; those not named have Title.
	Certificates map[string]land.CertNumber
	Mortgage     land.CertNumber
	At           time.Time
	Registrar    string
	Mirror       bool // the registry's own book was changed and ours follows
}

// EntryDone is the result of an entry: the numbers are kept, our book follows where the registry keeps its own.
func (s *Service) EntryDone(e Entry) Result {
	number := e.Title
	if number == "" {
		number = e.Mortgage
	}
	return Result{Data: map[string]any{"outcome": "entered"}, Public: "已登簿，" + string(number),
		Effect: func(ctx context.Context, tx pgx.Tx, c *Case) error {
			c.Facts.Title, c.Facts.Mortgage, c.Facts.EnteredAt, c.Facts.Registrar = e.Title, e.Mortgage, e.At, e.Registrar
			c.Facts.Certificates = e.Certificates
			if err := s.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
			if err := s.announce(ctx, tx, c, "entered", nil, ""); err != nil {
				return err
			}
			if !e.Mirror {
				return nil
			}
			rep := s.report(c, e)
			if !c.App.Transfers() { // whatever else the home is mortgaged for goes on
				page, err := s.register.Unit(ctx, tx, c.Unit)
				if err != nil {
					return fmt.Errorf("casework: mirror: %w", err)
				}
				rep.Mortgages = append(page.Running(), rep.Mortgages...)
			}
			_, err := s.register.Mirror(ctx, tx, rep)
			return err
		}}
}

// report is the page of the unit after the entry, as its registry has it now.
func (s *Service) report(c *Case, e Entry) register.Report {
	r := register.Report{Unit: c.Unit, Number: string(c.No), At: e.At, By: e.Registrar, Case: c.No}
	if c.App.Transfers() {
		r.Title = newTitle(c, e)
	}
	if e.Mortgage != "" {
		m := mortgageOf(c)
		r.Mortgages = []register.Mortgage{{Kind: m.Kind, Mortgagee: m.Mortgagee, Debtor: m.Debtor, Claim: m.Claim, From: m.From, To: m.To,
			Scope: m.Scope, Certificate: e.Mortgage, EnteredAt: e.At}}
	}
	return r
}

// newTitle is the title that the buyers of a case have now.
func newTitle(c *Case, e Entry) *register.Title {
	buyers := c.App.PartiesOf(message.Buyer)
	t := &register.Title{RegType: land.RegTransfer, Reason: "买卖", Price: c.App.Contract.Price, EnteredAt: e.At, TaxedOn: land.DateOf(e.At), CoOwn: coOwn(buyers), State: land.StateCurrent}
	for _, b := range buyers {
		t.Holders = append(t.Holders, register.Holder{Party: register.Party{Name: b.Name, Document: b.Document}, Share: b.Share, Certificate: c.Facts.certificate(b), Phone: b.Phone})
	}
	return t
}

// coOwn derives how the buyers hold from their shares.
func coOwn(buyers []message.Party) land.CoOwn {
	switch {
	case len(buyers) == 1:
		return land.CoOwnSole
	case buyers[0].Share == land.Share{} || buyers[0].Share.IsWhole():
		return land.CoOwnJoint
	}
	return land.CoOwnShares
}

// mortgageOf joins the granted loans into one mortgage; in a combined loan the first lender holds it for both.
func mortgageOf(c *Case) register.NewMortgage {
	first := c.Facts.Loans[0]
	m := register.NewMortgage{Kind: land.MortgageOrdinary, Claim: c.Facts.Granted(), From: first.From, To: first.Until,
		Scope: "主债权及利息、违约金、实现抵押权的费用"}
	for _, p := range c.App.Loan.Parts {
		if p.Kind == first.Kind {
			m.Mortgagee = register.Party{Name: p.LenderName, Document: land.Document{Kind: land.DocLicence, Number: p.LenderDoc}}
		}
	}
	for _, l := range c.Facts.Loans[1:] {
		m.To = max(m.To, l.Until)
	}
	if debtors := c.App.Debtors(); len(debtors) > 0 {
		m.Debtor = debtors[0].Name
	}
	return m
}

// deskEntry enters in our own book, where it is the book of the district (dialect desk). The book checks everything once
// more with the unit locked; what it refuses is the outcome, told in its own words.
func (s *Service) deskEntry(ctx context.Context, tx pgx.Tx, c *Case, o Order, by staff.Person, d Decision) (Result, error) {
	switch {
	case d.Outcome != "entered" && strings.TrimSpace(d.Opinion) == "":
		return Result{}, FieldErrors{"opinion": "请写明理由"}
	case d.Outcome == "seized":
		return seized(d.Opinion), nil
	case d.Outcome == "suspended":
		return Result{Data: map[string]any{"outcome": "suspended"}, Against: d.Opinion, Opinion: d.Opinion, Public: "登记中心暂缓登簿，正在核实"}, nil
	}
	order, err := s.bookEntry(ctx, tx, c, by.Name)
	if err != nil {
		return Result{}, err
	}
	sp, err := tx.Begin(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("casework: enter: %w", err)
	}
	entered, err := s.register.Enter(ctx, sp, order)
	var refusal *register.Refusal
	if errors.As(err, &refusal) {
		if err := sp.Rollback(ctx); err != nil {
			return Result{}, fmt.Errorf("casework: enter: %w", err)
		}
		return refused(refusal), nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("casework: enter: %w", err)
	}
	if err := sp.Commit(ctx); err != nil {
		return Result{}, fmt.Errorf("casework: enter: %w", err)
	}
	e := Entry{At: entered.At, Registrar: by.Name}
	if len(entered.Certificates) > 0 {
		e.Title = entered.Certificates[0]
	}
	if len(entered.Mortgages) > 0 {
		e.Mortgage = entered.Mortgages[0].Proof
	}
	result := s.EntryDone(e)
	result.Opinion = d.Opinion
	return result, nil
}

// refused is what the book's refusal means for the case: a seizure ends it, anything else is looked at by a person.
func refused(r *register.Refusal) Result {
	for _, o := range r.Obstacles {
		if o.Code == register.CodeSeized {
			return seized(o.Text)
		}
	}
	why := r.Obstacles[0].Text
	return Result{Data: map[string]any{"outcome": "suspended"}, Against: why, Opinion: why, Public: "登记簿上有变化，暂缓登簿"}
}

func seized(why string) Result {
	return Result{Data: map[string]any{"outcome": "seized", "refusedBy": "registry"}, Against: why, Opinion: why, Public: "登记簿上有新的限制，不能登簿"}
}

// bookEntry is the entry that a case asks of the book, with the three conditions of R-011 as they stand now.
func (s *Service) bookEntry(ctx context.Context, tx pgx.Tx, c *Case, by string) (register.Entry, error) {
	paid, err := s.settledBills(ctx, tx, c.ID, taxBill)
	if err != nil {
		return register.Entry{}, err
	}
	approved, err := s.reviewed(ctx, tx, c.ID)
	if err != nil {
		return register.Entry{}, err
	}
	e := register.Entry{Unit: c.Unit, CaseID: c.ID, Case: c.No, By: by, Source: contractNumber(c), Approved: approved, TaxPaid: paid, Confirmed: c.Facts.FilingNo != ""}
	for _, p := range c.App.Givers() {
		e.Applicants = append(e.Applicants, p.Document)
	}
	if c.App.Transfers() {
		buyers := c.App.PartiesOf(message.Buyer)
		e.Transfer = &register.Transfer{Reason: "存量房买卖", CoOwn: coOwn(buyers), Price: c.App.Contract.Price, TaxedOn: land.DateOf(s.clock.Now())}
		for _, b := range buyers {
			e.Transfer.To = append(e.Transfer.To, register.Taker{Name: b.Name, Document: b.Document, Phone: b.Phone, Share: b.Share})
		}
	}
	if len(c.Facts.Loans) > 0 {
		e.Mortgages = []register.NewMortgage{mortgageOf(c)}
	}
	return e, nil
}

// reviewed tells whether both reviews passed last.
func (s *Service) reviewed(ctx context.Context, tx pgx.Tx, id uuid.UUID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM (
		SELECT DISTINCT ON (node) outcome FROM work_orders WHERE case_id = $1 AND node IN ('first-review', 'second-review') AND state = 'done'
		ORDER BY node, closed_at DESC, n DESC) x WHERE outcome = 'pass'`, id).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("casework: reviews: %w", err)
	}
	return n == 2, nil
}

func contractNumber(c *Case) string {
	if c.Facts.ContractNo != "" {
		return c.Facts.ContractNo
	}
	if !c.App.Transfers() && len(c.Facts.Loans) > 0 {
		return c.Facts.Loans[0].MortgageContract
	}
	return c.App.Contract.Number
}

// UnitRestricted tells the running cases of a unit that a court or another body has restricted it, or released it. Every
// case that has not been entered hears of it; a case that waits for nothing of the kind goes on. Version is that of the registry's
// book after the change, empty where the book is ours.
func (s *Service) UnitRestricted(ctx context.Context, tx pgx.Tx, unit land.UnitCode, kind, words, version string, released bool) error {
	rows, err := tx.Query(ctx, `SELECT id FROM cases WHERE unit_code = $1 AND state = 'running' ORDER BY id`, string(unit))
	if err != nil {
		return fmt.Errorf("casework: cases of unit: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("casework: cases of unit: %w", err)
	}
	for _, id := range ids {
		c, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if c.over() || !c.Facts.EnteredAt.IsZero() {
			continue
		}
		if version != "" { // the entry will be checked against the book as it is now
			c.Facts.BookVersion = version
			if err := s.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
		}
		if err := s.restricted(ctx, tx, c, kind, words, released); err != nil {
			return err
		}
	}
	return nil
}

// restricted stops a case before its entry or lets it go on. It goes on when nothing else stands against it in the book:
// of two seizures both must be lifted.
func (s *Service) restricted(ctx context.Context, tx pgx.Tx, c *Case, kind, words string, released bool) error {
	name, event, data, text := "unit.restricted", "suspended", map[string]any{"restrictionKind": kind}, "登记簿上新登记了"+words+"，办理暂停"
	if released {
		name, event, data, text = "unit.released", "resumed", map[string]any{}, "登记簿上的"+words+"已解除"
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: text, Public: true}); err != nil {
		return err
	}
	if released {
		still, err := s.blocked(ctx, tx, c)
		if err != nil {
			return err
		}
		if still {
			return s.publish(ctx, tx, c.ID)
		}
	}
	if !released {
		c.Facts.Against = "房屋被" + words
		if err := s.SaveFacts(ctx, tx, c); err != nil {
			return err
		}
	}
	heard, err := s.tellFlow(ctx, tx, c.ID, name, data)
	if err != nil {
		return err
	}
	if heard {
		if err := s.announce(ctx, tx, c, event, nil, ""); err != nil {
			return err
		}
	}
	return s.publish(ctx, tx, c.ID)
}

// blocked tells whether a seizure or an objection stands against the case in the book.
func (s *Service) blocked(ctx context.Context, tx pgx.Tx, c *Case) (bool, error) {
	obstacles, err := s.register.CheckDisposal(ctx, tx, c.Unit, register.Disposal{Case: c.ID, Transfer: c.App.Transfers()})
	if err != nil {
		return false, fmt.Errorf("casework: what stands against %s: %w", c.No, err)
	}
	return slices.ContainsFunc(obstacles, func(o register.Obstacle) bool {
		return o.Code == register.CodeSeized || o.Code == register.CodeObjected
	}), nil
}
