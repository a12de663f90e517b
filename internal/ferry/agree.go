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
	"yichuang/internal/kit/pg"
)

// kept is how long the body of an acknowledged message stays in the outbox: a zone that is restored from a backup not older than
// this gets again what it has forgotten.
const kept = 7 * 24 * time.Hour

// ErrForgotten says that the other zone asks for messages that are no longer kept here: it was restored from too old a backup.
var ErrForgotten = errors.New("ferry: the other zone lacks messages that are no longer kept")

// agree brings the outbox into line with what the other zone says of a bundle. Mostly it has it all. If one of the zones was
// restored from a backup, their sequences differ: a zone that forgot what it received gets it again, and one that forgot
// what it sent numbers its new messages anew, above everything that the other has seen.
func (d *Door) agree(ctx context.Context, conn *pgxpool.Conn, parcels []parcel, a ack) error {
	switch first := parcels[0].Seq; {
	case a.Rewound:
		return d.renumber(ctx, conn, a)
	case a.UpTo < first-1:
		return d.again(ctx, conn, a.UpTo, first)
	}
	// Not beyond this bundle: what follows it may have numbers that the other zone has seen on other messages.
	return d.acknowledge(ctx, conn, min(a.UpTo, parcels[len(parcels)-1].Seq))
}

// renumber follows a restoration of our own zone.
func (d *Door) renumber(ctx context.Context, conn *pgxpool.Conn, a ack) error {
	d.o.Log.Error("ferry: this zone was restored from a backup; its messages are numbered anew", "zone", d.o.Zone, "above", a.UpTo)
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`UPDATE ferry_out SET acked_at = $2 WHERE id = ANY($1)`, a.Have, d.o.Clock.Now())
		batch.Queue(`UPDATE ferry_out SET seq = -seq WHERE acked_at IS NULL AND seq IS NOT NULL`) // out of the way: seq is unique
		batch.Queue(`UPDATE ferry_out o SET seq = $1 + n.rank
			FROM (SELECT pos, row_number() OVER (ORDER BY seq DESC) AS rank FROM ferry_out WHERE seq < 0) n WHERE o.pos = n.pos`, a.UpTo)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("ferry: number anew: %w", err)
	}
	return nil
}

// again follows a restoration of the other zone: what it lacks is opened for sending.
func (d *Door) again(ctx context.Context, db pg.DB, upTo, first int64) error {
	d.o.Log.Error("ferry: the other zone was restored from a backup; it gets again what it lacks", "zone", d.o.Zone, "from", upTo+1, "to", first-1)
	tag, err := db.Exec(ctx, `UPDATE ferry_out SET acked_at = NULL, again = true WHERE seq > $1 AND seq < $2
		AND (SELECT count(*) FROM ferry_out WHERE seq > $1 AND seq < $2 AND body IS NOT NULL) = $2 - $1 - 1`, upTo, first)
	if err != nil {
		return fmt.Errorf("ferry: send again: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrForgotten
	}
	return nil
}

// acknowledge closes what the other side holds, empties what was closed long ago, and tells the owner of the files.
func (d *Door) acknowledge(ctx context.Context, db pg.DB, upTo int64) error {
	now := d.o.Clock.Now()
	rows, err := db.Query(ctx, `WITH old AS (UPDATE ferry_out SET body = NULL WHERE acked_at < $3 AND body IS NOT NULL)
		UPDATE ferry_out SET acked_at = $2 WHERE acked_at IS NULL AND seq <= $1 RETURNING type, id, blobs`, upTo, now, now.Add(-kept))
	if err != nil {
		return fmt.Errorf("ferry: acknowledge: %w", err)
	}
	type sent struct {
		Type  string
		ID    uuid.UUID
		Blobs []string
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[sent])
	if err != nil {
		return fmt.Errorf("ferry: acknowledge: %w", err)
	}
	for _, m := range all {
		if d.o.Acked == nil || len(m.Blobs) == 0 {
			continue
		}
		if err := d.o.Acked(ctx, message.Type(m.Type), m.Blobs); err != nil {
			d.o.Log.Warn("ferry: files of an acknowledged message stay", "message", m.ID, "error", err)
		}
	}
	return nil
}
