package register

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// objectionDays is how long an objection lives without a suit: calendar days (Civil Code 220).
const objectionDays = 15

// NewObjection is an application for 异议登记 by an interested party.
type NewObjection struct {
	Unit      land.UnitCode
	Applicant Party
	Reason    string
	Case      land.CaseNumber
	By        string
}

// Object enters an objection and numbers its proof. It warns and does not block; it lapses by itself after 15 days unless a
// suit is shown. The case that is disposing of the unit, if any, comes back to be told. Errors: ErrNoUnit, ErrNoTitle,
// ErrObjectedBefore.
func (r *Register) Object(ctx context.Context, tx pgx.Tx, n NewObjection) (*Objection, uuid.UUID, error) {
	now, err := r.lock(ctx, tx, n.Unit)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("register: object: %w", err)
	}
	p, err := r.Unit(ctx, tx, n.Unit)
	if err != nil {
		return nil, uuid.Nil, err
	}
	switch {
	case p.Title == nil:
		return nil, uuid.Nil, ErrNoTitle
	case slices.ContainsFunc(p.Objections, func(o Objection) bool {
		return o.Applicant.Document.Number == n.Applicant.Document.Number && (o.State == "active" || o.Reason == n.Reason)
	}):
		return nil, uuid.Nil, ErrObjectedBefore
	}
	o := &Objection{ID: uuid.Must(uuid.NewV7()), Applicant: n.Applicant, Reason: n.Reason, LapsesOn: land.DateOf(now).AddDays(objectionDays),
		EnteredAt: now, State: "active"}
	e, _, err := r.write(ctx, tx, entry{unit: n.Unit, act: "object", regType: land.RegObjection, caseNo: n.Case, at: now, by: n.By})
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("register: object: %w", err)
	}
	numbers, err := r.issue(ctx, tx, n.Unit, now, true, 1)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("register: object: %w", err)
	}
	o.Certificate = numbers[0]
	if err := r.addObjection(ctx, tx, n.Unit, *o, e); err != nil {
		return nil, uuid.Nil, fmt.Errorf("register: object: %w", err)
	}
	reserved, err := reservedBy(ctx, tx, n.Unit, now)
	return o, reserved, err
}

func (r *Register) addObjection(ctx context.Context, tx pgx.Tx, unit land.UnitCode, o Objection, entry uuid.UUID) error {
	party, err := r.party(ctx, tx, unit.District(), o.Applicant)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO register.objection (id, district, unit, applicant, reason, certificate, lapses_on, entered, entered_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active')`,
		o.ID, unit.District(), unit, party, o.Reason, o.Certificate, o.LapsesOn, entry, o.EnteredAt); err != nil {
		return fmt.Errorf("add objection: %w", err)
	}
	return nil
}

// Sue notes the suit that keeps an objection alive beyond its 15 days. Error: ErrNoObjection.
func (r *Register) Sue(ctx context.Context, tx pgx.Tx, unit land.UnitCode, objection uuid.UUID, suit, by string) error {
	now, o, err := r.objection(ctx, tx, unit, objection)
	if err != nil {
		return err
	}
	if _, _, err := r.write(ctx, tx, entry{unit: unit, act: "sue", regType: land.RegObjection, source: suit, at: now, by: by}); err != nil {
		return fmt.Errorf("register: sue: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE register.objection SET suit = $2 WHERE id = $1`, o.ID, suit); err != nil {
		return fmt.Errorf("register: sue: %w", err)
	}
	return nil
}

// WithdrawObjection ends an objection by its applicant's word or a court's. Error: ErrNoObjection.
func (r *Register) WithdrawObjection(ctx context.Context, tx pgx.Tx, unit land.UnitCode, objection uuid.UUID, source, by string) error {
	now, o, err := r.objection(ctx, tx, unit, objection)
	if err != nil {
		return err
	}
	e, _, err := r.write(ctx, tx, entry{unit: unit, act: "withdraw", regType: land.RegCancel, source: source, at: now, by: by})
	if err != nil {
		return fmt.Errorf("register: withdraw objection: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE register.objection SET state = 'withdrawn', ended = $2, ended_at = $3 WHERE id = $1`, o.ID, e, now); err != nil {
		return fmt.Errorf("register: withdraw objection: %w", err)
	}
	return endCertificates(ctx, tx, CertCancelled, o.Certificate)
}

// objection locks the unit and finds an objection in force.
func (r *Register) objection(ctx context.Context, tx pgx.Tx, unit land.UnitCode, id uuid.UUID) (time.Time, *Objection, error) {
	now, err := r.lock(ctx, tx, unit)
	if err != nil {
		return now, nil, fmt.Errorf("register: objection: %w", err)
	}
	p, err := r.Unit(ctx, tx, unit)
	if err != nil {
		return now, nil, err
	}
	for i := range p.Objections {
		if o := &p.Objections[i]; o.ID == id && o.State == "active" {
			return now, o, nil
		}
	}
	return now, nil, ErrNoObjection
}

// NewAdvance is an application for 预告登记 by both sides.
type NewAdvance struct {
	Unit   land.UnitCode
	Kind   land.AdvanceKind
	Holder Party
	Price  land.Fen
	Case   land.CaseNumber
	Source string
	By     string
}

// Announce enters an advance notice and numbers its proof. It is itself a disposal: a seizure, another notice or another case
// prevents it. Errors: *Refusal, ErrNoUnit.
func (r *Register) Announce(ctx context.Context, tx pgx.Tx, n NewAdvance, caseID uuid.UUID, consent bool) (*Advance, error) {
	now, err := r.lock(ctx, tx, n.Unit)
	if err != nil {
		return nil, fmt.Errorf("register: announce: %w", err)
	}
	p, err := r.Unit(ctx, tx, n.Unit)
	if err != nil {
		return nil, err
	}
	// The pair of a purchase and the mortgage that finances it stand together.
	mortgage := n.Kind == land.AdvancePresaleMortgage || n.Kind == land.AdvanceMortgage
	if all := Blocking(Obstacles(p, Disposal{Case: caseID, NoticeConsent: consent || mortgage, ObjectionAcknowledged: true}, now)); len(all) > 0 {
		return nil, &Refusal{Obstacles: all}
	}
	e, _, err := r.write(ctx, tx, entry{unit: n.Unit, act: "advance", regType: land.RegAdvance, caseNo: n.Case, source: n.Source, at: now, by: n.By})
	if err != nil {
		return nil, fmt.Errorf("register: announce: %w", err)
	}
	numbers, err := r.issue(ctx, tx, n.Unit, now, true, 1)
	if err != nil {
		return nil, fmt.Errorf("register: announce: %w", err)
	}
	a := &Advance{ID: uuid.Must(uuid.NewV7()), Kind: n.Kind, Holder: n.Holder, Price: n.Price, Certificate: numbers[0], EnteredAt: now, State: "active"}
	if err := r.addAdvance(ctx, tx, n.Unit, *a, e); err != nil {
		return nil, fmt.Errorf("register: announce: %w", err)
	}
	return a, nil
}

func (r *Register) addAdvance(ctx context.Context, tx pgx.Tx, unit land.UnitCode, a Advance, entry uuid.UUID) error {
	party, err := r.party(ctx, tx, unit.District(), a.Holder)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO register.advance (id, district, unit, kind, holder, price, certificate, due_from, entered, entered_at, state)
		VALUES ($1, $2, $3, $4, $5, nullif($6, 0), $7, nullif($8, '')::date, $9, $10, 'active')`,
		a.ID, unit.District(), unit, a.Kind, party, a.Price, a.Certificate, string(a.DueFrom), entry, a.EnteredAt); err != nil {
		return fmt.Errorf("add advance notice: %w", err)
	}
	return nil
}

// CancelAdvance ends an advance notice that was waived or whose contract was revoked. Error: ErrNoAdvance.
func (r *Register) CancelAdvance(ctx context.Context, tx pgx.Tx, unit land.UnitCode, advance uuid.UUID, source, by string) error {
	now, err := r.lock(ctx, tx, unit)
	if err != nil {
		return fmt.Errorf("register: cancel advance notice: %w", err)
	}
	p, err := r.Unit(ctx, tx, unit)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Advances, func(a Advance) bool { return a.ID == advance && a.State == "active" })
	if i < 0 {
		return ErrNoAdvance
	}
	e, _, err := r.write(ctx, tx, entry{unit: unit, act: "cancel", regType: land.RegCancel, source: source, at: now, by: by})
	if err != nil {
		return fmt.Errorf("register: cancel advance notice: %w", err)
	}
	return r.endAdvance(ctx, tx, p.Advances[i], "cancelled", e, now)
}

func (r *Register) endAdvance(ctx context.Context, tx pgx.Tx, a Advance, state string, entry uuid.UUID, at time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE register.advance SET state = $2, ended = $3, ended_at = $4 WHERE id = $1`, a.ID, state, entry, at); err != nil {
		return fmt.Errorf("end advance notice: %w", err)
	}
	return endCertificates(ctx, tx, CertCancelled, a.Certificate)
}
