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

// roundTrip is what went to the server together.
type roundTrip struct {
	queries []query
	ends    bool // the commit went along
}

type query struct {
	sql  string
	args []any
}

// recorder notes what a connection is asked; it makes a pgx tracer.
type recorder struct{ now transaction }

func (r *recorder) add(queries ...*pgx.QueuedQuery) {
	var trip roundTrip
	for _, q := range queries {
		switch q.SQL {
		case "begin", "rollback":
		case "commit":
			trip.ends = true
		default:
			trip.queries = append(trip.queries, query{q.SQL, q.Arguments})
		}
	}
	if len(trip.queries) > 0 {
		r.now = append(r.now, trip)
	}
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.add(&pgx.QueuedQuery{SQL: d.SQL, Arguments: d.Args})
	return ctx
}

func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	r.add(d.Batch.QueuedQueries...)
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

// replay sends recorded transactions again, in as many round trips, for an instance of its own: every id is replaced by a
// new one, always the same for the same.
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
		batch := &pgx.Batch{}
		for _, q := range trip.queries {
			batch.Queue(q.sql, ids.all(q.args)...)
		}
		send := func(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error { return tx.SendBatch(ctx, b).Close() }
		if trip.ends {
			send = pg.Later
		}
		if err := send(ctx, tx, batch); err != nil {
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
		default:
			out[i] = a
		}
	}
	return out
}
