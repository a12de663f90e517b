package trust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Statement is an agreement with all that moved.
type Statement struct {
	Agreement string // number
	Bank      string // code
	Account   string // empty until the bank has opened it
	State     string
	Frozen    bool
	Expected  land.Fen
	Held      land.Fen
	Moves     []Move
}

// Move is one movement in or out, with what was held after it.
type Move struct {
	At        time.Time
	Kind      string // DownPayment, Loan, Payout, Refund
	Party     string // payer or payee
	PartyKind string // down, loan, fee, lender, seller, retained
	Reference string
	In, Out   land.Fen
	Held      land.Fen
}

// Words says a movement to a person.
func Words(m Move) string {
	switch m.Kind {
	case DownPayment:
		return "首付款存入托管账户"
	case Loan:
		return "贷款存入托管账户"
	case Refund:
		if m.PartyKind == Loan {
			return "贷款退回贷款机构"
		}
		return "首付款退回买方"
	}
	return map[string]string{"fee": "支付税费", "lender": "归还卖方原贷款", "seller": "房款支付给卖方", "retained": "预留款支付给卖方"}[m.PartyKind]
}

// Statement reads the account of a case; nil when the case has no agreement. Index movement_agreement.
func (l *Ledger) Statement(ctx context.Context, db pg.DB, caseID uuid.UUID) (*Statement, error) {
	r, err := read(ctx, db, caseID, "")
	if errors.Is(err, ErrNoAgreement) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &Statement{Agreement: r.number, Bank: r.bank, State: r.state, Frozen: r.frozenBy != "", Expected: r.expected}
	if s.Account, err = l.open(r.account, "agreement.account", r.id); err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `SELECT m.at, m.kind, m.reference, o.id, o.kind, o.name, p.amount
		FROM trust.movement m JOIN trust.posting p ON p.movement = m.id JOIN trust.account h ON h.id = p.account AND h.side = 'held'
			JOIN trust.posting q ON q.movement = m.id AND q.account <> h.id JOIN trust.account o ON o.id = q.account
		WHERE m.agreement = $1 ORDER BY m.no`, r.id)
	if err != nil {
		return nil, fmt.Errorf("trust: statement: %w", err)
	}
	s.Moves, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Move, error) {
		var m Move
		var account uuid.UUID
		var name []byte
		var amount land.Fen
		if err := row.Scan(&m.At, &m.Kind, &m.Reference, &account, &m.PartyKind, &name, &amount); err != nil {
			return m, err
		}
		m.In, m.Out = max(amount, 0), max(-amount, 0)
		s.Held += amount
		m.Held = s.Held
		var err error
		m.Party, err = l.open(name, "account.name", account)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("trust: statement: %w", err)
	}
	return s, nil
}
