package ferry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/pg"
)

// slice is the piece of a file by which both zones count what has arrived, in bytes. It is the same for all transports and never
// changes, so that what was carried before a restart, or by another transport, counts.
const slice = 256 << 10

// fileFlight is how many slices may be on their way at a time through a transport that answers later: 64 MB.
const fileFlight = 256

// partHead says what the bytes of a part are: the slices of a file from one on, without a gap.
type partHead struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"` // of the whole file
	First  int    `json:"first"`
}

// cargo is a file that is being carried.
type cargo struct {
	Digest string
	Size   int64
	Have   []int
	Cursor int
}

// slicesOf is into how many slices a file of size bytes is cut.
func slicesOf(size int64) int { return int((size + slice - 1) / slice) }

// next is the first run of slices that the other zone lacks, at most most of them.
func (c cargo) next(most int) (first, n int) {
	all := slicesOf(c.Size)
	for first = c.Cursor; first < all && slices.Contains(c.Have, first); first++ {
	}
	for n < most && first+n < all && !slices.Contains(c.Have, first+n) {
		n++
	}
	return first, n
}

// held keeps the file that is being carried, so that it is not opened anew for each part of it.
type held struct {
	digest string
	data   []byte
}

// pumpFile sends one part of one file, and reports whether there is more to carry. The smallest file goes first.
func (d *Door) pumpFile(ctx context.Context, conn *pgxpool.Conn) (more bool, err error) {
	c, found, err := d.dueFile(ctx, conn)
	if err != nil || !found {
		d.cargo = held{}
		return false, err
	}
	data, err := d.open(ctx, conn, c.Digest)
	if err != nil || data == nil {
		return err == nil, err
	}
	c.Size = int64(len(data))
	first, n := c.next(max(1, d.traits.Bundle/slice))
	if n == 0 { // the round is over; what was not acknowledged is sent again when its time has come
		return false, d.note(ctx, conn, c, slicesOf(c.Size))
	}
	raw, err := d.packPart(partHead{c.Digest, c.Size, first}, data[first*slice:min(len(data), (first+n)*slice)])
	if err != nil {
		return false, err
	}
	answer, err := d.transport.Carry(ctx, raw)
	if err != nil {
		return false, err
	}
	if d.traits.Wait > 0 {
		return true, d.note(ctx, conn, c, first+n)
	}
	if err := d.note(ctx, conn, c, 0); err != nil {
		return false, err
	}
	again, err := d.answered(ctx, conn, answer)
	return again || !d.holding(), err
}

// dueFile finds the next file to be carried. Where the transport answers later, one whose slices have all been laid down waits until
// they count as lost.
func (d *Door) dueFile(ctx context.Context, db pg.DB) (c cargo, found bool, err error) {
	if d.holding() {
		return c, false, nil
	}
	err = db.QueryRow(ctx, `WITH late AS (UPDATE ferry_cargo SET cursor = 0, sends = sends + 1
			WHERE error = '' AND size > 0 AND cursor * $1::bigint >= size AND sent_at < $2::timestamptz - $3::interval * power(2, least(sends, 6)))
		SELECT digest, size, have, cursor FROM ferry_cargo WHERE error = '' AND (size = 0 OR cursor * $1::bigint < size)
			AND (SELECT coalesce(sum(cursor - cardinality(have)) FILTER (WHERE cursor > cardinality(have)), 0) FROM ferry_cargo) < $4
		ORDER BY size, digest LIMIT 1`, slice, d.o.Clock.Now(), d.traits.Wait, fileFlight).Scan(&c.Digest, &c.Size, &c.Have, &c.Cursor)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("ferry: find a file to carry: %w", err)
	}
	return c, true, nil
}

// open reads a file. One that is gone or damaged sets the messages that need it aside, and the answer is nil.
func (d *Door) open(ctx context.Context, db pg.DB, digest string) ([]byte, error) {
	if d.cargo.digest == digest {
		return d.cargo.data, nil
	}
	data, err := d.o.Blobs.Get(ctx, digest)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrDamaged) {
		return nil, d.aside(ctx, db, digest, err)
	}
	if err != nil {
		return nil, fmt.Errorf("ferry: read file: %w", err)
	}
	d.cargo = held{digest, data}
	return data, nil
}

// note writes down how far the laying down of a file has come.
func (d *Door) note(ctx context.Context, conn *pgxpool.Conn, c cargo, cursor int) error {
	err := lazily(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE ferry_cargo SET size = $2, cursor = $3, sent_at = $4 WHERE digest = $1`, c.Digest, c.Size, cursor, d.o.Clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("ferry: note a file on its way: %w", err)
	}
	return nil
}

func (d *Door) packPart(h partHead, data []byte) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("ferry: encode part: %w", err)
	}
	return d.pack(kindPart, append(append(head, '\n'), data...))
}

// settleFiles notes how far files have come at the other zone.
func (d *Door) settleFiles(ctx context.Context, tx pgx.Tx, files []fileState) error {
	batch := &pgx.Batch{}
	for _, f := range files {
		switch {
		case f.Whole:
			batch.Queue(`DELETE FROM ferry_cargo WHERE digest = $1`, f.Digest)
		default:
			batch.Queue(`UPDATE ferry_cargo SET have = coalesce($2::int[], '{}'), cursor = CASE WHEN $3 THEN 0 ELSE cursor END WHERE digest = $1`, f.Digest, f.Have, f.Ask)
		}
	}
	return tx.SendBatch(ctx, batch).Close()
}
