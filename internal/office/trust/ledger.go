// Package trust is the ledger of money held between buyer and seller until the book is changed (资金托管).
//
// In come agreements, deposits, payouts and refunds as banks and channels confirm them; out goes a statement. Every move is
// a balanced double entry and carries the outside reference that makes it count once. What comes in equals what went
// out plus what is held: the database refuses anything else.
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

// Kind of a move.
type Kind string

// The four kinds of moves.
const (
	DownPayment Kind = "down-payment" // buyer → trust
	Loan        Kind = "loan"         // lender → trust
	Payout      Kind = "payout"       // trust → seller
	Refund      Kind = "refund"       // trust → buyer; a lender's money goes back to the lender
)

// Agreement is the contract to hold the money of one case.
type Agreement struct {
	Case     uuid.UUID
	District string
	Number   string
	Bank     string
	Account  string
	State    string // open | frozen | closed
}

// Move is one confirmed movement.
type Move struct {
	Kind      Kind
	Reference string // voucher or instruction number of the bank or channel
	Amount    land.Fen
	At        time.Time
}

// Line of a statement.
type Line struct {
	Move
	In, Out land.Fen
}

// Statement of an agreement.
type Statement struct {
	Agreement, Account, Bank, State string
	Held                            land.Fen
	Moves                           []Line
}

// Errors of the ledger.
var (
	ErrNone    = errors.New("trust: no agreement for this case")
	ErrShort   = errors.New("trust: more than is held")
	ErrFrozen  = errors.New("trust: account is frozen by a court")
	ErrClosed  = errors.New("trust: account is closed")
	ErrAmount  = errors.New("trust: amount must be above zero")
	ErrAnother = errors.New("trust: agreement number is another case's")
)

// Ledger keeps the moves.
type Ledger struct {
	keys  *sm.Keyring
	clock clock.Clock
}

// New makes a ledger.
func New(keys *sm.Keyring, clk clock.Clock) *Ledger { return &Ledger{keys, clk} }

// Open records that the bank opened the account. Opening it again changes nothing.
func (l *Ledger) Open(ctx context.Context, tx pgx.Tx, a Agreement) error {
	_, err := tx.Exec(ctx, `INSERT INTO trust_agreements (case_id, district, number, bank, account, opened_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (case_id) DO NOTHING`, a.Case, a.District, a.Number, a.Bank, l.keys.Seal([]byte(a.Account), a.Case[:]), l.clock.Now())
	if pg.IsUnique(err, "trust_agreements_number_key") {
		return ErrAnother
	}
	if err != nil {
		return fmt.Errorf("trust: open: %w", err)
	}
	return nil
}

// Record enters a move; fresh is false when its reference was entered before, and then nothing changes.
func (l *Ledger) Record(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, m Move) (fresh bool, err error) {
	if m.Amount <= 0 {
		return false, ErrAmount
	}
	state, held, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return false, err
	}
	id := uuid.Must(uuid.NewV7())
	tag, err := tx.Exec(ctx, `INSERT INTO trust_moves (id, case_id, kind, reference, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (case_id, reference) DO NOTHING`, id, caseID, m.Kind, m.Reference, m.At)
	if err != nil {
		return false, fmt.Errorf("trust: record: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	if err := allowed(state, held, m); err != nil {
		return false, err
	}
	other, sign := counter(m.Kind)
	batch := &pgx.Batch{}
	for account, amount := range map[string]land.Fen{"trust": sign * m.Amount, other: -sign * m.Amount} {
		batch.Queue(`INSERT INTO trust_entries (move, account, amount) VALUES ($1, $2, $3)`, id, account, amount)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("trust: record: %w", err)
	}
	return true, nil
}

// counter is the account on the other side of a move, and the sign of the move seen from the trust account.
func counter(k Kind) (account string, sign land.Fen) {
	switch k {
	case DownPayment:
		return "buyer", 1
	case Loan:
		return "lender", 1
	case Payout:
		return "seller", -1
	}
	return "buyer", -1
}

// allowed says why a move may not be made now.
func allowed(state string, held land.Fen, m Move) error {
	_, sign := counter(m.Kind)
	switch {
	case state == "closed":
		return ErrClosed
	case sign < 0 && state == "frozen":
		return ErrFrozen
	case sign < 0 && m.Amount > held:
		return ErrShort
	}
	return nil
}

// lock takes the agreement's row, so that moves of one agreement follow one another.
func (l *Ledger) lock(ctx context.Context, tx pgx.Tx, caseID uuid.UUID) (state string, held land.Fen, err error) {
	err = tx.QueryRow(ctx, `SELECT state FROM trust_agreements WHERE case_id = $1 FOR UPDATE`, caseID).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", 0, ErrNone
	}
	if err != nil {
		return "", 0, fmt.Errorf("trust: lock: %w", err)
	}
	held, err = l.Held(ctx, tx, caseID)
	return state, held, err
}

// Held is what the account of a case holds now; zero without an agreement. Index trust_moves_case.
func (l *Ledger) Held(ctx context.Context, db pg.DB, caseID uuid.UUID) (held land.Fen, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce(sum(e.amount), 0) FROM trust_moves m JOIN trust_entries e ON e.move = m.id AND e.account = 'trust'
		WHERE m.case_id = $1`, caseID).Scan(&held)
	if err != nil {
		return 0, fmt.Errorf("trust: held: %w", err)
	}
	return held, nil
}

// Received is what came in by one kind of move.
func (l *Ledger) Received(ctx context.Context, db pg.DB, caseID uuid.UUID, k Kind) (sum land.Fen, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce(sum(e.amount), 0) FROM trust_moves m JOIN trust_entries e ON e.move = m.id AND e.account = 'trust'
		WHERE m.case_id = $1 AND m.kind = $2`, caseID, k).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("trust: received: %w", err)
	}
	return sum, nil
}

// Close ends an agreement that holds nothing.
func (l *Ledger) Close(ctx context.Context, tx pgx.Tx, caseID uuid.UUID) error {
	_, held, err := l.lock(ctx, tx, caseID)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if held != 0 {
		return ErrShort
	}
	if _, err := tx.Exec(ctx, `UPDATE trust_agreements SET state = 'closed', closed_at = $2 WHERE case_id = $1 AND state <> 'closed'`, caseID, l.clock.Now()); err != nil {
		return fmt.Errorf("trust: close: %w", err)
	}
	return nil
}

// Freeze and thaw an account on a court's order; frozen money may come in and not go out.
func (l *Ledger) Freeze(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, frozen bool) error {
	from, to := "open", "frozen"
	if !frozen {
		from, to = to, from
	}
	tag, err := tx.Exec(ctx, `UPDATE trust_agreements SET state = $3 WHERE case_id = $1 AND state = $2`, caseID, from, to)
	if err != nil {
		return fmt.Errorf("trust: freeze: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrClosed
	}
	return nil
}

// Statement shows an agreement with all its moves, oldest first; nil without an agreement.
func (l *Ledger) Statement(ctx context.Context, db pg.DB, caseID uuid.UUID) (*Statement, error) {
	var s Statement
	var account []byte
	err := db.QueryRow(ctx, `SELECT number, account, bank, state FROM trust_agreements WHERE case_id = $1`, caseID).Scan(&s.Agreement, &account, &s.Bank, &s.State)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("trust: statement: %w", err)
	}
	plain, err := l.keys.Open(account, caseID[:])
	if err != nil {
		return nil, fmt.Errorf("trust: open account: %w", err)
	}
	s.Account = string(plain)
	rows, err := db.Query(ctx, `SELECT m.kind, m.reference, m.at, e.amount FROM trust_moves m JOIN trust_entries e ON e.move = m.id AND e.account = 'trust'
		WHERE m.case_id = $1 ORDER BY m.at, m.id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("trust: statement: %w", err)
	}
	s.Moves, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Line, err error) {
		var amount land.Fen
		err = row.Scan(&l.Kind, &l.Reference, &l.At, &amount)
		l.Amount = max(amount, -amount)
		l.In, l.Out = max(amount, 0), max(-amount, 0)
		s.Held += amount
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("trust: statement: %w", err)
	}
	return &s, nil
}

// Words for a line, as the parties read it.
func Words(l Line) string {
	switch l.Kind {
	case DownPayment:
		return "首付款存入"
	case Loan:
		return "贷款存入"
	case Payout:
		return "划转给卖方"
	}
	return "原路退回"
}
