package audit

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Table is where goose keeps account of Migrations.
const Table = "audit_goose"

// Migrations holds the tables of one zone's record, in goose's format.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return migrations
	}
	return sub
}

// Log is the audit record of one zone. It is safe for concurrent use.
type Log struct {
	pool   *pgxpool.Pool
	keys   *sm.Keyring
	clock  clock.Clock
	months sync.Map // month that has a partition → true
}

// New returns the record in the zone's database; its tables are those of Migrations. Names are sealed with keys.
func New(pool *pgxpool.Pool, keys *sm.Keyring, clk clock.Clock) *Log {
	return &Log{pool: pool, keys: keys, clock: clk}
}

// Record writes an entry in the caller's transaction. It fails with ErrEntry, or because the database does: then the act must not
// happen either.
func (l *Log) Record(ctx context.Context, db pg.DB, e Entry) error {
	r, err := newRecord(e, l.clock.Now(), l.keys)
	if err != nil {
		return err
	}
	if err := l.ensureMonth(ctx, r.At); err != nil {
		return fmt.Errorf("record in audit: %w", err)
	}
	// Straight into the month: a transaction that has used audit_record before a month was attached does not see it there.
	insert := `
		WITH r AS (
			INSERT INTO ` + monthTable(r.At) + ` (id, at, kind, action, outcome, actor, actor_name, actor_index, object, case_no, source, detail, words)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			RETURNING pos, id, at)
		INSERT INTO audit_pending (pos, id, at, hash) SELECT pos, id, at, $14 FROM r`
	_, err = db.Exec(ctx, insert, r.ID, r.At, r.Kind, r.Action, r.Outcome, r.Actor, l.sealName(r), r.index,
		r.Object, r.Case, r.Source, string(r.detail), r.words(), r.hash())
	if err != nil {
		return fmt.Errorf("record in audit: %w", err)
	}
	return nil
}

func (l *Log) sealName(r Record) []byte {
	return l.keys.SealString(r.ActorName, nameAAD(r))
}

// nameAAD binds a sealed name to its record.
func nameAAD(r Record) string { return "audit_record.actor_name " + r.ID.String() }

// ensureMonth makes the partition of a month before its first record. It does so outside of the caller's transaction, in which it would
// make everyone wait who writes a record.
func (l *Log) ensureMonth(ctx context.Context, at time.Time) error {
	month := monthTable(at)
	if _, ok := l.months.Load(month); ok {
		return nil
	}
	if _, err := l.pool.Exec(ctx, `SELECT audit_month($1)`, at); err != nil {
		return fmt.Errorf("make %s: %w", month, err)
	}
	l.months.Store(month, true)
	return nil
}

// monthTable is the partition that a time falls into, as the function audit_month of the database names it.
func monthTable(at time.Time) string {
	return "audit_record_" + at.In(clock.Shanghai()).Format("2006_01")
}
