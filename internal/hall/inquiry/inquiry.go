// Package inquiry asks the office for what only the office may know, and waits for the answer.
//
// The hall holds neither the register nor another person's data (two zones, R-606). A citizen's question therefore is a
// message through the ferry, and so is its reply. A page asks, waits a moment, and if the answer is not there yet shows
// a page that looks again; nothing is lost when the citizen leaves meanwhile. Answers are sealed and removed after a day.
package inquiry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// Patience is how long a page waits for an answer before it shows the waiting page.
const Patience = 2500 * time.Millisecond

// Desk asks and collects answers.
type Desk struct {
	pool  *pgxpool.Pool
	door  *ferry.Door
	keys  *sm.Keyring
	clock clock.Clock
}

// New makes a desk and takes the replies of the office.
func New(pool *pgxpool.Pool, door *ferry.Door, keys *sm.Keyring, clk clock.Clock) *Desk {
	d := &Desk{pool: pool, door: door, keys: keys, clock: clk}
	take(d, message.HomeReplied, func(r message.HomeReply) uuid.UUID { return r.Query })
	take(d, message.ContractReplied, func(r message.ContractReply) uuid.UUID { return r.Query })
	take(d, message.ShareReplied, func(r message.ShareReply) uuid.UUID { return r.Query })
	take(d, message.UtilityReplied, func(r message.UtilityReply) uuid.UUID { return r.Query })
	return d
}

func take[T any](d *Desk, t message.Type, query func(T) uuid.UUID) {
	ferry.Handle(d.door, t, func(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, reply T) error {
		body, err := json.Marshal(reply)
		if err != nil {
			return fmt.Errorf("inquiry: encode reply: %w", err)
		}
		id := query(reply)
		_, err = tx.Exec(ctx, `UPDATE inquiries SET answer = $2, answered_at = $3 WHERE query = $1 AND answered_at IS NULL`,
			id, d.keys.Seal(body, id[:]), d.clock.Now())
		return err
	})
}

// Ask sends body, whose Ask.Query must be id, on behalf of account. Questions are not bound to a case and go to the
// office in the order of their own, so a stuck case never delays them.
func (d *Desk) Ask(ctx context.Context, account uuid.UUID, id uuid.UUID, t message.Type, body any) error {
	err := pg.InTx(ctx, d.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO inquiries (query, account, type, asked_at) VALUES ($1, $2, $3, $4)`,
			id, account, string(t), d.clock.Now()); err != nil {
			return err
		}
		return d.door.Send(ctx, tx, ferry.Message{Type: t, Case: id.String(), Body: body})
	})
	if err != nil {
		return fmt.Errorf("inquiry: ask: %w", err)
	}
	return nil
}

// ErrUnknown says that this account asked no such question.
var ErrUnknown = errors.New("inquiry: no such question")

// Answer returns the reply to a question of account; ok is false while there is none.
func Answer[T any](ctx context.Context, d *Desk, account, id uuid.UUID) (reply T, ok bool, err error) {
	var sealed []byte
	err = d.pool.QueryRow(ctx, `SELECT answer FROM inquiries WHERE query = $1 AND account = $2`, id, account).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return reply, false, ErrUnknown
	}
	if err != nil {
		return reply, false, fmt.Errorf("inquiry: read answer: %w", err)
	}
	if sealed == nil {
		return reply, false, nil
	}
	body, err := d.keys.Open(sealed, id[:])
	if err != nil {
		return reply, false, fmt.Errorf("inquiry: open answer: %w", err)
	}
	return reply, true, json.Unmarshal(body, &reply)
}

// Wait returns the reply as soon as it is there, or ok = false after Patience.
func Wait[T any](ctx context.Context, d *Desk, account, id uuid.UUID) (reply T, ok bool, err error) {
	until := time.NewTimer(Patience)
	defer until.Stop()
	pause := 15 * time.Millisecond
	for {
		if reply, ok, err = Answer[T](ctx, d, account, id); ok || err != nil {
			return reply, ok, err
		}
		select {
		case <-ctx.Done():
			return reply, false, ctx.Err()
		case <-until.C:
			return reply, false, nil
		case <-time.After(pause):
		}
		pause = min(pause*3/2, 150*time.Millisecond)
	}
}

// Sweep removes questions and answers older than a day (residual information, GB/T 22239 8.1.4.10).
func (d *Desk) Sweep(ctx context.Context) error {
	if _, err := d.pool.Exec(ctx, `DELETE FROM inquiries WHERE asked_at < $1`, d.clock.Now().Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("inquiry: sweep: %w", err)
	}
	return nil
}
