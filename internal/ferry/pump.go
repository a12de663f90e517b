package ferry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/pg"
)

// Connect sets the way to the other zone.
func (d *Door) Connect(t Transport) { d.transport = t }

// Run pumps the outbox and applies the inbox until ctx ends. Any number of processes may run it: one pumps, all apply.
func (d *Door) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.pumpLoop(ctx) })
	g.Go(func() error { return d.applyLoop(ctx) })
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// poll is the longest time that a committed message waits when a notification was missed.
const poll = time.Second

// listen calls do at once, then after each notification on channel and at least once a poll.
func listen(ctx context.Context, pool *pgxpool.Pool, channel string, do func(context.Context) (more bool, err error), onErr func(error)) error {
	for ctx.Err() == nil {
		err := pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			if _, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
				return err
			}
			defer c.Exec(context.WithoutCancel(ctx), "UNLISTEN *") //nolint:errcheck // the connection is discarded if this fails
			for {
				more, err := do(ctx)
				if err != nil {
					return err
				}
				if more {
					continue
				}
				wait, cancel := context.WithTimeout(ctx, poll)
				_, err = c.Conn().WaitForNotification(wait)
				cancel()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					return err
				}
				if ctx.Err() != nil {
					return nil
				}
			}
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			onErr(err)
			select {
			case <-ctx.Done():
			case <-time.After(poll):
			}
		}
	}
	return nil
}

func (d *Door) pumpLoop(ctx context.Context) error {
	return listen(ctx, d.o.Pool, "ferry_out", d.Pump, func(err error) {
		d.o.Log.Warn("ferry is held up, trying again", "zone", d.o.Zone, "error", err)
	})
}

// Pump sends one bundle and reports whether more is waiting. It is exported so that tests and the drill can turn it by hand.
func (d *Door) Pump(ctx context.Context) (more bool, err error) {
	conn, err := d.o.Pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtext('ferry_out'))`).Scan(&mine); err != nil || !mine {
		return false, err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext('ferry_out'))`) //nolint:errcheck // ends with the connection

	if err := d.number(ctx, conn); err != nil {
		return false, err
	}
	parcels, more, err := d.load(ctx, conn)
	if err != nil || len(parcels) == 0 {
		return false, err
	}
	if err := d.carryBlobs(ctx, parcels); err != nil {
		return false, err
	}
	a, err := d.carry(ctx, parcels)
	if err != nil {
		return false, err
	}
	return more || a.Rewound || a.UpTo < parcels[0].Seq-1, d.agree(ctx, conn, parcels, a)
}

// number gives committed messages their sequence. Messages of one case are inserted under that case's lock, so that
// their positions are in order of commit; between cases order does not matter.
func (d *Door) number(ctx context.Context, db pg.DB) error {
	_, err := db.Exec(ctx, `
		UPDATE ferry_out o SET seq = n.last + n.rank
		FROM (SELECT pos, row_number() OVER (ORDER BY pos) AS rank,
		             (SELECT coalesce(max(seq), 0) FROM ferry_out) AS last
		      FROM ferry_out WHERE seq IS NULL) n
		WHERE o.pos = n.pos`)
	if err != nil {
		return fmt.Errorf("ferry: number messages: %w", err)
	}
	return nil
}

func (d *Door) load(ctx context.Context, db pg.DB) (parcels []parcel, more bool, err error) {
	const limit = 200
	rows, err := db.Query(ctx, `SELECT seq, id, type, case_key, body, blobs, created_at, again FROM ferry_out
		WHERE acked_at IS NULL AND seq IS NOT NULL ORDER BY seq LIMIT $1`, limit)
	if err != nil {
		return nil, false, fmt.Errorf("ferry: load messages: %w", err)
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		var p parcel
		var sealed []byte
		if err := rows.Scan(&p.Seq, &p.ID, &p.Type, &p.Case, &sealed, &p.Blobs, &p.At, &p.again); err != nil {
			return nil, false, fmt.Errorf("ferry: load messages: %w", err)
		}
		if size += len(sealed); size > maxBundle && len(parcels) > 0 {
			return parcels, true, nil
		}
		if p.Body, err = d.o.Keys.Open(sealed, p.ID[:]); err != nil {
			return nil, false, fmt.Errorf("ferry: open message %s: %w", p.ID, err)
		}
		parcels = append(parcels, p)
	}
	return parcels, len(parcels) == limit, rows.Err()
}

func (d *Door) carryBlobs(ctx context.Context, parcels []parcel) error {
	sent := map[string]bool{}
	for _, p := range parcels {
		for _, digest := range p.Blobs {
			if sent[digest] {
				continue
			}
			sent[digest] = true
			data, err := d.o.Blobs.Get(ctx, digest)
			if p.again && errors.Is(err, blob.ErrNotFound) {
				continue // the other zone has had it, and has it unless it lost its files as well
			}
			if err != nil {
				return fmt.Errorf("ferry: read file of %s: %w", p.ID, err)
			}
			raw, err := pack(d.o.Zone, "blob", blobCargo{digest, data}, d.o.Shared, d.o.Signer)
			if err != nil {
				return err
			}
			answer, err := d.transport.Carry(ctx, raw)
			if err != nil {
				return err
			}
			if err := unpack(answer, d.o.Peer, "ack", &ack{}, d.o.Shared, d.o.PeerKey); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Door) carry(ctx context.Context, parcels []parcel) (a ack, err error) {
	raw, err := pack(d.o.Zone, "messages", parcels, d.o.Shared, d.o.Signer)
	if err != nil {
		return a, err
	}
	answer, err := d.transport.Carry(ctx, raw)
	if err != nil {
		return a, err
	}
	return a, unpack(answer, d.o.Peer, "ack", &a, d.o.Shared, d.o.PeerKey)
}
