package ferry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// whole tells whether all of these files are stored here.
func (d *Door) whole(ctx context.Context, digests []string) (bool, error) {
	for _, digest := range digests {
		if has, err := d.o.Blobs.Has(ctx, digest); err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// fileStates says how far files have come here.
func (d *Door) fileStates(ctx context.Context, db pg.DB, digests []string) (all []fileState, err error) {
	for _, digest := range digests {
		f := fileState{Digest: digest}
		if f.Whole, err = d.enough(ctx, db, digest); err != nil {
			return nil, fmt.Errorf("ferry: look for a file: %w", err)
		}
		if !f.Whole {
			if f.Have, err = slicesHere(ctx, db, digest); err != nil {
				return nil, err
			}
		}
		all = append(all, f)
	}
	return all, nil
}

// enough tells whether no more of a file is wanted: it is here, or what it was for is parked because of it.
func (d *Door) enough(ctx context.Context, db pg.DB, digest string) (yes bool, err error) {
	if yes, err = d.o.Blobs.Has(ctx, digest); err != nil || yes {
		return yes, err
	}
	err = db.QueryRow(ctx, `SELECT coalesce(bool_and(state = 'parked'), false) FROM ferry_in WHERE state IN ('pending', 'waiting', 'parked') AND $1 = ANY (blobs)`, digest).Scan(&yes)
	return yes, err
}

func slicesHere(ctx context.Context, db pg.DB, digest string) ([]int, error) {
	rows, err := db.Query(ctx, `SELECT n FROM ferry_slice WHERE digest = $1 ORDER BY n`, digest)
	if err != nil {
		return nil, fmt.Errorf("ferry: slices of a file: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int])
}

// takePart stores slices of a file and, with the last of them, the file itself.
func (d *Door) takePart(ctx context.Context, plain []byte) (t taken, err error) {
	line, data, ok := bytes.Cut(plain, []byte{'\n'})
	var h partHead
	if err := decode(line, &h); err != nil || !ok || !h.fits(data) {
		return t, ErrSealed
	}
	t.owed, t.files = true, []string{h.Digest}
	err = d.alone(ctx, func(tx pgx.Tx) error {
		if has, err := d.o.Blobs.Has(ctx, h.Digest); err != nil || has {
			return err
		}
		if t.full, err = d.storeSlices(ctx, tx, h, data); err != nil || t.full {
			return err
		}
		have, err := slicesHere(ctx, tx, h.Digest)
		if err != nil || len(have) < slicesOf(h.Size) {
			return err
		}
		return d.join(ctx, tx, h)
	})
	if err != nil {
		return t, fmt.Errorf("ferry: store part of a file: %w", err)
	}
	d.toApply.ring()
	return t, nil
}

// fits tells whether data can be what the head says.
func (h partHead) fits(data []byte) bool {
	begin := int64(h.First) * slice
	return h.Size > 0 && h.Size <= maxCrate && h.First >= 0 && len(data) > 0 && begin+int64(len(data)) <= h.Size &&
		(len(data)%slice == 0 || begin+int64(len(data)) == h.Size)
}

// storeSlices keeps what is new of a part, unless there are too many slices of other files here.
func (d *Door) storeSlices(ctx context.Context, tx pgx.Tx, h partHead, data []byte) (full bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT count(*) >= $1 FROM ferry_slice WHERE digest <> $2`, maxSlices, h.Digest).Scan(&full); err != nil || full {
		return full, err
	}
	batch := &pgx.Batch{}
	for piece := range slices.Chunk(data, slice) {
		batch.Queue(`INSERT INTO ferry_slice (digest, n, size, data, received_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			h.Digest, h.First, h.Size, d.o.Keys.Seal(piece, slicePlace(h.Digest, h.First)), d.o.Clock.Now())
		h.First++
	}
	return false, tx.SendBatch(ctx, batch).Close()
}

func slicePlace(digest string, n int) []byte { return []byte(digest + "/" + strconv.Itoa(n)) }

// join puts a file together, stores it, and lets go what has been waiting for it. A file that the store does not take parks its
// messages; one whose digest is wrong is carried anew.
func (d *Door) join(ctx context.Context, tx pgx.Tx, h partHead) error {
	data := make([]byte, 0, h.Size)
	rows, err := tx.Query(ctx, `DELETE FROM ferry_slice WHERE digest = $1 RETURNING n, data`, h.Digest)
	if err != nil {
		return err
	}
	pieces := map[int][]byte{}
	var n int
	var sealed []byte
	if _, err := pgx.ForEachRow(rows, []any{&n, &sealed}, func() (err error) {
		pieces[n], err = d.o.Keys.Open(sealed, slicePlace(h.Digest, n))
		return err
	}); err != nil {
		return err
	}
	for n := range slicesOf(h.Size) {
		data = append(data, pieces[n]...)
	}
	if sm.SM3Hex(data) != h.Digest {
		d.o.Log.Error("ferry: a file came out wrong and is carried anew", "zone", d.o.Zone)
		return nil
	}
	var kind blob.ErrKind
	if _, err := d.o.Blobs.Put(ctx, bytes.NewReader(data), maxCrate); errors.As(err, &kind) {
		return d.spurn(ctx, tx, h.Digest, err)
	} else if err != nil {
		return err
	}
	return d.release(ctx, tx, h.Digest)
}

// spurn parks what waits for a file that cannot be stored here.
func (d *Door) spurn(ctx context.Context, tx pgx.Tx, digest string, why error) error {
	_, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'parked', error = $2 WHERE state = 'waiting' AND $1 = ANY (blobs)`, digest, clip(why.Error(), 500))
	return err
}

// release lets messages be applied that have all of their files now.
func (d *Door) release(ctx context.Context, tx pgx.Tx, digest string) error {
	rows, err := tx.Query(ctx, `SELECT stream, seq, blobs FROM ferry_in WHERE state = 'waiting' AND $1 = ANY (blobs)`, digest)
	if err != nil {
		return err
	}
	type waiter struct {
		Stream string
		Seq    int64
		Blobs  []string
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[waiter])
	if err != nil {
		return err
	}
	for _, m := range all {
		ready, err := d.whole(ctx, m.Blobs)
		if err != nil {
			return err
		}
		if !ready {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'pending', not_before = $3 WHERE stream = $1 AND seq = $2`, m.Stream, m.Seq, d.o.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}
