package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// Head is the newest link of the chain. Noted elsewhere, it later shows that nothing up to it was taken away.
type Head struct {
	Seq  int64
	Link [32]byte
}

// ErrBroken says where and how the record differs from its chain.
type ErrBroken struct {
	Seq    int64     // place on the chain; 0 for a record that was never on it
	Record uuid.UUID // zero where not known
	Why    string
}

func (e ErrBroken) Error() string {
	return fmt.Sprintf("audit chain broken at %d (record %s): %s", e.Seq, e.Record, e.Why)
}

// next is the link that follows prev.
func next(prev [32]byte, seq int64, hash []byte) [32]byte {
	b := append(prev[:], binary.BigEndian.AppendUint64(nil, uint64(seq))...)
	return sm.SM3(append(b, hash...))
}

const (
	sealEvery = time.Second
	sealBatch = 1000
)

// Run links new records about every second and makes the partitions of this month and the next two ahead of time, until ctx
// ends. Each process may run it: they take turns. Failures go to onError, and the next second tries again.
func (l *Log) Run(ctx context.Context, onError func(error)) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		if err := l.maintain(ctx); err != nil && ctx.Err() == nil {
			onError(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *Log) maintain(ctx context.Context) error {
	now := l.clock.Now()
	for ahead := range 3 {
		first := time.Date(now.Year(), now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, now.Location())
		if err := l.ensureMonth(ctx, first); err != nil {
			return err
		}
	}
	_, err := l.Seal(ctx)
	return err
}

// Seal links all records committed so far, and returns how many. It links none where another process is at it.
func (l *Log) Seal(ctx context.Context) (int, error) {
	total := 0
	for {
		n := 0
		err := pg.InTx(ctx, l.pool, func(tx pgx.Tx) (err error) {
			n, err = sealSome(ctx, tx)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("seal audit record: %w", err)
		}
		if total += n; n < sealBatch {
			return total, nil
		}
	}
}

func sealSome(ctx context.Context, tx pgx.Tx) (int, error) {
	var alone bool
	const lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('audit_link', 0))`
	if err := tx.QueryRow(ctx, lock).Scan(&alone); err != nil || !alone {
		return 0, err
	}
	head, err := headOf(ctx, tx)
	if err != nil {
		return 0, err
	}
	// A record that commits late is linked late: its place on the chain is that of its commit, give or take a second.
	const take = `
		DELETE FROM audit_pending WHERE pos IN (SELECT pos FROM audit_pending ORDER BY pos LIMIT $1)
		RETURNING pos, id, at, hash`
	rows, err := tx.Query(ctx, `WITH taken AS (`+take+`) SELECT id, at, hash FROM taken ORDER BY pos`, sealBatch)
	if err != nil {
		return 0, err
	}
	var links [][]any
	var id uuid.UUID
	var at time.Time
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &at, &hash}, func() error {
		head.Seq++
		head.Link = next(head.Link, head.Seq, hash)
		links = append(links, []any{head.Seq, id, at, bytes.Clone(hash), bytes.Clone(head.Link[:])})
		return nil
	})
	if err != nil {
		return 0, err
	}
	columns := []string{"seq", "id", "at", "hash", "link"}
	n, err := tx.CopyFrom(ctx, pgx.Identifier{"audit_link"}, columns, pgx.CopyFromRows(links))
	return int(n), err
}

// Head returns the newest link; Seq is 0 while there is none.
func (l *Log) Head(ctx context.Context) (Head, error) {
	h, err := headOf(ctx, l.pool)
	if err != nil {
		return Head{}, fmt.Errorf("head of audit chain: %w", err)
	}
	return h, nil
}

func headOf(ctx context.Context, db pg.DB) (Head, error) {
	rows, err := db.Query(ctx, `SELECT seq, link FROM audit_link ORDER BY seq DESC LIMIT 1`)
	if err != nil {
		return Head{}, err
	}
	var h Head
	var link []byte
	_, err = pgx.ForEachRow(rows, []any{&h.Seq, &link}, func() error {
		copy(h.Link[:], link)
		return nil
	})
	return h, err
}
