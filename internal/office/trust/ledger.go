package trust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
)

// What the ledger refuses.
var (
	ErrNoAgreement   = errors.New("trust: no such agreement")
	ErrNoInstruction = errors.New("trust: no such instruction")
	ErrAmounts       = errors.New("trust: what is to be paid out is not what is to be paid in")
	ErrNotOpen       = errors.New("trust: the bank has not opened the account")
	ErrEnded         = errors.New("trust: the agreement has ended")
	ErrReference     = errors.New("trust: this voucher was told before with another amount")
	ErrNotArrived    = errors.New("trust: not all of the money has arrived")
	ErrFrozen        = errors.New("trust: the account is frozen by a court")
	ErrOtherCourt    = errors.New("trust: only the court that froze the account lifts it")
	ErrPaidOut       = errors.New("trust: money has been paid out, or is being")
	ErrResults       = errors.New("trust: the bank's results do not fit the instruction")
)

// States of an agreement.
const (
	Agreed    = "agreed"    // confirmed by the parties
	Opened    = "opened"    // the bank has opened the account
	Paying    = "paying"    // paid out in part
	Closed    = "closed"    // all paid out
	Refunding = "refunding" // what came in goes back
	Cancelled = "cancelled" // all given back, or nothing ever came
)

// Conditions of a payout.
const (
	WhenEntered    = "entered"     // transfer and mortgage stand in the book
	WhenHandedOver = "handed-over" // the home was handed over
)

// Ledger keeps all agreements. It has no state of its own.
type Ledger struct {
	keys  *sm.Keyring
	clock clock.Clock
}

// New gives the keys that names and account numbers are sealed with.
func New(keys *sm.Keyring, clk clock.Clock) *Ledger { return &Ledger{keys: keys, clock: clk} }

// Agreement is what buyer, seller and bank agreed on.
type Agreement struct {
	Case     uuid.UUID
	CaseNo   land.CaseNumber
	District string
	Unit     land.UnitCode
	Bank     string // code
	Down     land.Fen
	Buyer    string
	Loans    []Lender
	Payees   []Payee // in the order of payout: fees, old lender, seller, what is retained
}

// Lender pays in a loan.
type Lender struct {
	Name   string
	Amount land.Fen
}

// Payee is paid out.
type Payee struct {
	Kind      string // fee | lender | seller | retained
	Name      string
	Bank      string
	Account   string
	Amount    land.Fen
	Condition string // WhenEntered (also when empty) or WhenHandedOver
}

// record is an agreement's row.
type record struct {
	id       uuid.UUID
	number   string
	district string
	bank     string
	account  []byte
	expected land.Fen
	state    string
	frozenBy string
}

// ended reports whether the agreement is over.
func (r *record) ended() bool { return r.state == Closed || r.state == Cancelled }

// Agree writes the agreement that the parties confirmed and numbers it. A case has one: agreeing again gives its number.
// Error: ErrAmounts when payers and payees do not sum to the same.
func (l *Ledger) Agree(ctx context.Context, tx pgx.Tx, a Agreement) (string, error) {
	expected, err := a.sum()
	if err != nil {
		return "", err
	}
	if r, err := l.lock(ctx, tx, a.Case); err == nil || !errors.Is(err, ErrNoAgreement) {
		return r.number, err
	}
	now := l.clock.Now()
	number, err := number(ctx, tx, "TG", now)
	if err != nil {
		return "", err
	}
	id := uuid.Must(uuid.NewV7())
	if _, err := tx.Exec(ctx, `INSERT INTO trust.agreement (id, number, case_id, case_no, district, unit, bank, expected, agreed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, id, number, a.Case, a.CaseNo, a.District, a.Unit, a.Bank, expected, now); err != nil {
		return "", fmt.Errorf("trust: agree: %w", err)
	}
	if err := l.openAccounts(ctx, tx, id, a, expected); err != nil {
		return "", err
	}
	return number, nil
}

// sum checks that what comes in is what goes out.
func (a *Agreement) sum() (land.Fen, error) {
	in, out := a.Down, land.Fen(0)
	for _, l := range a.Loans {
		if l.Amount <= 0 {
			return 0, ErrAmounts
		}
		in += l.Amount
	}
	for _, p := range a.Payees {
		if p.Amount <= 0 {
			return 0, ErrAmounts
		}
		out += p.Amount
	}
	if in != out || in <= 0 || a.Down < 0 {
		return 0, ErrAmounts
	}
	return in, nil
}

// openAccounts makes the chart of accounts: what is held, those who pay in, those who are paid.
func (l *Ledger) openAccounts(ctx context.Context, tx pgx.Tx, agreement uuid.UUID, a Agreement, expected land.Fen) error {
	b := &pgx.Batch{}
	seq := 0
	add := func(side, kind, name, bank, number, condition string, agreed land.Fen) {
		id := uuid.Must(uuid.NewV7())
		b.Queue(`INSERT INTO trust.account (id, district, agreement, side, kind, seq, name, bank, number, condition, agreed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			id, a.District, agreement, side, kind, seq, l.seal(name, "account.name", id), bank, l.seal(number, "account.number", id), condition, agreed)
		seq++
	}
	add("held", "held", "", a.Bank, "", "", expected)
	add("source", "down", a.Buyer, "", "", "", a.Down)
	for _, loan := range a.Loans {
		add("source", "loan", loan.Name, "", "", "", loan.Amount)
	}
	for _, p := range a.Payees {
		condition := p.Condition
		if condition == "" {
			condition = WhenEntered
		}
		add("sink", p.Kind, p.Name, p.Bank, p.Account, condition, p.Amount)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("trust: open accounts: %w", err)
	}
	return nil
}

// Open notes the account that the bank has opened for the agreement. Told again it changes nothing.
func (l *Ledger) Open(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, account string) error {
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return err
	}
	if r.state != Agreed {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE trust.agreement SET state = 'opened', account = $2, opened_at = $3 WHERE id = $1`,
		r.id, l.seal(account, "agreement.account", r.id), l.clock.Now()); err != nil {
		return fmt.Errorf("trust: open: %w", err)
	}
	return nil
}

// Freeze stops payouts and refunds by the word of a court; money may still come in. Unfreeze takes the same words.
func (l *Ledger) Freeze(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, court, notice string) error {
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return err
	}
	if r.frozenBy != "" && r.frozenBy != courtOf(court, notice) {
		return ErrFrozen
	}
	return l.setFrozen(ctx, tx, r, courtOf(court, notice))
}

// Unfreeze lifts a freeze. Error: ErrOtherCourt.
func (l *Ledger) Unfreeze(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, court, notice string) error {
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return err
	}
	if r.frozenBy != courtOf(court, notice) {
		return ErrOtherCourt
	}
	return l.setFrozen(ctx, tx, r, "")
}

func courtOf(court, notice string) string { return court + " " + notice }

func (l *Ledger) setFrozen(ctx context.Context, tx pgx.Tx, r *record, by string) error {
	if _, err := tx.Exec(ctx, `UPDATE trust.agreement SET frozen_by = $2 WHERE id = $1`, r.id, by); err != nil {
		return fmt.Errorf("trust: freeze: %w", err)
	}
	return nil
}

// lock takes the agreement's row until the end of the transaction. Error: ErrNoAgreement, with an empty record.
func (l *Ledger) lock(ctx context.Context, tx pgx.Tx, caseID uuid.UUID) (*record, error) {
	return read(ctx, tx, caseID, ` FOR UPDATE`)
}

func read(ctx context.Context, db pg.DB, caseID uuid.UUID, suffix string) (*record, error) {
	r := &record{}
	err := db.QueryRow(ctx, `SELECT id, number, district, bank, account, expected, state, frozen_by FROM trust.agreement WHERE case_id = $1`+suffix, caseID).
		Scan(&r.id, &r.number, &r.district, &r.bank, &r.account, &r.expected, &r.state, &r.frozenBy)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, ErrNoAgreement
	}
	if err != nil {
		return r, fmt.Errorf("trust: agreement: %w", err)
	}
	return r, nil
}

// number takes the next number of a day, with a check digit.
func number(ctx context.Context, tx pgx.Tx, prefix string, now time.Time) (string, error) {
	day := land.DateOf(now)
	var serial int
	if err := tx.QueryRow(ctx, `INSERT INTO trust.serial (prefix, day, last) VALUES ($1, $2, 1)
		ON CONFLICT (prefix, day) DO UPDATE SET last = serial.last + 1 RETURNING last`, prefix, day).Scan(&serial); err != nil {
		return "", fmt.Errorf("trust: number: %w", err)
	}
	n, err := land.MakeCaseNumber(prefix, day, serial)
	if err != nil {
		return "", fmt.Errorf("trust: number: %w", err)
	}
	return string(n), nil
}

func (l *Ledger) seal(s, column string, id uuid.UUID) []byte {
	if s == "" {
		return nil
	}
	return l.keys.SealString(s, placeOf(column, id))
}

func (l *Ledger) open(sealed []byte, column string, id uuid.UUID) (string, error) {
	if sealed == nil {
		return "", nil
	}
	s, err := l.keys.OpenString(sealed, placeOf(column, id))
	if err != nil {
		return "", fmt.Errorf("trust: open %s: %w", column, err)
	}
	return s, nil
}

// placeOf binds a sealed value to its column and row.
func placeOf(column string, id uuid.UUID) string { return "trust." + column + "/" + id.String() }
