package pg_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
)

// trips notes what goes to the server together.
type trips struct{ sent [][]string }

func (r *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.sent = append(r.sent, []string{d.SQL})
	return ctx
}
func (r *trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (r *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	var all []string
	for _, q := range d.Batch.QueuedQueries {
		all = append(all, q.SQL)
	}
	r.sent = append(r.sent, all)
	return ctx
}
func (r *trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (r *trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func traced(t *testing.T) (*pgxpool.Pool, *trips) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(pgtest.URL(t, schema))
	if err != nil {
		t.Fatal(err)
	}
	r := &trips{}
	cfg.ConnConfig.Tracer, cfg.MaxConns = r, 1
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := pool.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.sent = nil
	return pool, r
}

const (
	read  = `SELECT balance FROM account WHERE id = $1 FOR UPDATE`
	write = `UPDATE account SET balance = balance + $2 WHERE id = $1`
)

func later(t *testing.T, tx pgx.Tx, id, amount int) {
	t.Helper()
	b := &pgx.Batch{}
	b.Queue(write, id, amount)
	if err := pg.Later(t.Context(), tx, b); err != nil {
		t.Fatal(err)
	}
}

func TestTransactionsSpareRoundTrips(t *testing.T) {
	pool, r := traced(t)
	for _, tt := range []struct {
		name string
		do   func(pgx.Tx) error
		want [][]string
	}{
		{"nothing", func(pgx.Tx) error { return nil }, nil},
		{"one statement", func(tx pgx.Tx) error { exec(t, tx, write, 1, 1); return nil }, [][]string{{"begin", write}, {"commit"}}},
		{"read and write later", func(tx pgx.Tx) error {
			balance := 0
			if err := tx.QueryRow(t.Context(), read, 1).Scan(&balance); err != nil {
				return err
			}
			later(t, tx, 1, balance)
			return nil
		}, [][]string{{"begin", read}, {write, "commit"}}},
		{"only later", func(tx pgx.Tx) error { later(t, tx, 1, 1); return nil }, [][]string{{"begin", write, "commit"}}},
		{"later and then a batch", func(tx pgx.Tx) error {
			later(t, tx, 1, 1)
			b := &pgx.Batch{}
			b.Queue(write, 2, 1)
			return tx.SendBatch(t.Context(), b).Close()
		}, [][]string{{"begin", write, write}, {"commit"}}},
		{"an option of pgx", func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), write, pgx.QueryExecModeExec, 1, 1)
			return err
		}, [][]string{{"begin"}, {write}, {"commit"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.sent = nil
			if err := pg.InTx(t.Context(), pool, tt.do); err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(r.sent, tt.want, slices.Equal) {
				t.Errorf("sent %q, want %q", r.sent, tt.want)
			}
		})
	}
}

// Whoever reads after Later sees what was put off, by whatever method.
func TestLaterIsSeen(t *testing.T) {
	pool := pgtest.New(t, schema)
	want := 100
	seen := func(t *testing.T, db pg.DB) {
		t.Helper()
		if got := balance(t, db, 1); got != want {
			t.Errorf("balance is %d, want %d", got, want)
		}
	}
	for name, look := range map[string]func(*testing.T, pgx.Tx){
		"QueryRow": func(t *testing.T, tx pgx.Tx) { seen(t, tx) },
		"Exec": func(t *testing.T, tx pgx.Tx) {
			exec(t, tx, `UPDATE account SET balance = balance WHERE balance < 0`)
			seen(t, tx)
		},
		"Query": func(t *testing.T, tx pgx.Tx) {
			rows, err := tx.Query(t.Context(), `SELECT balance FROM account WHERE id = ANY($1) ORDER BY id`, []int{1, 2})
			if err != nil {
				t.Fatal(err)
			}
			got, err := pgx.CollectRows(rows, pgx.RowTo[int])
			if err != nil || len(got) != 2 || got[0] != want {
				t.Errorf("balances are %d, %v, want %d first", got, err, want)
			}
			seen(t, tx)
		},
		"savepoint": func(t *testing.T, tx pgx.Tx) {
			if err := pg.InTx(t.Context(), tx, func(sp pgx.Tx) error { seen(t, sp); return nil }); err != nil {
				t.Fatal(err)
			}
		},
		"Conn": func(t *testing.T, tx pgx.Tx) { seen(t, tx.Conn()) },
		"CopyFrom": func(t *testing.T, tx pgx.Tx) {
			if _, err := tx.CopyFrom(t.Context(), pgx.Identifier{"account"}, []string{"id", "balance"}, pgx.CopyFromRows([][]any{{want, 0}})); err != nil {
				t.Fatal(err)
			}
			seen(t, tx)
		},
		"Prepare": func(t *testing.T, tx pgx.Tx) {
			if _, err := tx.Prepare(t.Context(), "", read); err != nil {
				t.Fatal(err)
			}
			seen(t, tx)
		},
		"commit": func(*testing.T, pgx.Tx) {},
	} {
		t.Run(name, func(t *testing.T) {
			want++
			if err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
				later(t, tx, 1, 1)
				look(t, tx)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			seen(t, pool)
		})
	}
}

// An error of what was put off, or of the first statement, undoes everything, and the connection is as good as new.
func TestLaterFails(t *testing.T) {
	pool, _ := traced(t)
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		do    func(pgx.Tx) error
		check func(error) bool
	}{
		"at the commit": {func(tx pgx.Tx) error {
			exec(t, tx, write, 2, 1)
			later(t, tx, 1, -1000)
			return nil
		}, func(err error) bool { return pg.IsCheck(err, "account_balance") }},
		"at the next statement": {func(tx pgx.Tx) error {
			later(t, tx, 1, -1000)
			_, err := tx.Exec(t.Context(), write, 2, 1)
			return err
		}, func(err error) bool { return pg.IsCheck(err, "account_balance") }},
		"at the next query": {func(tx pgx.Tx) error {
			later(t, tx, 1, -1000)
			return tx.QueryRow(t.Context(), read, 2).Scan(new(int))
		}, func(err error) bool { return pg.IsCheck(err, "account_balance") }},
		"at the next batch": {func(tx pgx.Tx) error {
			later(t, tx, 1, -1000)
			b := &pgx.Batch{}
			b.Queue(read, 2).QueryRow(func(row pgx.Row) error { return row.Scan(new(int)) })
			return tx.SendBatch(t.Context(), b).Close()
		}, func(err error) bool { return pg.IsCheck(err, "account_balance") }},
		"the error was not looked at": {func(tx pgx.Tx) error {
			later(t, tx, 1, -1000)
			_, _ = tx.Exec(t.Context(), write, 2, 1)
			return nil
		}, func(err error) bool { return errors.Is(err, pgx.ErrTxCommitRollback) }},
		"nothing was sent": {func(tx pgx.Tx) error {
			later(t, tx, 1, 1)
			return refused
		}, func(err error) bool { return errors.Is(err, refused) }},
		"no rows": {func(tx pgx.Tx) error {
			later(t, tx, 1, 1)
			return tx.QueryRow(t.Context(), read, 77).Scan(new(int))
		}, func(err error) bool { return errors.Is(err, pgx.ErrNoRows) }},
		"no such table": {func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE acount SET balance = $1`, 1)
			return err
		}, func(err error) bool { return err != nil }},
		"no value for the database": {func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), read, "one").Scan(new(int))
		}, func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			if err := pg.InTx(t.Context(), pool, tt.do); !tt.check(err) {
				t.Errorf("got %v", err)
			}
			if one, two := balance(t, pool, 1), balance(t, pool, 2); one != 100 || two != 100 {
				t.Errorf("balances are %d and %d", one, two)
			}
		})
	}
}

// A transaction that is over takes nothing more.
func TestNothingAfterTheEnd(t *testing.T) {
	pool, _ := traced(t)
	var over pgx.Tx
	if err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error { over = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	_, execErr := over.Exec(t.Context(), write, 1, 1)
	_, queryErr := over.Query(t.Context(), read, 1)
	_, beginErr := over.Begin(t.Context())
	_, copyErr := over.CopyFrom(t.Context(), pgx.Identifier{"account"}, nil, nil)
	_, prepareErr := over.Prepare(t.Context(), "", read)
	for what, err := range map[string]error{
		"Exec": execErr, "Query": queryErr, "Begin": beginErr, "CopyFrom": copyErr, "Prepare": prepareErr,
		"Scan":      over.QueryRow(t.Context(), read, 1).Scan(new(int)),
		"SendBatch": over.SendBatch(t.Context(), &pgx.Batch{}).Close(),
		"Later":     pg.Later(t.Context(), over, &pgx.Batch{}),
		"Commit":    over.Commit(t.Context()),
		"Rollback":  over.Rollback(t.Context()),
	} {
		if !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
}
