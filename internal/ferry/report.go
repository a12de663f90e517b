package ferry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Report is how one zone stands. The two zones tell each other, because only the office has pages for who looks after both.
type Report struct {
	At         time.Time     `json:"at"`
	Transport  string        `json:"transport"`
	Out        []LaneState   `json:"out"`    // by lane, files last
	Last       int64         `json:"last"`   // highest number given
	Stored     int64         `json:"stored"` // up to here the other zone has all
	Away       int           `json:"away"`   // on their way, not acknowledged
	Held       bool          `json:"held"`   // the other zone has no room
	Taken      int64         `json:"taken"`  // of the other zone's stream all up to here has arrived
	Top        int64         `json:"top"`    // and some up to here
	Pending    Backlog       `json:"pending"`
	Waiting    Backlog       `json:"waiting"` // for files
	Aside      []Parked      `json:"aside"`
	Parked     []Parked      `json:"parked"`
	Leaving    []Progress    `json:"leaving"`
	Coming     []Progress    `json:"coming"`
	Quarantine []Quarantined `json:"quarantine"`
}

// Backlog is how much waits, and since when; Oldest is nil when nothing does.
type Backlog struct {
	Count  int        `json:"count"`
	Bytes  int64      `json:"bytes"`
	Oldest *time.Time `json:"oldest"`
}

// LaneState is what waits in one lane.
type LaneState struct {
	Lane Lane `json:"lane"`
	Backlog
}

// Progress is a file under way.
type Progress struct {
	Digest string    `json:"digest"`
	Size   int64     `json:"size"` // bytes; 0: nothing of it has been carried yet
	Here   int       `json:"here"` // slices that have arrived
	Slices int       `json:"slices"`
	Since  time.Time `json:"since"`
	Error  string    `json:"error"`
}

// listed bounds each list of a report.
const listed = 50

// Report looks at this zone.
func (d *Door) Report(ctx context.Context) (r Report, err error) {
	r.At, r.Transport = d.o.Clock.Now(), d.traits.Name
	for _, look := range []func(context.Context, *Report) error{d.reportOut, d.reportIn, d.reportFiles} {
		if err := look(ctx, &r); err != nil {
			return r, fmt.Errorf("ferry: report: %w", err)
		}
	}
	if r.Aside, err = d.ListAside(ctx, listed); err != nil {
		return r, err
	}
	if r.Parked, err = d.ListParked(ctx, listed); err != nil {
		return r, err
	}
	if d.collector != nil {
		if r.Quarantine, err = d.collector.Quarantine(); err != nil {
			return r, err
		}
		r.Quarantine = r.Quarantine[:min(len(r.Quarantine), listed)]
	}
	return r, nil
}

// reportOut counts what has not been acknowledged. Index ferry_out_unacked.
func (d *Door) reportOut(ctx context.Context, r *Report) error {
	for lane := range Files {
		s := LaneState{Lane: lane}
		var away int
		err := d.o.Pool.QueryRow(ctx, `SELECT count(*), coalesce(sum(size), 0), min(created_at), count(*) FILTER (WHERE sent_at IS NOT NULL AND stored_at IS NULL)
			FROM ferry_out WHERE acked_at IS NULL AND lane = $1`, lane).Scan(&s.Count, &s.Bytes, &s.Oldest, &away)
		if err != nil {
			return err
		}
		r.Out, r.Away = append(r.Out, s), r.Away+away
	}
	return d.o.Pool.QueryRow(ctx, `SELECT coalesce(max(seq), 0), coalesce((SELECT min(seq) - 1 FROM ferry_out WHERE stored_at IS NULL AND seq IS NOT NULL), max(seq), 0),
		coalesce((SELECT hold FROM ferry_stream WHERE stream = $1), false) FROM ferry_out`, d.o.Peer).Scan(&r.Last, &r.Stored, &r.Held)
}

// reportIn counts what has not been applied.
func (d *Door) reportIn(ctx context.Context, r *Report) error {
	for state, b := range map[string]*Backlog{"pending": &r.Pending, "waiting": &r.Waiting} {
		err := d.o.Pool.QueryRow(ctx, `SELECT count(*), coalesce(sum(octet_length(body)), 0), min(received_at) FROM ferry_in
			WHERE state = $1 AND state IN ('pending', 'waiting', 'parked')`, state).Scan(&b.Count, &b.Bytes, &b.Oldest)
		if err != nil {
			return err
		}
	}
	err := d.o.Pool.QueryRow(ctx, `SELECT upto, top FROM ferry_stream WHERE stream = $1`, d.o.Peer).Scan(&r.Taken, &r.Top)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// reportFiles lists files under way, in both directions.
func (d *Door) reportFiles(ctx context.Context, r *Report) (err error) {
	s := LaneState{Lane: Files}
	err = d.o.Pool.QueryRow(ctx, `SELECT count(*), coalesce(sum(greatest(size - cardinality(have)::bigint * $1, 0)), 0), min(since) FROM ferry_cargo`, slice).
		Scan(&s.Count, &s.Bytes, &s.Oldest)
	if err != nil {
		return err
	}
	r.Out = append(r.Out, s)
	for query, list := range map[string]*[]Progress{
		`SELECT digest, size, cardinality(have), ((size + $1 - 1) / $1)::int, since, error FROM ferry_cargo ORDER BY since LIMIT $2`:                           &r.Leaving,
		`SELECT digest, max(size), count(*)::int, ((max(size) + $1 - 1) / $1)::int, min(received_at), '' FROM ferry_slice GROUP BY digest ORDER BY 5 LIMIT $2`: &r.Coming,
	} {
		rows, err := d.o.Pool.Query(ctx, query, int64(slice), listed)
		if err != nil {
			return err
		}
		if *list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Progress]); err != nil {
			return err
		}
	}
	return nil
}

// Peer is how the other zone said it stands, and when it was last heard of; false: never.
func (d *Door) Peer(ctx context.Context) (r Report, heard time.Time, ok bool, err error) {
	var raw []byte
	var at *time.Time
	err = d.o.Pool.QueryRow(ctx, `SELECT report, heard_at FROM ferry_stream WHERE stream = $1 AND report IS NOT NULL`, d.o.Peer).Scan(&raw, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, heard, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil {
		return r, heard, false, fmt.Errorf("ferry: report of the other zone: %w", err)
	}
	return r, *at, true, nil
}

// reportLoop tells the other zone how this one stands, until ctx ends.
func (d *Door) reportLoop(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := d.SendReport(ctx); err != nil && ctx.Err() == nil {
			d.o.Log.Warn("ferry cannot report", "zone", d.o.Zone, "error", err)
		}
		wait(ctx, d.traits.Report)
	}
	return nil
}

// SendReport tells the other zone how this one stands. Of several processes any may do so.
func (d *Door) SendReport(ctx context.Context) error {
	r, err := d.Report(ctx)
	if err != nil {
		return err
	}
	raw, err := d.packJSON(kindReport, r)
	if err != nil {
		return err
	}
	_, err = d.transport.Carry(ctx, raw)
	return err
}

// takeReport keeps the newest report of the other zone.
func (d *Door) takeReport(ctx context.Context, plain []byte) error {
	var r Report
	if err := decode(plain, &r); err != nil {
		return err
	}
	_, err := d.o.Pool.Exec(ctx, `INSERT INTO ferry_stream (stream, report, heard_at) VALUES ($1, $2, $3) ON CONFLICT (stream) DO UPDATE SET report = $2, heard_at = $3
		WHERE ferry_stream.report IS NULL OR (ferry_stream.report->>'at')::timestamptz <= $4`, d.o.Peer, plain, d.o.Clock.Now(), r.At)
	if err != nil {
		return fmt.Errorf("ferry: keep a report: %w", err)
	}
	return nil
}

// Lag is how the two directions stand, in a few numbers.
type Lag struct {
	Unsent, Unapplied, Parked int // Parked counts those set aside at the sender as well
	OldestUnsent              *time.Time
	OldestUnapplied           *time.Time
	LastSeq                   int64
}

// Lag reads both queues in one round trip.
func (d *Door) Lag(ctx context.Context) (l Lag, err error) {
	err = d.o.Pool.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM ferry_out WHERE acked_at IS NULL),
		       (SELECT min(created_at) FROM ferry_out WHERE acked_at IS NULL),
		       (SELECT coalesce(max(seq), 0) FROM ferry_out),
		       (SELECT count(*) FROM ferry_in WHERE state IN ('pending', 'waiting')),
		       (SELECT min(received_at) FROM ferry_in WHERE state IN ('pending', 'waiting')),
		       (SELECT count(*) FROM ferry_in WHERE state = 'parked') + (SELECT count(*) FROM ferry_out WHERE state = 'aside')`).
		Scan(&l.Unsent, &l.OldestUnsent, &l.LastSeq, &l.Unapplied, &l.OldestUnapplied, &l.Parked)
	if err != nil {
		return l, fmt.Errorf("ferry: lag: %w", err)
	}
	return l, nil
}
