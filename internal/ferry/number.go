package ferry

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// newcomer is a committed message without a number.
type newcomer struct {
	Pos   int64
	Case  string
	Blobs []string
}

// number gives committed messages their place in the stream. Messages of one case are inserted under that case's lock, so that
// their positions are in order of commit; between cases order does not matter. A message whose file is missing gets none
// and is set aside, and so nothing that comes after it in its case gets one.
func (d *Door) number(ctx context.Context, db pg.DB) error {
	rows, err := db.Query(ctx, `SELECT pos, case_key, blobs FROM ferry_out o WHERE seq IS NULL AND state = 'open'
		AND NOT EXISTS (SELECT FROM ferry_out a WHERE a.case_key = o.case_key AND a.state = 'aside' AND a.seq IS NULL) ORDER BY pos LIMIT 1000`)
	if err != nil {
		return fmt.Errorf("ferry: find new messages: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[newcomer])
	if err != nil || len(all) == 0 {
		return err
	}
	held := map[string]bool{}
	var pos []int64
	var cases []string
	for _, m := range all {
		if held[m.Case] {
			continue
		}
		ready, err := d.ready(ctx, db, m)
		if err != nil {
			return err
		}
		if !ready {
			held[m.Case] = true
			continue
		}
		pos, cases = append(pos, m.Pos), append(cases, m.Case)
	}
	if len(pos) == 0 {
		return nil
	}
	return d.place(ctx, db, pos, cases)
}

// ready sees to the files of a message: each is there and will be carried, or the message is set aside.
func (d *Door) ready(ctx context.Context, db pg.DB, m newcomer) (bool, error) {
	for _, digest := range m.Blobs {
		has, err := d.o.Blobs.Has(ctx, digest)
		if err != nil {
			return false, fmt.Errorf("ferry: look for a file: %w", err)
		}
		if !has {
			_, err := db.Exec(ctx, `UPDATE ferry_out SET state = 'aside', error = $2 WHERE pos = $1`, m.Pos, "file "+digest[:min(12, len(digest))]+" is missing")
			d.o.Log.Error("ferry: a message was set aside, its file is missing", "zone", d.o.Zone, "pos", m.Pos)
			return false, err
		}
	}
	return true, d.load(ctx, db, m.Blobs)
}

// load notes files that are to be carried.
func (d *Door) load(ctx context.Context, db pg.DB, digests []string) error {
	if len(digests) == 0 {
		return nil
	}
	_, err := db.Exec(ctx, `INSERT INTO ferry_cargo (digest, since) SELECT DISTINCT unnest($1::text[]), $2::timestamptz
		ON CONFLICT (digest) DO UPDATE SET error = ''`, digests, d.o.Clock.Now())
	if err != nil {
		return fmt.Errorf("ferry: note files: %w", err)
	}
	return nil
}

// place writes numbers, and with each the number before it in its case.
func (d *Door) place(ctx context.Context, db pg.DB, pos []int64, cases []string) error {
	var last int64
	rows, err := db.Query(ctx, `SELECT k, coalesce((SELECT max(seq) FROM ferry_out WHERE case_key = k), 0), coalesce((SELECT max(seq) FROM ferry_out), 0)
		FROM (SELECT DISTINCT unnest($1::text[]) AS k) c`, cases)
	if err != nil {
		return fmt.Errorf("ferry: find last numbers: %w", err)
	}
	before := map[string]int64{}
	var key string
	var seq int64
	if _, err := pgx.ForEachRow(rows, []any{&key, &seq, &last}, func() error { before[key] = seq; return nil }); err != nil {
		return fmt.Errorf("ferry: find last numbers: %w", err)
	}
	seqs, prevs := make([]int64, len(pos)), make([]int64, len(pos))
	for i, c := range cases {
		last++
		seqs[i], prevs[i], before[c] = last, before[c], last
	}
	_, err = db.Exec(ctx, `UPDATE ferry_out o SET seq = n.seq, prev = n.prev FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (pos, seq, prev) WHERE o.pos = n.pos`,
		pos, seqs, prevs)
	if err != nil {
		return fmt.Errorf("ferry: number messages: %w", err)
	}
	return nil
}
