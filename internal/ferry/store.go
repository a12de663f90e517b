package ferry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// stream is how far the other zone's stream has come.
type stream struct{ upTo, top int64 }

// store keeps the messages that are new. Numbers may come in any order and with gaps. If one of them is taken by another message,
// the sender was restored from a backup: then nothing is stored, and the acknowledgement will show it.
func (d *Door) store(ctx context.Context, tx pgx.Tx, parcels []parcel) (t taken, err error) {
	t.owed = true
	var s stream
	if err := tx.QueryRow(ctx, `INSERT INTO ferry_stream (stream) VALUES ($1) ON CONFLICT (stream) DO UPDATE SET stream = $1 RETURNING upto, top`, d.o.Peer).
		Scan(&s.upTo, &s.top); err != nil {
		return t, err
	}
	for _, p := range parcels {
		t.files = append(t.files, p.Blobs...)
	}
	fresh, rewound, err := d.sift(ctx, tx, parcels, &t)
	if err != nil || rewound {
		return t, err
	}
	if fresh, t.full, err = d.room(ctx, tx, fresh, s); err != nil || len(fresh) == 0 {
		return t, err
	}
	if err := d.insert(ctx, tx, fresh); err != nil {
		return t, err
	}
	return t, d.advance(ctx, tx, fresh, s)
}

// sift tells what is new from what is known, and whether a number is taken by another message.
func (d *Door) sift(ctx context.Context, tx pgx.Tx, parcels []parcel, t *taken) (fresh []parcel, rewound bool, err error) {
	bySeq, byID, err := d.alike(ctx, tx, parcels)
	if err != nil {
		return nil, false, err
	}
	for _, p := range parcels {
		id, occupied := bySeq[p.Seq]
		seq, there := byID[p.ID]
		switch {
		case there && seq != p.Seq:
			t.known = append(t.known, known{p.ID, seq})
			rewound = rewound || occupied
		case there && p.Void:
			if err := d.drop(ctx, tx, p); err != nil {
				return nil, false, err
			}
		case there:
		case occupied && id != p.ID:
			rewound = true
		default:
			bySeq[p.Seq], byID[p.ID] = p.ID, p.Seq // a crate may name one twice
			fresh = append(fresh, p)
		}
	}
	return fresh, rewound, nil
}

// alike finds what is stored under one of the numbers, or is one of the messages.
func (d *Door) alike(ctx context.Context, tx pgx.Tx, parcels []parcel) (bySeq map[int64]uuid.UUID, byID map[uuid.UUID]int64, err error) {
	seqs, ids := make([]int64, len(parcels)), make([]uuid.UUID, len(parcels))
	for i, p := range parcels {
		seqs[i], ids[i] = p.Seq, p.ID
	}
	rows, err := tx.Query(ctx, `SELECT seq, id FROM ferry_in WHERE stream = $1 AND seq = ANY($2) UNION SELECT seq, id FROM ferry_in WHERE stream = $1 AND id = ANY($3)`,
		d.o.Peer, seqs, ids)
	if err != nil {
		return nil, nil, err
	}
	bySeq, byID = map[int64]uuid.UUID{}, map[uuid.UUID]int64{}
	var seq int64
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&seq, &id}, func() error { bySeq[seq], byID[id] = id, seq; return nil })
	return bySeq, byID, err
}

// drop follows the sender's decision to discard a message that is here and has not been applied.
func (d *Door) drop(ctx context.Context, tx pgx.Tx, p parcel) error {
	_, err := tx.Exec(ctx, `UPDATE ferry_in SET state = 'discarded', body = NULL, closed_by = 'sender' WHERE stream = $1 AND seq = $2
		AND state IN ('pending', 'waiting', 'parked')`, d.o.Peer, p.Seq)
	return err
}

// room leaves out what is beyond all that is stored, while too much is waiting here to be applied. What fills a gap is always taken:
// others may be waiting for it.
func (d *Door) room(ctx context.Context, tx pgx.Tx, fresh []parcel, s stream) (fits []parcel, full bool, err error) {
	if len(fresh) == 0 {
		return nil, false, nil
	}
	var open int
	err = tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT FROM ferry_in WHERE state IN ('pending', 'waiting', 'parked') LIMIT $1) o`, d.o.MaxOpen).Scan(&open)
	if err != nil {
		return nil, false, err
	}
	for _, p := range fresh {
		if p.Seq > s.top && open >= d.o.MaxOpen {
			full = true
			continue
		}
		open++
		fits = append(fits, p)
	}
	return fits, full, nil
}

// insert stores messages, all with one statement. A sender that was restored from a backup may not know of the newest of a case: then
// that one is the one before.
func (d *Door) insert(ctx context.Context, tx pgx.Tx, fresh []parcel) error {
	n := len(fresh)
	seqs, prevs, lanes, ids := make([]int64, n), make([]int64, n), make([]int16, n), make([]uuid.UUID, n)
	types, cases, bodies, blobs := make([]string, n), make([]string, n), make([][]byte, n), make([]string, n)
	sent, states := make([]time.Time, n), make([]string, n)
	for i, p := range fresh {
		seqs[i], prevs[i], lanes[i], ids[i], types[i], cases[i], sent[i] = p.Seq, p.Prev, int16(p.Lane), p.ID, string(p.Type), p.Case, p.At
		blobs[i] = strings.Join(p.Blobs, " ")
		if p.Void {
			states[i] = "discarded"
			continue
		}
		bodies[i], states[i] = d.o.Keys.Seal(p.Body, p.ID[:]), "pending"
		whole, err := d.whole(ctx, p.Blobs)
		if err != nil {
			return err
		}
		if !whole {
			states[i] = "waiting"
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO ferry_in (stream, seq, prev, lane, id, type, case_key, body, blobs, sent_at, state, received_at, not_before)
		SELECT $1, seq, greatest(prev, (SELECT max(e.seq) FROM ferry_in e WHERE e.case_key = m.case_key AND e.stream = $1 AND e.seq < m.seq
			AND e.state IN ('pending', 'waiting', 'parked'))), lane, id, type, case_key, body, string_to_array(blobs, ' '), sent_at, state, $12, $12
		FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::uuid[], $6::text[], $7::text[], $8::bytea[], $9::text[], $10::timestamptz[], $11::text[])
			AS m (seq, prev, lane, id, type, case_key, body, blobs, sent_at, state)`,
		d.o.Peer, seqs, prevs, lanes, ids, types, cases, bodies, blobs, sent, states, d.o.Clock.Now())
	return err
}

// advance notes how far the stream goes now.
func (d *Door) advance(ctx context.Context, tx pgx.Tx, fresh []parcel, s stream) error {
	gapless := s.top == s.upTo
	slices.SortFunc(fresh, func(a, b parcel) int { return int(a.Seq - b.Seq) })
	for _, p := range fresh {
		if gapless = gapless && p.Seq == s.upTo+1; gapless {
			s.upTo = p.Seq
		}
		s.top = max(s.top, p.Seq)
	}
	if !gapless {
		var err error
		if s.upTo, err = d.follow(ctx, tx, s.upTo); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE ferry_stream SET upto = $2, top = $3 WHERE stream = $1`, d.o.Peer, s.upTo, s.top)
	return err
}

// follow walks from upTo to the next gap.
func (d *Door) follow(ctx context.Context, db pg.DB, upTo int64) (int64, error) {
	const step = 1000
	for {
		rows, err := db.Query(ctx, `SELECT seq FROM ferry_in WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3`, d.o.Peer, upTo, step)
		if err != nil {
			return 0, err
		}
		seqs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return 0, fmt.Errorf("follow the stream: %w", err)
		}
		began := upTo
		for _, seq := range seqs {
			if seq == upTo+1 {
				upTo = seq
			}
		}
		if upTo-began < step {
			return upTo, nil
		}
	}
}
