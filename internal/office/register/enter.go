package register

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// Entry is what a case asks of the book. What it names is done in one transaction in the order of the fields, or nothing is.
type Entry struct {
	Unit   land.UnitCode
	CaseID uuid.UUID
	Case   land.CaseNumber
	Basis  uuid.UUID // the title that the reviews looked at
	By     string    // the registrar
	Source string    // number of the contract or other paper

	// The three conditions of R-011. A mortgage alone needs only the first.
	Approved  bool // first and second review passed
	TaxPaid   bool
	Confirmed bool // housing filed the contract

	Applicants            []land.Document
	ObjectionAcknowledged bool
	MortgageesConsent     bool
	NoticeConsent         bool

	Transfer   *Transfer
	Fulfils    []uuid.UUID   // advance notices that turn into these rights
	Mortgages  []NewMortgage // the first ranks before the second
	Discharges []uuid.UUID   // mortgages that end
}

// Transfer gives the unit to others.
type Transfer struct {
	Reason  string // 存量房买卖 …
	To      []Taker
	CoOwn   land.CoOwn
	Price   land.Fen
	TaxedOn land.Date // of the deed-tax receipt
	// Split gives each holder a certificate; otherwise all are named on one.
	Split bool
}

// Taker receives a share.
type Taker struct {
	Name     string
	Document land.Document
	Phone    string
	Share    land.Share
}

// NewMortgage is a mortgage to be entered.
type NewMortgage struct {
	Kind       land.MortgageKind
	Mortgagee  Party
	Debtor     string
	Claim      land.Fen
	From, To   land.Date
	Scope      string
	Restricted bool
}

// Entered is what the book made of an entry.
type Entered struct {
	At           time.Time
	Title        uuid.UUID         // of a transfer
	Certificates []land.CertNumber // of a transfer, one for each holder; the same one where they share it
	Mortgages    []EnteredMortgage
}

// EnteredMortgage is a mortgage with its proof.
type EnteredMortgage struct {
	ID    uuid.UUID
	Proof land.CertNumber
}

// Enter checks everything once more and writes the entry: whatever was true when the case was reviewed counts only if it is
// true now, with the unit's row locked. An order of a court that was recorded before, be it in the same minute, prevents the entry;
// one that comes after finds the new owner. Errors: *Refusal with all obstacles, ErrUnapproved, ErrUnpaid, ErrUnconfirmed,
// ErrShares, ErrNoMortgage, ErrNoAdvance, ErrMortgage, ErrEmpty, ErrNoUnit. After an error the transaction must be rolled back.
func (r *Register) Enter(ctx context.Context, tx pgx.Tx, e Entry) (*Entered, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	now, err := r.lock(ctx, tx, e.Unit)
	if err != nil {
		return nil, fmt.Errorf("register: enter: %w", err)
	}
	p, err := r.Unit(ctx, tx, e.Unit)
	if err != nil {
		return nil, err
	}
	if all := Blocking(Obstacles(p, e.disposal(), now)); len(all) > 0 {
		return nil, &Refusal{Obstacles: all}
	}
	if err := e.named(p); err != nil {
		return nil, err
	}
	done := &Entered{At: now}
	steps := []func(context.Context, pgx.Tx, Entry, *Page, *Entered) error{r.discharge, r.transfer, r.fulfil, r.mortgage}
	for _, step := range steps {
		if err := step(ctx, tx, e, p, done); err != nil {
			return nil, fmt.Errorf("register: enter: %w", err)
		}
	}
	if err := r.endReservation(ctx, tx, e.Unit, e.CaseID, "entered"); err != nil {
		return nil, err
	}
	return done, nil
}

// check says what is wrong with the entry before the book is looked at.
func (e *Entry) check() error {
	switch {
	case e.Transfer == nil && len(e.Mortgages) == 0 && len(e.Discharges) == 0:
		return ErrEmpty
	case !e.Approved:
		return ErrUnapproved
	case e.Transfer != nil && !e.TaxPaid:
		return ErrUnpaid
	case e.Transfer != nil && !e.Confirmed:
		return ErrUnconfirmed
	}
	for _, m := range e.Mortgages {
		if m.Claim <= 0 || m.From == "" || m.To < m.From || m.Mortgagee.Name == "" || !m.Kind.Valid() {
			return ErrMortgage
		}
	}
	if e.Transfer == nil {
		return nil
	}
	return e.Transfer.check()
}

// check holds the shares to the way of co-ownership: Civil Code 298, 299.
func (t *Transfer) check() error {
	shares := make([]land.Share, len(t.To))
	for i, to := range t.To {
		shares[i] = to.Share
		if to.Name == "" || to.Document.Number == "" {
			return ErrShares
		}
	}
	whole := !slices.ContainsFunc(shares, func(s land.Share) bool { return !s.IsWhole() })
	switch {
	case len(t.To) == 0,
		t.CoOwn == land.CoOwnSole && (len(t.To) != 1 || !whole),
		t.CoOwn == land.CoOwnJoint && (len(t.To) < 2 || !whole),
		t.CoOwn == land.CoOwnOther, !t.CoOwn.Valid():
		return ErrShares
	case t.CoOwn == land.CoOwnShares:
		if slices.ContainsFunc(shares, land.Share.IsZero) {
			return ErrShares
		}
		if err := land.CheckShares(shares...); err != nil {
			return fmt.Errorf("%w: %w", ErrShares, err)
		}
	}
	return nil
}

func (e *Entry) disposal() Disposal {
	return Disposal{
		Case: e.CaseID, Basis: e.Basis, Applicants: e.Applicants, Transfer: e.Transfer != nil, Discharges: e.Discharges, Fulfils: e.Fulfils,
		ObjectionAcknowledged: e.ObjectionAcknowledged, MortgageesConsent: e.MortgageesConsent, NoticeConsent: e.NoticeConsent,
	}
}

// named finds what the entry speaks of by id.
func (e *Entry) named(p *Page) error {
	for _, id := range e.Discharges {
		if !slices.ContainsFunc(p.Running(), func(m Mortgage) bool { return m.ID == id }) {
			return ErrNoMortgage
		}
	}
	for _, id := range e.Fulfils {
		if !slices.ContainsFunc(p.Advances, func(a Advance) bool { return a.ID == id && a.State == "active" }) {
			return ErrNoAdvance
		}
	}
	return nil
}

// line is the entry of one act of the case.
func (e *Entry) line(act string, reg land.RegType, at time.Time, note string) entry {
	return entry{unit: e.Unit, act: act, regType: reg, caseNo: e.Case, source: e.Source, at: at, by: e.By, note: note}
}

// discharge ends mortgages; their proofs are cancelled.
func (r *Register) discharge(ctx context.Context, tx pgx.Tx, e Entry, p *Page, done *Entered) error {
	for _, m := range p.Running() {
		if !slices.Contains(e.Discharges, m.ID) {
			continue
		}
		id, _, err := r.write(ctx, tx, e.line("discharge", land.RegCancel, done.At, string(m.Certificate)))
		if err != nil {
			return err
		}
		if err := r.endMortgage(ctx, tx, m, id, done.At); err != nil {
			return err
		}
	}
	return nil
}

func (r *Register) endMortgage(ctx context.Context, tx pgx.Tx, m Mortgage, entry uuid.UUID, at time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE register.mortgage SET state = '3', ended = $2, ended_at = $3 WHERE id = $1`, m.ID, entry, at); err != nil {
		return fmt.Errorf("end mortgage: %w", err)
	}
	return endCertificates(ctx, tx, "cancelled", m.Certificate)
}

// transfer makes the current title history and enters the new one with its certificates.
func (r *Register) transfer(ctx context.Context, tx pgx.Tx, e Entry, p *Page, done *Entered) error {
	if e.Transfer == nil {
		return nil
	}
	id, _, err := r.write(ctx, tx, e.line("transfer", land.RegTransfer, done.At, e.Transfer.Reason))
	if err != nil {
		return err
	}
	if err := r.endTitle(ctx, tx, p.Title, id, done.At); err != nil {
		return err
	}
	t := Title{
		ID: uuid.Must(uuid.NewV7()), Kind: p.Title.Kind, RegType: land.RegTransfer, Reason: e.Transfer.Reason, CoOwn: e.Transfer.CoOwn,
		Price: e.Transfer.Price, TaxedOn: e.Transfer.TaxedOn, EnteredAt: done.At,
	}
	if done.Certificates, err = r.issueFor(ctx, tx, e.Unit, done.At, e.Transfer); err != nil {
		return err
	}
	for i, to := range e.Transfer.To {
		t.Holders = append(t.Holders, Holder{Party: Party{Name: to.Name, Document: to.Document}, Share: to.Share, Phone: to.Phone, Certificate: done.Certificates[i]})
	}
	done.Title = t.ID
	return r.addTitle(ctx, tx, e.Unit, t, id)
}

// issueFor makes one certificate for all, or one each.
func (r *Register) issueFor(ctx context.Context, tx pgx.Tx, unit land.UnitCode, at time.Time, t *Transfer) ([]land.CertNumber, error) {
	n := 1
	if t.Split {
		n = len(t.To)
	}
	numbers, err := r.issue(ctx, tx, unit, at, false, n)
	if err != nil || t.Split {
		return numbers, err
	}
	return slices.Repeat(numbers, len(t.To)), nil
}

func (r *Register) endTitle(ctx context.Context, tx pgx.Tx, t *Title, entry uuid.UUID, at time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE register.title SET state = '2', ended = $2, ended_at = $3 WHERE id = $1`, t.ID, entry, at); err != nil {
		return fmt.Errorf("end title: %w", err)
	}
	var old []land.CertNumber
	for _, h := range t.Holders {
		old = append(old, h.Certificate)
	}
	return endCertificates(ctx, tx, "superseded", old...)
}

// addTitle writes a title with its holders. The shares are checked by a constraint at commit as well.
func (r *Register) addTitle(ctx context.Context, tx pgx.Tx, unit land.UnitCode, t Title, entry uuid.UUID) error {
	if _, err := tx.Exec(ctx, `INSERT INTO register.title (id, district, unit, kind, reg_type, reason, co_own, price, taxed_on, entered, entered_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, 0), nullif($9, '')::date, $10, $11, '1')`,
		t.ID, unit.District(), unit, t.Kind, t.RegType, t.Reason, t.CoOwn, t.Price, string(t.TaxedOn), entry, t.EnteredAt); err != nil {
		return fmt.Errorf("add title: %w", err)
	}
	for i, h := range t.Holders {
		party, err := r.party(ctx, tx, unit.District(), h.Party)
		if err != nil {
			return err
		}
		id := uuid.Must(uuid.NewV7())
		var match []byte
		if h.Certificate != "" {
			match = r.matchIndex(h.Certificate, h.Name, h.Document.Number)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO register.holder (id, district, title, seq, party, share_num, share_den, certificate, phone, match_index)
			VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), $9, $10)`,
			id, unit.District(), t.ID, i+1, party, h.Share.Num, h.Share.Den, string(h.Certificate), r.seal(h.Phone, "holder.phone", id), match); err != nil {
			return fmt.Errorf("add holder: %w", err)
		}
	}
	return nil
}

// fulfil ends the advance notices that have become the rights entered with them.
func (r *Register) fulfil(ctx context.Context, tx pgx.Tx, e Entry, p *Page, done *Entered) error {
	for _, a := range p.Advances {
		if !slices.Contains(e.Fulfils, a.ID) {
			continue
		}
		id, _, err := r.write(ctx, tx, e.line("fulfil", land.RegAdvance, done.At, string(a.Certificate)))
		if err != nil {
			return err
		}
		if err := r.endAdvance(ctx, tx, a, "fulfilled", id, done.At); err != nil {
			return err
		}
	}
	return nil
}

// mortgage enters the new mortgages in their order, which is their rank (Civil Code 414).
func (r *Register) mortgage(ctx context.Context, tx pgx.Tx, e Entry, p *Page, done *Entered) error {
	for _, m := range e.Mortgages {
		id, _, err := r.write(ctx, tx, e.line("mortgage", land.RegFirst, done.At, ""))
		if err != nil {
			return err
		}
		numbers, err := r.issue(ctx, tx, e.Unit, done.At, true, 1)
		if err != nil {
			return err
		}
		made := Mortgage{
			ID: uuid.Must(uuid.NewV7()), Kind: m.Kind, Mortgagee: m.Mortgagee, Debtor: strings.TrimSpace(m.Debtor), Claim: m.Claim, From: m.From, To: m.To,
			Scope: m.Scope, Restricted: m.Restricted, Certificate: numbers[0], EnteredAt: done.At,
		}
		if err := r.addMortgage(ctx, tx, e.Unit, made, id); err != nil {
			return err
		}
		done.Mortgages = append(done.Mortgages, EnteredMortgage{ID: made.ID, Proof: made.Certificate})
	}
	return nil
}

func (r *Register) addMortgage(ctx context.Context, tx pgx.Tx, unit land.UnitCode, m Mortgage, entry uuid.UUID) error {
	party, err := r.party(ctx, tx, unit.District(), m.Mortgagee)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO register.mortgage (id, district, unit, kind, mortgagee, debtor, claim, term_from, term_to, scope, restricted,
			certificate, entered, entered_no, entered_at, state)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, coalesce(max(entered_no), 0) + 1, $14, '1'
		FROM register.mortgage WHERE unit = $3`,
		m.ID, unit.District(), unit, m.Kind, party, r.seal(m.Debtor, "mortgage.debtor", m.ID), m.Claim, m.From, m.To, m.Scope, m.Restricted,
		m.Certificate, entry, m.EnteredAt); err != nil {
		return fmt.Errorf("add mortgage: %w", err)
	}
	return nil
}
