package ferry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry/message"
)

// kept is how long the body of an acknowledged message stays in the outbox: a zone that is restored from a backup not older than
// this gets again what it has forgotten.
const kept = 7 * 24 * time.Hour

// ErrForgotten says that the other zone asks for messages that are no longer kept here: it was restored from too old a backup.
var ErrForgotten = errors.New("ferry: the other zone lacks messages that are no longer kept")

// done is a message that the other zone has, with all of its files.
type done struct {
	Type  string
	ID    uuid.UUID
	Blobs []string
}

// settle brings the outbox into line with what the other zone says it holds, and reports whether that makes something due. The
// caller holds the lock of the outbox. An acknowledgement that is older than one that was settled says nothing new.
//
// Mostly the other zone has what was sent. If one of the zones was restored from a backup, their sequences differ: a zone that
// forgot what it received gets it again, and one that forgot what it sent numbers its new messages anew, above everything that the
// other has seen. Numbers are given in order, and so one look shows the latter: whether the highest number that the other zone
// holds is that message's number here as well.
func (d *Door) settle(ctx context.Context, conn *pgxpool.Conn, a ack) (more bool, err error) {
	var finished []done
	var lost error
	err = lazily(ctx, conn, func(tx pgx.Tx) error {
		more, finished, lost = false, nil, nil
		fresh, err := d.newest(ctx, tx, a)
		if err != nil || !fresh {
			return err
		}
		strange, err := d.strange(ctx, tx, a)
		if err != nil {
			return err
		}
		if strange {
			more = true
			return d.renumber(ctx, tx, a)
		}
		if err := d.stored(ctx, tx, a); err != nil {
			return err
		}
		if more, err = d.again(ctx, tx, a); errors.Is(err, ErrForgotten) {
			lost, err = err, nil
		}
		if err != nil {
			return err
		}
		if err := d.settleFiles(ctx, tx, a.Files); err != nil {
			return err
		}
		finished, err = d.finish(ctx, tx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ferry: settle: %w", err)
	}
	d.holdUntil.Store(0)
	if a.Hold {
		d.holdUntil.Store(d.o.Clock.Now().Add(holdFor).UnixNano())
	}
	d.tell(ctx, finished)
	if d.collector != nil && len(a.Got) > 0 {
		if err := d.collector.Settled(a.Got); err != nil {
			d.o.Log.Warn("ferry: files that have arrived stay", "error", err)
		}
	}
	return more, lost
}

// newest notes when a was written, and tells whether nothing newer was settled before.
func (d *Door) newest(ctx context.Context, tx pgx.Tx, a ack) (bool, error) {
	tag, err := tx.Exec(ctx, `INSERT INTO ferry_stream (stream, ack_at, hold, heard_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (stream) DO UPDATE SET ack_at = $2, hold = $3, heard_at = $4 WHERE ferry_stream.ack_at IS NULL OR ferry_stream.ack_at <= $2`,
		d.o.Peer, a.At, a.Hold, d.o.Clock.Now())
	return tag.RowsAffected() == 1, err
}

// strange tells whether the highest number that the other zone holds is on another message here, or on none.
func (d *Door) strange(ctx context.Context, tx pgx.Tx, a ack) (bool, error) {
	if a.Top == 0 {
		return false, nil
	}
	var same bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ferry_out WHERE seq = $1 AND id = $2)`, a.Top, a.TopID).Scan(&same)
	return !same, err
}

// renumber follows a restoration of our own zone.
func (d *Door) renumber(ctx context.Context, tx pgx.Tx, a ack) error {
	d.o.Log.Error("ferry: this zone was restored from a backup; its messages are numbered anew", "zone", d.o.Zone, "above", a.Top)
	now := d.o.Clock.Now()
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE ferry_out SET seq = -seq WHERE stored_at IS NULL AND seq IS NOT NULL`) // out of the way: seq is unique
	for _, k := range append(a.Known, known{a.TopID, a.Top}) {
		batch.Queue(`UPDATE ferry_out SET seq = $2, stored_at = $3 WHERE id = $1 AND seq < 0`, k.ID, k.Seq, now)
	}
	batch.Queue(`UPDATE ferry_out o SET seq = $1 + n.rank, sent_at = NULL
		FROM (SELECT pos, row_number() OVER (ORDER BY seq DESC) AS rank FROM ferry_out WHERE seq < 0) n WHERE o.pos = n.pos`, a.Top)
	batch.Queue(`UPDATE ferry_out o SET prev = coalesce((SELECT max(seq) FROM ferry_out e WHERE e.case_key = o.case_key AND e.seq < o.seq), 0)
		WHERE stored_at IS NULL AND seq IS NOT NULL`)
	// What the other zone holds of a former life has a line here, too, so that the highest number is known again.
	batch.Queue(`INSERT INTO ferry_out (seq, id, type, case_key, state, created_at, stored_at, acked_at) VALUES ($1, $2, '', '', 'void', $3, $3, $3)
		ON CONFLICT DO NOTHING`, a.Top, a.TopID, now)
	return tx.SendBatch(ctx, batch).Close()
}

// stored notes what the other zone has. Index ferry_out_due.
func (d *Door) stored(ctx context.Context, tx pgx.Tx, a ack) error {
	now := d.o.Clock.Now()
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE ferry_out SET stored_at = $3, acked_at = CASE WHEN blobs = '{}' OR state = 'void' THEN $3::timestamptz END
		WHERE stored_at IS NULL AND lane = ANY ('{0,1}') AND seq <= $4 AND (seq <= $1 OR seq <@ $2::text::int8multirange)`, a.UpTo, numbers(a.Have), now, a.Top)
	for _, k := range a.Known {
		batch.Queue(`UPDATE ferry_out SET seq = $2, stored_at = $3, acked_at = CASE WHEN blobs = '{}' THEN $3::timestamptz END
			WHERE id = $1 AND seq <> $2 AND NOT EXISTS (SELECT FROM ferry_out WHERE seq = $2)`, k.ID, k.Seq, now)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// again opens for sending what the other zone lacks: what it has had and forgot, and what it asks for.
func (d *Door) again(ctx context.Context, tx pgx.Tx, a ack) (more bool, err error) {
	have := numbers(a.Have)
	rows, err := tx.Query(ctx, `UPDATE ferry_out SET stored_at = NULL, acked_at = NULL, sent_at = NULL, again = true
		WHERE seq > $1 AND stored_at IS NOT NULL AND NOT seq <@ $2::text::int8multirange AND (body IS NOT NULL OR state = 'void') RETURNING blobs`, a.UpTo, have)
	if err != nil {
		return false, err
	}
	forgotten, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil {
		return false, err
	}
	for _, digests := range forgotten {
		if err := d.reload(ctx, tx, digests); err != nil {
			return false, err
		}
	}
	if len(forgotten) > 0 {
		d.o.Log.Error("ferry: the other zone was restored from a backup; it gets again what it lacks", "zone", d.o.Zone, "messages", len(forgotten))
	}
	asked, err := d.asked(ctx, tx, a)
	if err != nil {
		return false, err
	}
	var gone bool
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ferry_out WHERE seq > $1 AND stored_at IS NOT NULL AND NOT seq <@ $2::text::int8multirange)`, a.UpTo, have).Scan(&gone)
	if err == nil && gone {
		err = ErrForgotten
	}
	return len(forgotten) > 0 || asked, err
}

// reload carries again those files that are still here; the others the other zone has had, and has unless it lost its files as well.
func (d *Door) reload(ctx context.Context, tx pgx.Tx, digests []string) error {
	for _, digest := range digests {
		has, err := d.o.Blobs.Has(ctx, digest)
		if err == nil && has {
			err = d.load(ctx, tx, []string{digest})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// asked makes what the other zone misses due at once. A number that nothing here has belonged to a message that this zone forgot
// when it was restored: it travels without content, so that the stream has no hole.
func (d *Door) asked(ctx context.Context, tx pgx.Tx, a ack) (bool, error) {
	if len(a.Ask) == 0 {
		return false, nil
	}
	now := d.o.Clock.Now()
	asked := numbers(a.Ask)
	tag, err := tx.Exec(ctx, `UPDATE ferry_out SET sent_at = NULL WHERE stored_at IS NULL AND sent_at < $2 AND seq <@ $1::text::int8multirange`, asked, a.At)
	if err != nil {
		return false, err
	}
	holes, err := tx.Exec(ctx, `INSERT INTO ferry_out (seq, id, type, case_key, state, created_at)
		SELECT n, gen_random_uuid(), '', '', 'void', $2 FROM unnest($1::text::int8multirange) r, generate_series(lower(r), least(upper(r) - 1, lower(r) + 10000)) n
		WHERE NOT EXISTS (SELECT FROM ferry_out WHERE seq = n) AND n < (SELECT max(seq) FROM ferry_out)`, asked, now)
	return tag.RowsAffected()+holes.RowsAffected() > 0, err
}

// finish closes messages whose files have all arrived, and empties what was closed long ago. Indexes ferry_out_halfway and ferry_out_kept.
func (d *Door) finish(ctx context.Context, tx pgx.Tx) ([]done, error) {
	now := d.o.Clock.Now()
	if _, err := tx.Exec(ctx, `UPDATE ferry_out SET body = NULL WHERE acked_at < $1 AND body IS NOT NULL`, now.Add(-kept)); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `UPDATE ferry_out o SET acked_at = $1 WHERE acked_at IS NULL AND stored_at IS NOT NULL AND state = 'open'
		AND NOT EXISTS (SELECT FROM ferry_cargo c WHERE c.digest = ANY (o.blobs)) RETURNING type, id, blobs`, now)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[done])
}

// tell lets the owner of the files know.
func (d *Door) tell(ctx context.Context, finished []done) {
	for _, m := range finished {
		if d.o.Acked == nil || len(m.Blobs) == 0 {
			continue
		}
		if err := d.o.Acked(ctx, message.Type(m.Type), m.Blobs); err != nil {
			d.o.Log.Warn("ferry: files of an acknowledged message stay", "message", m.ID, "error", err)
		}
	}
}
