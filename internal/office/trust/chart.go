package trust

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// account is a row of the chart. Balances are what the counterparty has received: of a source never above zero, of a sink never
// below, and what is held makes up the difference.
type account struct {
	id              uuid.UUID
	side, kind      string
	name            string
	bank, number    string
	condition       string
	agreed, balance land.Fen
}

// chart is all accounts of an agreement in their order.
type chart []*account

func (l *Ledger) chart(ctx context.Context, db pg.DB, agreement uuid.UUID) (chart, error) {
	rows, err := db.Query(ctx, `SELECT id, side, kind, name, bank, number, condition, agreed, balance FROM trust.account
		WHERE agreement = $1 ORDER BY seq`, agreement)
	if err != nil {
		return nil, fmt.Errorf("trust: accounts: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*account, error) {
		a := &account{}
		var name, number []byte
		if err := row.Scan(&a.id, &a.side, &a.kind, &name, &a.bank, &number, &a.condition, &a.agreed, &a.balance); err != nil {
			return nil, err
		}
		var err error
		if a.name, err = l.open(name, "account.name", a.id); err != nil {
			return nil, err
		}
		a.number, err = l.open(number, "account.number", a.id)
		return a, err
	})
}

func (c chart) held() *account { return c[0] }

func (c chart) byID(id uuid.UUID) *account {
	for _, a := range c {
		if a.id == id {
			return a
		}
	}
	return nil
}

// source is whose payment a deposit is: the lender that is named; else the one who owes exactly this much, else the first that
// still owes, else the last.
func (c chart) source(d Deposit) *account {
	var owing, last *account
	for _, a := range c {
		switch {
		case a.side != "source" || a.kind != d.Kind:
			continue
		case a.kind == DownPayment || d.Lender != "" && a.name == d.Lender:
			return a
		}
		last = a
		if a.missing() > 0 && (owing == nil || owing.missing() != d.Amount && a.missing() == d.Amount) {
			owing = a
		}
	}
	return cmp.Or(owing, last)
}

// missing is what a payer still has to pay in.
func (a *account) missing() land.Fen { return max(a.agreed+a.balance, 0) }

// surplus is what a payer paid in beyond the agreed.
func (a *account) surplus() land.Fen { return max(-a.balance-a.agreed, 0) }

func (c chart) receipt(r *record, again bool) *Receipt {
	rec := &Receipt{Again: again, Held: c.held().balance, DownHere: true, MustReturn: r.state == Refunding || r.state == Cancelled}
	for _, a := range c {
		if a.side != "source" {
			continue
		}
		rec.Missing += a.missing()
		rec.Surplus += a.surplus()
		if a.kind == DownPayment && a.missing() > 0 {
			rec.DownHere = false
		}
	}
	rec.AllHere = rec.Missing == 0
	return rec
}
