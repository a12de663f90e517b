package pg

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/clock"
)

// DB is what a store needs: a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

var (
	_ DB = (*pgxpool.Pool)(nil)
	_ DB = (pgx.Tx)(nil)
	_ DB = (*pgx.Conn)(nil)
)

// maxConns bounds a zone's pool: on two cores more connections measured slower.
const maxConns = 20

// Open connects to the database at url (postgres://user@host/db) and checks that it answers.
//
// Every session is in time zone Asia/Shanghai, so that a timestamptz cast to date in SQL is the day people mean,
// and times come back in that zone; what is stored is a point in time either way. A transaction left idle
// for a minute and a lock waited for longer than 15 s end with an error rather than holding others up.
// The pool has at most 20 connections; pool_max_conns in the url makes it smaller.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if cfg.MaxConns > maxConns || !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = maxConns
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	params := cfg.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "yichuang",
		"timezone":                            "Asia/Shanghai",
		"lock_timeout":                        "15s",
		"idle_in_transaction_session_timeout": "60s",
	} {
		if _, set := params[name]; !set {
			params[name] = value
		}
	}
	cfg.AfterConnect = scanInShanghai
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return pool, nil
}

// scanInShanghai makes timestamptz columns arrive in Asia/Shanghai whatever zone the machine is in.
func scanInShanghai(_ context.Context, conn *pgx.Conn) error {
	m := conn.TypeMap()
	scalar := &pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: clock.Shanghai()},
	}
	m.RegisterType(scalar)
	m.RegisterType(&pgtype.Type{
		Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID,
		Codec: &pgtype.ArrayCodec{ElementType: scalar},
	})
	return nil
}
