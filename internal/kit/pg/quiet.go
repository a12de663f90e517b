package pg

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Later sends statements whose results nobody reads along with the next statement of the transaction, or with its commit: they
// cost no round trip of their own. An error of theirs comes from the call that sends them. In a transaction that is not of
// InTx, or in a savepoint, they are sent at once.
func Later(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	q, ok := tx.(*quietTx)
	if !ok {
		return tx.SendBatch(ctx, b).Close()
	}
	if q.closed {
		return pgx.ErrTxClosed
	}
	q.waiting = append(q.waiting, b.QueuedQueries...)
	return nil
}

// quiet begins transactions that spare round trips, which are most of what a short transaction costs.
type quiet struct{ pool *pgxpool.Pool }

// Begin takes a connection. The server hears of the transaction with its first statement.
func (q quiet) Begin(ctx context.Context) (pgx.Tx, error) {
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &quietTx{ctx: ctx, conn: conn}, nil
}

// quietTx sends BEGIN with its first statement, and what waits with the next statement or with COMMIT.
type quietTx struct {
	ctx     context.Context // of Begin, for the methods that are given none
	conn    *pgxpool.Conn
	tx      pgx.Tx             // nil until the server knows of it
	waiting []*pgx.QueuedQuery // see Later
	closed  bool
}

// silent tells whether something has to be sent before, or along with, the next statement.
func (q *quietTx) silent() bool { return q.tx == nil || len(q.waiting) > 0 }

// along sends what has not been sent yet and then more, in one round trip. The results that come are those of more.
func (q *quietTx) along(ctx context.Context, more ...*pgx.QueuedQuery) pgx.BatchResults {
	b := &pgx.Batch{}
	if q.tx == nil {
		b.BeginTx(pgx.TxOptions{})
	}
	b.QueuedQueries = append(b.QueuedQueries, q.waiting...)
	before := b.Len()
	b.QueuedQueries = append(b.QueuedQueries, more...)
	q.waiting = nil
	results := q.conn.SendBatch(ctx, b)
	if tx := results.Tx(); tx != nil {
		q.tx = tx
	}
	for range before {
		if _, err := results.Exec(); err != nil {
			break // the results that follow give it again
		}
	}
	return results
}

// speak sends what has not been sent yet.
func (q *quietTx) speak(ctx context.Context) error {
	switch {
	case q.closed:
		return pgx.ErrTxClosed
	case q.silent():
		return q.along(ctx).Close()
	}
	return nil
}

func (q *quietTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if q.closed || !q.silent() || !batchable(args) || len(args) == 0 { // without arguments it may be several statements
		if err := q.speak(ctx); err != nil {
			return pgconn.CommandTag{}, err
		}
		return q.tx.Exec(ctx, sql, args...)
	}
	results := q.along(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	tag, err := results.Exec()
	if end := results.Close(); err == nil {
		err = end
	}
	return tag, err
}

func (q *quietTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if q.closed || !q.silent() || !batchable(args) {
		if err := q.speak(ctx); err != nil {
			return pgx.FailedBatchResults(&pgx.Batch{}, err).Query()
		}
		return q.tx.Query(ctx, sql, args...)
	}
	results := q.along(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // gives the same error
		return rows, err
	}
	return &lastRows{Rows: rows, results: results}, nil
}

func (q *quietTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := q.Query(ctx, sql, args...)
	return row{rows, err}
}

func (q *quietTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	switch {
	case q.closed:
		return pgx.FailedBatchResults(b, pgx.ErrTxClosed)
	case q.silent():
		return q.along(ctx, b.QueuedQueries...)
	}
	return q.tx.SendBatch(ctx, b)
}

func (q *quietTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, from pgx.CopyFromSource) (int64, error) {
	if err := q.speak(ctx); err != nil {
		return 0, err
	}
	return q.tx.CopyFrom(ctx, table, columns, from)
}

func (q *quietTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := q.speak(ctx); err != nil {
		return nil, err
	}
	return q.tx.Prepare(ctx, name, sql)
}

// Begin makes a savepoint.
func (q *quietTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := q.speak(ctx); err != nil {
		return nil, err
	}
	return q.tx.Begin(ctx)
}

// Conn gives the connection with the transaction begun; when that fails the connection says so at its next use.
func (q *quietTx) Conn() *pgx.Conn {
	_ = q.speak(q.ctx)
	return q.conn.Conn()
}

func (q *quietTx) LargeObjects() pgx.LargeObjects {
	if q.speak(q.ctx) != nil || q.tx == nil {
		return pgx.LargeObjects{}
	}
	return q.tx.LargeObjects()
}

// Commit sends what waits and COMMIT together; a transaction that has said nothing has nothing to commit.
func (q *quietTx) Commit(ctx context.Context) error {
	if q.closed {
		return pgx.ErrTxClosed
	}
	defer q.end()
	switch {
	case len(q.waiting) > 0:
		return q.commitAlong(ctx)
	case q.tx == nil:
		return nil
	}
	return q.tx.Commit(ctx)
}

func (q *quietTx) commitAlong(ctx context.Context) error {
	results := q.along(ctx, &pgx.QueuedQuery{SQL: "commit"})
	tag, err := results.Exec()
	if end := results.Close(); err == nil {
		err = end
	}
	if err != nil {
		_ = q.tx.Rollback(ctx) // what was sent along has failed, and the transaction with it
		return err
	}
	if tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return nil
}

func (q *quietTx) Rollback(ctx context.Context) error {
	if q.closed {
		return pgx.ErrTxClosed
	}
	defer q.end()
	if q.tx == nil {
		return nil
	}
	return q.tx.Rollback(ctx)
}

// end gives the connection back; the pool throws it away when it is in no state to be used again.
func (q *quietTx) end() {
	q.closed = true
	q.conn.Release()
}

// batchable tells whether the arguments can go into a batch, which takes values and none of pgx's options.
func batchable(args []any) bool {
	if len(args) == 0 {
		return true
	}
	switch args[0].(type) {
	case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
		return false
	}
	return true
}

// lastRows are the rows of the last statement in a batch, which ends with them.
type lastRows struct {
	pgx.Rows

	results pgx.BatchResults
	err     error
}

func (r *lastRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *lastRows) Close() {
	r.Rows.Close()
	r.err = r.results.Close()
}

func (r *lastRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

// row is the first of rows.
type row struct {
	rows pgx.Rows
	err  error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
