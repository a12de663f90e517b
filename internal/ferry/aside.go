package ferry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// aside stops the carrying of a file that is gone here, and sets the messages that need it aside. They may have left already: then they
// wait at the other side, and what comes after them in their case waits with them; nothing else does.
func (d *Door) aside(ctx context.Context, db pg.DB, digest string, why error) error {
	d.o.Log.Error("ferry: a file cannot be carried, its messages are set aside", "zone", d.o.Zone, "error", why)
	reason := "file " + digest[:min(12, len(digest))] + ": " + why.Error()
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE ferry_cargo SET error = $2 WHERE digest = $1`, digest, reason)
	batch.Queue(`UPDATE ferry_out SET state = 'aside', error = $2 WHERE acked_at IS NULL AND state = 'open' AND seq IS NOT NULL AND $1 = ANY (blobs)`, digest, reason)
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("ferry: set aside: %w", err)
	}
	return nil
}

// Retry puts a message back to work: one that is parked here, or one that was set aside here before it left.
func (d *Door) Retry(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	tag, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'pending', attempts = 0, not_before = $2 WHERE id = $1 AND state = 'parked'`, id, d.o.Clock.Now())
	if err != nil || tag.RowsAffected() == 1 {
		d.toApply.ring()
		return err
	}
	var blobs []string
	var left bool
	err = tx.QueryRow(ctx, `UPDATE ferry_out SET state = 'open', error = '' WHERE id = $1 AND state = 'aside' RETURNING blobs, seq IS NOT NULL`, id).Scan(&blobs, &left)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotParked
	}
	if err == nil && left {
		err = d.load(ctx, tx, blobs)
	}
	d.toSend.ring()
	return err
}

// Discard gives a parked message up, or one that was set aside, with the name of who decided and why; its case goes on. Of a message
// that has a number already, the number travels on without content.
func (d *Door) Discard(ctx context.Context, tx pgx.Tx, id uuid.UUID, by, why string) error {
	tag, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'discarded', closed_by = $2, closed_why = $3, body = NULL WHERE id = $1 AND state = 'parked'`, id, by, why)
	if err != nil || tag.RowsAffected() == 1 {
		d.toApply.ring()
		return err
	}
	tag, err = tx.Exec(ctx, `UPDATE ferry_out SET closed_by = $2, closed_why = $3, body = NULL, state = CASE WHEN seq IS NULL THEN 'discarded' ELSE 'void' END,
		stored_at = NULL, sent_at = NULL, acked_at = CASE WHEN seq IS NULL THEN $4::timestamptz END WHERE id = $1 AND state = 'aside'`, id, by, why, d.o.Clock.Now())
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotParked
	}
	d.toSend.ring()
	return err
}

// ErrNotParked says that the message is not, or no longer, parked or set aside.
var ErrNotParked = errors.New("ferry: message is not parked")

// Parked is a message that waits for a person.
type Parked struct {
	ID       uuid.UUID `json:"id"`
	Seq      int64     `json:"seq"` // 0: it has none yet
	Type     string    `json:"type"`
	Case     string    `json:"case"`
	Since    time.Time `json:"since"` // received; of one set aside, written
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`
}

// ListParked returns what could not be applied here, oldest first, at most limit.
func (d *Door) ListParked(ctx context.Context, limit int) ([]Parked, error) {
	return d.list(ctx, `SELECT id, seq, type, case_key, received_at, attempts, error FROM ferry_in WHERE state = 'parked' ORDER BY received_at LIMIT $1`, limit)
}

// ListAside returns what could not leave here, oldest first, at most limit.
func (d *Door) ListAside(ctx context.Context, limit int) ([]Parked, error) {
	return d.list(ctx, `SELECT id, coalesce(seq, 0), type, case_key, created_at, 0, error FROM ferry_out WHERE state = 'aside' ORDER BY created_at LIMIT $1`, limit)
}

func (d *Door) list(ctx context.Context, query string, limit int) ([]Parked, error) {
	rows, err := d.o.Pool.Query(ctx, query, limit)
	if err != nil {
		return nil, fmt.Errorf("ferry: list messages that wait for a person: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Parked])
}
