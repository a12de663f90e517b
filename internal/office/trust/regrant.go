package trust

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// Regrant sets what a lender will pay in by its decision. What is less than agreed the buyer pays in instead, so that payers and
// payees still sum to the same; a later decision counts anew. Errors: ErrNoAgreement, ErrNotOpen once money may move, and
// ErrAmounts for a lender that is none of the agreement's, a sum above the price, or below what the lender has paid in.
func (l *Ledger) Regrant(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, lender string, amount land.Fen) error {
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return err
	}
	if r.state != Agreed && r.state != Opened {
		return ErrNotOpen
	}
	chart, err := l.chart(ctx, tx, r.id)
	if err != nil {
		return err
	}
	source := chart.lender(lender)
	down := chart.source(Deposit{Kind: DownPayment})
	if source == nil || down == nil || amount < -source.balance || amount < 0 {
		return ErrAmounts
	}
	less := source.agreed - amount
	if down.agreed+less < 0 {
		return ErrAmounts
	}
	if less == 0 {
		return nil
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE trust.account SET agreed = $2 WHERE id = $1`, source.id, amount)
	b.Queue(`UPDATE trust.account SET agreed = $2 WHERE id = $1`, down.id, down.agreed+less)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("trust: regrant: %w", err)
	}
	return nil
}

// lender finds the account of a loan by its lender; nil when there is none.
func (c chart) lender(name string) *account {
	for _, a := range c {
		if a.side == "source" && a.kind == Loan && a.name == name {
			return a
		}
	}
	return nil
}
