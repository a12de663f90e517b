package ferry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/kit/pg"
)

const (
	// maxParcels bounds a bundle by number.
	maxParcels = 200
	// flight is how many messages may be on their way at a time through a transport that answers later.
	flight = 2000
	// holdFor is how long a sender waits after the other zone has said that it has no room.
	holdFor = time.Second
)

// Connect sets the way to the other zone.
func (d *Door) Connect(t Transport) {
	d.transport, d.traits = t, t.Traits()
	d.collector, _ = t.(Collector)
}

// Run pumps the outbox, fetches what has arrived and applies it, until ctx ends. Any number of processes may run it: one pumps, all
// apply.
func (d *Door) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	loop := func(b bell, do func(context.Context) (bool, error), trouble string) {
		g.Go(func() error {
			b.turn(ctx, do, func(err error) { d.o.Log.Warn(trouble, "zone", d.o.Zone, "error", err) })
			return nil
		})
	}
	loop(d.toSend, d.Pump, "ferry is held up, trying again")
	for range d.o.Workers {
		loop(d.toApply, d.applySome, "ferry cannot apply, trying again")
	}
	if d.collector != nil {
		g.Go(func() error { return d.collectLoop(ctx) })
	}
	g.Go(func() error { return d.reportLoop(ctx) })
	return g.Wait()
}

// locked does something while nobody else, in no process, does anything to this zone's outbox. The query takes the lock; if it says
// that somebody else has it, nothing is done.
func (d *Door) locked(ctx context.Context, query string, do func(ctx context.Context, conn *pgxpool.Conn) error) error {
	conn, err := d.o.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, query).Scan(&mine); err != nil || !mine {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext('ferry_out'))`) //nolint:errcheck // ends with the connection
	return do(ctx, conn)
}

// lazily is a transaction whose commit does not wait for the disk. What a power cut takes of it is told again by the other zone, as after
// the restoration of a backup.
func lazily(ctx context.Context, db pg.Beginner, do func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return err
		}
		return do(tx)
	})
}

// Pump sends one bundle of messages and one part of a file, and reports whether more is waiting. It is exported so that tests and
// the drill can turn it by hand.
func (d *Door) Pump(ctx context.Context) (more bool, err error) {
	err = d.locked(ctx, `SELECT pg_try_advisory_lock(hashtext('ferry_out'))`, func(ctx context.Context, conn *pgxpool.Conn) error {
		if err := lazily(ctx, conn, func(tx pgx.Tx) error { return d.number(ctx, tx) }); err != nil {
			return err
		}
		if full, err := d.heaped(); err != nil || full {
			return err
		}
		moreMessages, err := d.pumpMessages(ctx, conn)
		if err != nil {
			return err
		}
		moreFiles, err := d.pumpFile(ctx, conn)
		more = moreMessages || moreFiles
		return err
	})
	return more && err == nil, err
}

// pumpMessages sends one bundle.
func (d *Door) pumpMessages(ctx context.Context, conn *pgxpool.Conn) (more bool, err error) {
	if d.holding() {
		return false, nil
	}
	parcels, more, err := d.due(ctx, conn)
	if err != nil || len(parcels) == 0 {
		return false, err
	}
	raw, err := d.packJSON(kindMessages, parcels)
	if err != nil {
		return false, err
	}
	answer, err := d.transport.Carry(ctx, raw)
	if err != nil {
		return false, err
	}
	if d.traits.Wait > 0 {
		return more, d.laid(ctx, conn, parcels)
	}
	again, err := d.answered(ctx, conn, answer)
	return more || again, err
}

// due reads what is to be sent next: what was never sent, and what was laid down so long ago that it must be lost. Index
// ferry_out_due.
func (d *Door) due(ctx context.Context, db pg.DB) (parcels []parcel, more bool, err error) {
	room := true
	if d.traits.Wait > 0 {
		err := db.QueryRow(ctx, `SELECT count(*) < $1 FROM ferry_out WHERE stored_at IS NULL AND seq IS NOT NULL AND sent_at IS NOT NULL`, flight).Scan(&room)
		if err != nil {
			return nil, false, fmt.Errorf("ferry: count messages on their way: %w", err)
		}
	}
	rows, err := db.Query(ctx, `SELECT seq, prev, lane, id, type, case_key, body, blobs, created_at, state = 'void' FROM ferry_out
		WHERE stored_at IS NULL AND seq IS NOT NULL AND (sent_at IS NULL AND $4 OR sent_at < $1::timestamptz - $2::interval * power(2, least(sends, 6) - 1))
		ORDER BY lane, seq LIMIT $3`, d.o.Clock.Now(), d.traits.Wait, maxParcels, room)
	if err != nil {
		return nil, false, fmt.Errorf("ferry: load messages: %w", err)
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		var p parcel
		var sealed []byte
		if err := rows.Scan(&p.Seq, &p.Prev, &p.Lane, &p.ID, &p.Type, &p.Case, &sealed, &p.Blobs, &p.At, &p.Void); err != nil {
			return nil, false, fmt.Errorf("ferry: load messages: %w", err)
		}
		if size += len(sealed) + parcelHead; size > d.traits.Bundle && len(parcels) > 0 {
			return parcels, true, nil
		}
		if !p.Void {
			if p.Body, err = d.o.Keys.Open(sealed, p.ID[:]); err != nil {
				return nil, false, fmt.Errorf("ferry: open message %s: %w", p.ID, err)
			}
		}
		parcels = append(parcels, p)
	}
	return parcels, len(parcels) == maxParcels, rows.Err()
}

// parcelHead is about what a message takes in a bundle besides its body.
const parcelHead = 300

// laid notes that messages are on their way.
func (d *Door) laid(ctx context.Context, conn *pgxpool.Conn, parcels []parcel) error {
	seqs := make([]int64, len(parcels))
	for i, p := range parcels {
		seqs[i] = p.Seq
	}
	err := lazily(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE ferry_out SET sent_at = $2, sends = sends + 1 WHERE seq = ANY($1)`, seqs, d.o.Clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("ferry: note what is on its way: %w", err)
	}
	return nil
}

// errNoAnswer says that a transport which meets the other zone brought no acknowledgement.
var errNoAnswer = errors.New("ferry: the other zone answered with something else than an acknowledgement")

// answered opens an acknowledgement and settles it.
func (d *Door) answered(ctx context.Context, conn *pgxpool.Conn, raw []byte) (more bool, err error) {
	kind, plain, err := d.unpack(raw)
	if err != nil {
		return false, err
	}
	if kind != kindAck {
		return false, errNoAnswer
	}
	var a ack
	if err := decode(plain, &a); err != nil {
		return false, err
	}
	return d.settle(ctx, conn, a)
}

// maxHeap is how many bytes may lie in the folder of the gap that nobody has carried away; then nothing new is laid down.
const maxHeap = 128 << 20

// heaped tells whether the appliance does not carry away what is laid down.
func (d *Door) heaped() (bool, error) {
	if d.collector == nil {
		return false, nil
	}
	n, err := d.collector.Backlog()
	return n > maxHeap, err
}

// holding tells whether the other zone has said a moment ago that it has no room.
func (d *Door) holding() bool { return d.o.Clock.Now().UnixNano() < d.holdUntil.Load() }
