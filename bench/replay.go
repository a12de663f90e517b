package main

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/pg"
)

// transaction is what one step of the engine sent, apart from begin and commit.
type transaction []roundTrip

// roundTrip is one statement, or several in a batch.
type roundTrip struct {
	batch   bool
	queries []query
}

type query struct {
	sql  string
	args []any
}

// recorder notes what a connection is asked; it makes a pgx tracer.
type recorder struct{ now transaction }

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if d.SQL != "begin" && d.SQL != "commit" && d.SQL != "rollback" {
		r.now = append(r.now, roundTrip{queries: []query{{d.SQL, d.Args}}})
	}
	return ctx
}

func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	trip := roundTrip{batch: true}
	for _, q := range d.Batch.QueuedQueries {
		trip.queries = append(trip.queries, query{q.SQL, q.Arguments})
	}
	r.now = append(r.now, trip)
	return ctx
}

func (r *recorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (r *recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// record takes one instance through the chain and notes the statements of each step.
func (f *chain) record(ctx context.Context) ([]transaction, error) {
	cfg, err := pgxpool.ParseConfig(f.url)
	if err != nil {
		return nil, err
	}
	var rec recorder
	cfg.ConnConfig.Tracer, cfg.MaxConns = &rec, 1
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return nil, err
	}
	rec.now = nil
	var out []transaction
	err = f.once(ctx, pool, func() {
		out = append(out, rec.now)
		rec.now = nil
	})
	return out, err
}

// replay sends recorded transactions again for an instance of its own: every id is replaced by a new one, always the same
// for the same.
func replay(ctx context.Context, pool *pgxpool.Pool, recorded []transaction) error {
	ids := renaming{}
	for _, t := range recorded {
		if err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { return t.send(ctx, tx, ids) }); err != nil {
			return err
		}
	}
	return nil
}

func (t transaction) send(ctx context.Context, tx pgx.Tx, ids renaming) error {
	for _, trip := range t {
		if trip.batch {
			batch := &pgx.Batch{}
			for _, q := range trip.queries {
				batch.Queue(q.sql, ids.all(q.args)...)
			}
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return err
			}
			continue
		}
		rows, err := tx.Query(ctx, trip.queries[0].sql, ids.all(trip.queries[0].args)...)
		if err != nil {
			return err
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

// renaming gives new ids for old.
type renaming map[uuid.UUID]uuid.UUID

func (r renaming) id(old uuid.UUID) uuid.UUID {
	id, ok := r[old]
	if !ok {
		id = uuid.Must(uuid.NewV7())
		r[old] = id
	}
	return id
}

func (r renaming) all(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case uuid.UUID:
			out[i] = r.id(a)
		case []uuid.UUID:
			list := make([]uuid.UUID, len(a))
			for k := range a {
				list[k] = r.id(a[k])
			}
			out[i] = list
		default:
			out[i] = a
		}
	}
	return out
}
