package trust

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Booked is one movement as the bank's statement of the day has to show it, too.
type Booked struct {
	Agreement string // number
	CaseNo    string
	Voucher   string // as the bank has it
	Amount    land.Fen
	At        time.Time
}

// Booked lists what moved at a bank from one moment until before another; what left the accounts is negative. Index movement_at.
func (l *Ledger) Booked(ctx context.Context, db pg.DB, bank string, from, to time.Time) ([]Booked, error) {
	rows, err := db.Query(ctx, `SELECT a.number, a.case_no, m.reference, p.amount, m.at
		FROM trust.movement m JOIN trust.agreement a ON a.id = m.agreement
			JOIN trust.posting p ON p.movement = m.id JOIN trust.account h ON h.id = p.account AND h.side = 'held'
		WHERE m.at >= $2 AND m.at < $3 AND a.bank = $1 ORDER BY m.at, m.no`, bank, from, to)
	if err != nil {
		return nil, fmt.Errorf("trust: movements of a day: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Booked, error) {
		b, err := pgx.RowToStructByPos[Booked](row)
		if _, number, told := strings.Cut(b.Voucher, ":"); told { // see Told
			b.Voucher = number
		}
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("trust: movements of a day: %w", err)
	}
	return out, nil
}
