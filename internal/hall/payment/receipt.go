package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/catalog"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// backDays is how many working days banks may take to bring a refund home.
const backDays = 5

// Receipt is a payment as its payer sees it, with what goes back of it.
type Receipt struct {
	Channel   string // title of the channel
	Reference string
	Amount    land.Fen
	Fit       string
	At        time.Time
	Heard     time.Time
	Refund    land.Fen // 0 where nothing goes back
	Reason    string
	Done      bool // what goes back is back
}

// receipts of a bill, the oldest first. Index payments_bill.
func (r *Room) receipts(ctx context.Context, db pg.DB, bill uuid.UUID) ([]Receipt, error) {
	rows, err := db.Query(ctx, `SELECT p.channel, p.reference, p.amount, p.fit, p.paid_at, p.heard_at,
			coalesce(sum(f.amount), 0), coalesce(min(f.reason), ''), coalesce(bool_and(f.state = 'done'), false)
		FROM payments p LEFT JOIN payment_refunds f ON f.payment = p.id WHERE p.bill = $1 GROUP BY p.id ORDER BY p.paid_at, p.id`, bill)
	if err != nil {
		return nil, fmt.Errorf("payment: receipts: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Receipt, err error) {
		err = row.Scan(&p.Channel, &p.Reference, &p.Amount, &p.Fit, &p.At, &p.Heard, &p.Refund, &p.Reason, &p.Done)
		if c, ok := r.channel(p.Channel); ok {
			p.Channel = c.Title()
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("payment: receipts: %w", err)
	}
	return list, nil
}

// explain says what happens to a payment that did not settle the bill; "" where it did.
func explain(c *catalog.Catalog, b *Bill, p Receipt) string {
	by := land.DateOf(c.Calendar().AddWorkingDays(p.Heard, backDays)).Chinese()
	switch p.Fit {
	case fitDouble:
		return c.Message("err.pay.double", map[string]any{"amt": p.Amount.String(), "date": by})
	case fitAmount:
		return c.Message("err.pay.amount", map[string]any{"got": p.Amount.String(), "want": b.Total.String(), "date": by})
	case fitLate, fitCancelled:
		return fmt.Sprintf("收到 %s 元时账单已经结束。这笔钱已发起退款，%s前原路退回", p.Amount, by)
	}
	return ""
}
