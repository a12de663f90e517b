package ferry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/ferry/message"
)

// maxAttempts before a message is parked; the pauses double from a tenth of a second, about 50 s in all.
const maxAttempts = 10

func (d *Door) applyLoop(ctx context.Context) error {
	return listen(ctx, d.o.Pool, "ferry_in", d.applyAll, func(err error) {
		d.o.Log.Warn("ferry cannot apply, trying again", "zone", d.o.Zone, "error", err)
	})
}

// applyAll applies what is due with several workers, so that a slow case does not hold up the others.
func (d *Door) applyAll(ctx context.Context) (more bool, err error) {
	g, ctx := errgroup.WithContext(ctx)
	for range d.o.Workers {
		g.Go(func() error {
			for {
				if found, err := d.Apply(ctx); err != nil || !found {
					return err
				}
			}
		})
	}
	return false, g.Wait()
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
	m, err := d.next(ctx, tx)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ferry: next message: %w", err)
	}
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
	if _, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'applied', applied_at = $3, body = NULL, error = ''
		WHERE stream = $1 AND seq = $2`, m.Stream, m.Seq, d.o.Clock.Now()); err != nil {
		return false, err
	}
	return true, tx.Commit(ctx)
}

// next locks a due message; index ferry_in_due finds candidates, ferry_in_open answers the question about its case.
func (d *Door) next(ctx context.Context, tx pgx.Tx) (m arrived, err error) {
	var typ string
	err = tx.QueryRow(ctx, `
		SELECT stream, seq, id, type, case_key, sent_at, body, attempts FROM ferry_in m
		WHERE state = 'pending' AND not_before <= $1
		  AND NOT EXISTS (SELECT 1 FROM ferry_in e WHERE e.case_key = m.case_key AND e.stream = m.stream AND e.seq < m.seq
		                  AND e.state IN ('pending', 'parked'))
		ORDER BY not_before, seq LIMIT 1 FOR UPDATE SKIP LOCKED`, d.o.Clock.Now()).
		Scan(&m.Stream, &m.Seq, &m.In.ID, &typ, &m.In.Case, &m.In.Sent, &m.sealed, &m.attempts)
	m.In.Type = message.Type(typ)
	return m, err
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

// Parked is a message that waits for a person.
type Parked struct {
	ID       uuid.UUID
	Seq      int64
	Type     string
	Case     string
	Received time.Time
	Attempts int
	Error    string
}

// Lag is how the two directions stand.
type Lag struct {
	Unsent, Unapplied, Parked int
	OldestUnsent              *time.Time
	OldestUnapplied           *time.Time
	LastSeq                   int64
}

// Lag reads both queues in one round trip.
func (d *Door) Lag(ctx context.Context) (l Lag, err error) {
	err = d.o.Pool.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM ferry_out WHERE acked_at IS NULL),
		       (SELECT min(created_at) FROM ferry_out WHERE acked_at IS NULL),
		       (SELECT coalesce(max(seq), 0) FROM ferry_out),
		       (SELECT count(*) FROM ferry_in WHERE state = 'pending'),
		       (SELECT min(received_at) FROM ferry_in WHERE state = 'pending'),
		       (SELECT count(*) FROM ferry_in WHERE state = 'parked')`).
		Scan(&l.Unsent, &l.OldestUnsent, &l.LastSeq, &l.Unapplied, &l.OldestUnapplied, &l.Parked)
	if err != nil {
		return l, fmt.Errorf("ferry: lag: %w", err)
	}
	return l, nil
}

// ListParked returns what waits for a person, oldest first, at most limit.
func (d *Door) ListParked(ctx context.Context, limit int) ([]Parked, error) {
	rows, err := d.o.Pool.Query(ctx, `SELECT id, seq, type, case_key, received_at, attempts, error FROM ferry_in
		WHERE state = 'parked' ORDER BY received_at LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("ferry: list parked: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Parked])
}

// ErrNotParked says that the message is not, or no longer, parked.
var ErrNotParked = errors.New("ferry: message is not parked")

// Retry puts a parked message back to work.
func (d *Door) Retry(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	tag, err := tx.Exec(ctx, `WITH up AS (UPDATE ferry_in SET state = 'pending', attempts = 0, not_before = $2
		WHERE id = $1 AND state = 'parked' RETURNING 1) SELECT pg_notify('ferry_in', '') FROM up`, id, d.o.Clock.Now())
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotParked
	}
	return err
}

// Discard gives a parked message up, with the name of who decided and why; its case goes on.
func (d *Door) Discard(ctx context.Context, tx pgx.Tx, id uuid.UUID, by, why string) error {
	tag, err := tx.Exec(ctx, `WITH up AS (UPDATE ferry_in SET state = 'discarded', closed_by = $2, closed_why = $3, body = NULL
		WHERE id = $1 AND state = 'parked' RETURNING 1) SELECT pg_notify('ferry_in', '') FROM up`, id, by, why)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotParked
	}
	return err
}
