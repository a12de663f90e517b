package ferry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// maxAttempts before a message is parked; the pauses double from a tenth of a second, about 50 s in all.
const maxAttempts = 10

// A batch of messages is applied in one transaction, which spares commits, as long as they are quick: users wait for the same cases.
const (
	batchSize = 64
	batchTime = 20 * time.Millisecond
)

// applySome applies a batch of what is due. If one of its messages fails, nothing of the batch has happened, and they are applied one
// by one.
func (d *Door) applySome(ctx context.Context) (more bool, err error) {
	n, err := d.applyBatch(ctx)
	if err == nil || ctx.Err() != nil {
		return n > 0, nil
	}
	for range max(n, 1) {
		if found, err := d.Apply(ctx); err != nil || !found {
			return false, err
		}
	}
	return true, nil
}

// applyBatch applies messages of different cases in one transaction and says how many it did or, when it failed, tried.
func (d *Door) applyBatch(ctx context.Context) (n int, err error) {
	err = pgx.BeginFunc(ctx, d.o.Pool, func(tx pgx.Tx) error {
		all, err := d.next(ctx, tx, batchSize)
		if err != nil {
			return err
		}
		began := d.o.Clock.Now()
		for n < len(all) && (n == 0 || d.o.Clock.Now().Sub(began) < batchTime) {
			n++
			if err := d.handle(ctx, tx, all[n-1]); err != nil {
				return err
			}
		}
		return d.applied(ctx, tx, all[:n])
	})
	return n, err
}

type arrived struct {
	Stream   string
	Seq      int64
	In       Inbound
	sealed   []byte
	attempts int
}

// Apply applies the oldest message that no earlier open message of its case holds back, and reports whether it found one.
func (d *Door) Apply(ctx context.Context) (found bool, err error) {
	tx, err := d.o.Pool.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // no effect after commit
	all, err := d.next(ctx, tx, 1)
	if err != nil || len(all) == 0 {
		return false, err
	}
	m := all[0]
	sp, err := tx.Begin(ctx) // a savepoint: the handler's failure must not undo the mark of the attempt
	if err != nil {
		return false, err
	}
	if failure := d.handle(ctx, sp, m); failure != nil {
		if ctx.Err() != nil {
			return false, nil
		}
		if err := sp.Rollback(ctx); err != nil {
			return false, err
		}
		if err := d.failed(ctx, tx, m, failure); err != nil {
			return false, err
		}
		return true, tx.Commit(ctx)
	}
	if err := sp.Commit(ctx); err != nil {
		return false, err
	}
	if err := d.applied(ctx, tx, all); err != nil {
		return false, err
	}
	return true, tx.Commit(ctx)
}

// applied closes messages.
func (d *Door) applied(ctx context.Context, tx pgx.Tx, all []arrived) error {
	if len(all) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(all))
	for i, m := range all {
		ids[i] = m.In.ID
	}
	if _, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'applied', applied_at = $2, body = NULL, error = '' WHERE id = ANY($1)`, ids, d.o.Clock.Now()); err != nil {
		return fmt.Errorf("ferry: close messages: %w", err)
	}
	return nil
}

// next locks messages that are due, each of another case, urgent ones first. The one before it in its case must be done with. Index
// ferry_in_due finds candidates, the primary key answers the question; as a scalar it is not asked of the whole table at once.
func (d *Door) next(ctx context.Context, tx pgx.Tx, limit int) ([]arrived, error) {
	rows, err := tx.Query(ctx, `
		SELECT stream, seq, id, type, case_key, sent_at, body, attempts FROM ferry_in m
		WHERE state = 'pending' AND not_before <= $1
		  AND (prev = 0 OR (SELECT p.state IN ('applied', 'discarded') FROM ferry_in p WHERE p.stream = m.stream AND p.seq = m.prev))
		ORDER BY lane, not_before, seq LIMIT $2 FOR UPDATE OF m SKIP LOCKED`, d.o.Clock.Now(), limit)
	if err != nil {
		return nil, fmt.Errorf("ferry: next messages: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (m arrived, err error) {
		err = row.Scan(&m.Stream, &m.Seq, &m.In.ID, &m.In.Type, &m.In.Case, &m.In.Sent, &m.sealed, &m.attempts)
		return m, err
	})
}

func (d *Door) handle(ctx context.Context, tx pgx.Tx, m arrived) error {
	h := d.handlers[m.In.Type]
	if h == nil {
		return Park(ErrUnknownType{m.In.Type})
	}
	body, err := d.o.Keys.Open(m.sealed, m.In.ID[:])
	if err != nil {
		return Park(fmt.Errorf("open message: %w", err))
	}
	return h(ctx, tx, m.In, body)
}

func (d *Door) failed(ctx context.Context, tx pgx.Tx, m arrived, failure error) error {
	state := "pending"
	var parked parkError
	if errors.As(failure, &parked) || m.attempts+1 >= maxAttempts {
		state = "parked"
	}
	d.o.Log.Error("ferry message failed", "zone", d.o.Zone, "type", m.In.Type, "id", m.In.ID, "attempt", m.attempts+1, "state", state, "error", failure)
	pause := 100 * time.Millisecond << min(m.attempts, 9)
	_, err := tx.Exec(ctx, `UPDATE ferry_in SET attempts = attempts + 1, state = $3, error = $4, not_before = $5 WHERE stream = $1 AND seq = $2`,
		m.Stream, m.Seq, state, clip(failure.Error(), 500), d.o.Clock.Now().Add(pause))
	return err
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
