package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

const (
	orderLife = 30 * time.Minute // in which a payer makes up their mind
	orderMin  = 5 * time.Minute  // least time that channels give; a payment that then comes late goes back
	reuse     = 2 * time.Minute  // an order with less left is not offered again
)

// kept is an order as it stands in the database.
type kept struct {
	ID      uuid.UUID
	Bill    uuid.UUID
	Channel string
	Phone   bool
	Amount  land.Fen
	State   string
	Code    string
	Created time.Time
	Expires time.Time
}

const orderColumns = `id, bill, channel, phone, amount, state, code, created_at, expires_at`

func scanOrder(row pgx.CollectableRow) (*kept, error) {
	var k kept
	return &k, row.Scan(&k.ID, &k.Bill, &k.Channel, &k.Phone, &k.Amount, &k.State, &k.Code, &k.Created, &k.Expires)
}

// orderWhere reads one order; the newest where several fit. Error: errNone.
func orderWhere(ctx context.Context, db pg.DB, where string, args ...any) (*kept, error) {
	rows, err := db.Query(ctx, `SELECT `+orderColumns+` FROM payment_orders WHERE `+where+` ORDER BY created_at DESC, id DESC LIMIT 1`, args...)
	if err != nil {
		return nil, fmt.Errorf("payment: order: %w", err)
	}
	k, err := pgx.CollectExactlyOneRow(rows, scanOrder)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNone
	}
	if err != nil {
		return nil, fmt.Errorf("payment: order: %w", err)
	}
	return k, nil
}

// atChannel is the order as its channel is told of it, the same every time.
func (r *Room) atChannel(k *kept, b *Bill) Order {
	return Order{ID: k.ID, Subject: "不动产登记 " + kindWords(b.Kind) + " " + string(b.Case), Amount: k.Amount, Created: k.Created, Expires: k.Expires,
		Notify: r.Site + "/notify/" + k.Channel, Return: r.Site + "/pay/" + b.ID.String() + "/wait", Back: r.Site + "/notify/back/" + b.ID.String()}
}

// open makes an order for the bill, or finds the one that the payer holds already. The row is there before the channel is
// asked, so that a payment never finds us without its order. Error: errOver.
func (r *Room) openOrder(ctx context.Context, bill uuid.UUID, c Channel, by Payer, account uuid.UUID) (k *kept, b *Bill, err error) {
	err = pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		if b, err = r.billByID(ctx, tx, bill, "FOR UPDATE"); err != nil {
			return err
		}
		now := r.Clock.Now()
		if !b.Payable(now) {
			return errOver
		}
		k, err = orderWhere(ctx, tx, `bill = $1 AND channel = $2 AND phone = $3 AND state = 'open' AND expires_at > $4`, bill, c.Code(), by.Phone, now.Add(reuse))
		if !errors.Is(err, errNone) {
			return err
		}
		created := now.Truncate(time.Second) // UnionPay names an order by its second, too
		k = &kept{ID: uuid.Must(uuid.NewV7()), Bill: bill, Channel: c.Code(), Phone: by.Phone, Amount: b.Total, State: open, Created: created, Expires: expiry(created, b.Until)}
		if _, err := tx.Exec(ctx, `INSERT INTO payment_orders (id, bill, channel, phone, account, amount, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			k.ID, bill, k.Channel, k.Phone, account, k.Amount, k.Created, k.Expires); err != nil {
			return fmt.Errorf("payment: keep order: %w", err)
		}
		return r.Jobs.InsertTx(ctx, tx, AskArgs{Order: k.ID}, &river.InsertOpts{MaxAttempts: askAttempts, ScheduledAt: now.Add(firstAsk)})
	})
	return k, b, err
}

// expiry of an order ends with its bill, but leaves the payer the least time that channels allow.
func expiry(now, until time.Time) time.Time {
	end := now.Add(orderLife)
	if until.Before(end) {
		end = until
	}
	if least := now.Add(orderMin); end.Before(least) {
		end = least
	}
	return end.Truncate(time.Second)
}

// way asks the channel where the payer of an order goes. A QR code is kept: the payer may come back to its page.
func (r *Room) way(ctx context.Context, c Channel, k *kept, b *Bill, by Payer) (Way, error) {
	if k.Code != "" {
		return Way{Code: k.Code}, nil
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	w, err := c.Create(ctx, r.atChannel(k, b), by)
	if err != nil || w.Code == "" {
		return w, err
	}
	if _, err := r.Pool.Exec(ctx, `UPDATE payment_orders SET code = $2 WHERE id = $1`, k.ID, w.Code); err != nil {
		return w, fmt.Errorf("payment: keep code: %w", err)
	}
	return w, nil
}

func collect(rows pgx.Rows) ([]*kept, error) {
	list, err := pgx.CollectRows(rows, scanOrder)
	if err != nil {
		return nil, fmt.Errorf("payment: orders: %w", err)
	}
	return list, nil
}
