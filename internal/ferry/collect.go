package ferry

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// fetchEvery is the longest pause between two looks into the folder of the gap.
const fetchEvery = 100 * time.Millisecond

// patience is how long a gap in the stream may stay open until the other zone is asked for what is missing. It is shorter than the time
// after which the sender finds out by itself.
func (d *Door) patience() time.Duration { return d.traits.Wait / 3 }

// collectLoop fetches crates until ctx ends.
func (d *Door) collectLoop(ctx context.Context) error {
	const first = 5 * time.Millisecond
	pause := first
	for ctx.Err() == nil {
		found, err := d.Collect(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			d.o.Log.Warn("ferry cannot fetch, trying again", "zone", d.o.Zone, "error", err)
			pause = poll
		case found:
			pause = first
		default:
			pause = min(2*pause, fetchEvery)
		}
		wait(ctx, pause)
	}
	return nil
}

// Collect takes all crates that have arrived, acknowledges them together, and asks for what has been missing for too long. It reports
// whether anything came. One process of a zone does so at a time.
func (d *Door) Collect(ctx context.Context) (found bool, err error) {
	conn, err := d.o.Pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtext('ferry_fetch'))`).Scan(&mine); err != nil || !mine {
		return false, err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext('ferry_fetch'))`) //nolint:errcheck // ends with the connection

	var sum taken
	got, err := d.collector.Collect(ctx, func(ctx context.Context, raw []byte) error {
		t, err := d.take(ctx, raw)
		sum.add(t)
		return err
	})
	d.got = append(d.got, got...)
	if err != nil {
		return len(got) > 0, err
	}
	if !sum.owed {
		if sum.owed, err = d.misses(ctx, &sum); err != nil || !sum.owed {
			return len(got) > 0, err
		}
	}
	raw, err := d.acknowledge(ctx, sum, d.got)
	if err != nil {
		return true, err
	}
	if _, err := d.transport.Carry(ctx, raw); err != nil {
		return true, err
	}
	d.got = nil
	return len(got) > 0, nil
}

// misses tells, once in a while, whether something has been missing for too long: numbers in the stream, or slices of files.
func (d *Door) misses(ctx context.Context, t *taken) (bool, error) {
	now := d.o.Clock.Now()
	if now.Sub(d.missed) < d.patience() {
		return false, nil
	}
	d.missed = now
	rows, err := d.o.Pool.Query(ctx, `SELECT DISTINCT digest FROM (SELECT unnest(blobs) AS digest FROM ferry_in WHERE state = 'waiting' AND received_at < $1) w
		WHERE NOT EXISTS (SELECT FROM ferry_slice s WHERE s.digest = w.digest AND s.received_at >= $1)`, now.Add(-d.patience()))
	if err != nil {
		return false, err
	}
	if t.late, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return false, err
	}
	a, err := d.look(ctx, d.o.Pool, d.patience())
	return len(t.late) > 0 || len(a.Ask) > 0, err
}
