package pg_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
)

func files(sql map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range sql {
		fsys[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return fsys
}

var schema = pgtest.Set{Table: "test_goose", FS: files(map[string]string{"00001_account.sql": `
	CREATE TABLE account (
		id      int PRIMARY KEY,
		login   text CONSTRAINT account_login UNIQUE,
		balance int NOT NULL CONSTRAINT account_balance CHECK (balance >= 0),
		parent  int CONSTRAINT account_parent REFERENCES account,
		during  tstzrange,
		CONSTRAINT account_during EXCLUDE USING gist (during WITH &&)
	);
	INSERT INTO account (id, login, balance) VALUES (1, 'one', 100), (2, 'two', 100);`})}

func exec(t *testing.T, db pg.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func balance(t *testing.T, db pg.DB, id int) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT balance FROM account WHERE id = $1`, id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTx(t *testing.T) {
	pool := pgtest.New(t, schema)
	refused := errors.New("refused")
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{{"an error undoes", refused, 100}, {"nil commits", nil, 99}} {
		t.Run(tt.name, func(t *testing.T) {
			err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
				exec(t, tx, `UPDATE account SET balance = balance - 1 WHERE id = 1`)
				return tt.err
			})
			if err != tt.err {
				t.Errorf("InTx = %v, want the function's own %v", err, tt.err)
			}
			if got := balance(t, pool, 1); got != tt.want {
				t.Errorf("balance = %d, want %d", got, tt.want)
			}
		})
	}
	t.Run("a panic undoes and goes on", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
			if got := balance(t, pool, 1); got != 99 {
				t.Errorf("balance = %d", got)
			}
		}()
		_ = pg.InTx(t.Context(), pool, func(tx pgx.Tx) error { // panics
			exec(t, tx, `UPDATE account SET balance = 0`)
			panic("bug")
		})
	})
	t.Run("within another it's a savepoint", func(t *testing.T) {
		err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			exec(t, tx, `UPDATE account SET balance = 50 WHERE id = 1`)
			inner := pg.InTx(t.Context(), tx, func(tx pgx.Tx) error {
				exec(t, tx, `UPDATE account SET balance = 7 WHERE id = 1`)
				return refused
			})
			if inner != refused {
				t.Errorf("inner = %v", inner)
			}
			return nil
		})
		if got := balance(t, pool, 1); err != nil || got != 50 {
			t.Errorf("balance = %d, %v", got, err)
		}
	})
}

// Two transactions that lock each other's row: PostgreSQL ends one, InTx runs it again, both arrive.
func TestInTxSurvivesADeadlock(t *testing.T) {
	pool := pgtest.New(t, schema)
	var meet sync.WaitGroup
	meet.Add(2)
	var both sync.WaitGroup
	runs := [2]int{}
	for i, order := range [][]int{{1, 2}, {2, 1}} {
		both.Go(func() {
			err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
				runs[i]++
				for n, id := range order {
					if _, err := tx.Exec(t.Context(), `UPDATE account SET balance = balance + 1 WHERE id = $1`, id); err != nil {
						return err
					}
					if n == 0 && runs[i] == 1 {
						meet.Done()
						meet.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if runs[0]+runs[1] != 3 {
		t.Errorf("runs = %v, want one of the two repeated once", runs)
	}
	if a, b := balance(t, pool, 1), balance(t, pool, 2); a != 102 || b != 102 {
		t.Errorf("balances = %d, %d: an effect is lost or doubled", a, b)
	}
}

func TestInTxGivesUp(t *testing.T) {
	pool := pgtest.New(t, schema)
	runs := 0
	err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), `DO $$ BEGIN RAISE serialization_failure; END $$`)
		return err
	})
	if runs != 4 || err == nil {
		t.Errorf("%d runs, %v; want the first and three more, then the error", runs, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	runs = 0
	err = pg.InTx(ctx, pool, func(tx pgx.Tx) error {
		runs++
		_, err := tx.Exec(ctx, `DO $$ BEGIN RAISE serialization_failure; END $$`)
		cancel()
		return err
	})
	if runs != 1 || err == nil {
		t.Errorf("%d runs after the caller has left, %v", runs, err)
	}
}

func TestViolations(t *testing.T) {
	pool := pgtest.New(t, schema)
	insert := func(columns, values string) error {
		_, err := pool.Exec(t.Context(), `INSERT INTO account (`+columns+`) VALUES (`+values+`)`)
		return fmt.Errorf("store account: %w", err)
	}
	const hour = `'[2026-01-01 10:00, 2026-01-01 11:00)'`
	exec(t, pool, `UPDATE account SET during = `+hour+` WHERE id = 1`)
	kinds := map[string]func(error, string) bool{
		"unique": pg.IsUnique, "check": pg.IsCheck, "exclusion": pg.IsExclusion, "foreign key": pg.IsForeignKey,
	}
	for kind, tt := range map[string]struct {
		err  error
		name string
	}{
		"unique":      {insert(`id, login, balance`, `9, 'one', 0`), "account_login"},
		"check":       {insert(`id, balance`, `9, -1`), "account_balance"},
		"exclusion":   {insert(`id, balance, during`, `9, 0, `+hour), "account_during"},
		"foreign key": {insert(`id, balance, parent`, `9, 0, 77`), "account_parent"},
	} {
		for other, is := range kinds {
			if got := is(tt.err, ""); got != (other == kind) {
				t.Errorf("a violated %s counts as %s: %v (%v)", kind, other, got, tt.err)
			}
		}
		if !kinds[kind](tt.err, tt.name) || kinds[kind](tt.err, "another") {
			t.Errorf("%s: the constraint's name does not tell: %v", kind, tt.err)
		}
	}
	if pg.IsUnique(nil, "") || pg.IsUnique(errors.New("x"), "") {
		t.Error("an error that is none of PostgreSQL's counts")
	}
}

func TestIsLocked(t *testing.T) {
	pool := pgtest.New(t, schema)
	err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		exec(t, tx, `SELECT FROM account WHERE id = 1 FOR UPDATE`)
		_, err := pool.Exec(t.Context(), `SELECT FROM account WHERE id = 1 FOR UPDATE NOWAIT`)
		return err
	})
	if !pg.IsLocked(err) || pg.IsLocked(nil) || pg.IsDiskFull(err) {
		t.Errorf("err = %v", err)
	}
}

func TestTimesAreShanghais(t *testing.T) {
	pool := pgtest.New(t, schema)
	at := time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) // already the 25th in Taizhou
	var back time.Time
	var many []time.Time
	var day string
	const ask = `SELECT $1::timestamptz, ARRAY[$1::timestamptz], ($1::timestamptz)::date::text`
	if err := pool.QueryRow(t.Context(), ask, at).Scan(&back, &many, &day); err != nil {
		t.Fatal(err)
	}
	if !back.Equal(at) || back.Location() != clock.Shanghai() || many[0].Location() != clock.Shanghai() || day != "2026-11-25" {
		t.Errorf("%v came back as %v, %v, day %s", at, back, many, day)
	}
}

func TestOpen(t *testing.T) {
	url := pgtest.URL(t, schema)
	for suffix, want := range map[string]int32{"": 20, "&pool_max_conns=3": 3, "&pool_max_conns=500": 20} {
		pool, err := pg.Open(t.Context(), url+suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := pool.Config().MaxConns; got != want {
			t.Errorf("with %q at most %d connections, want %d", suffix, got, want)
		}
		pool.Close()
	}
	for _, bad := range []string{"", "nonsense://x", "postgres://x@/x?host=/nowhere", strings.Replace(url, "/test_", "/none_", 1)} {
		if pool, err := pg.Open(t.Context(), bad); err == nil {
			pool.Close()
			t.Errorf("%q opened", bad)
		}
	}
}

func TestMigrateInBlocks(t *testing.T) {
	pool := pgtest.New(t)
	set := map[string]string{"00200_register.sql": `CREATE TABLE unit (id int);`}
	migrate := func() {
		t.Helper()
		if err := pg.Migrate(t.Context(), pool, files(set), "zone_goose"); err != nil {
			t.Fatal(err)
		}
	}
	migrate()
	set["00100_staff.sql"] = `CREATE TABLE staff (id int);` // a lower number that comes later, as another room's does
	migrate()
	migrate()
	for _, table := range []string{"unit", "staff"} {
		exec(t, pool, `INSERT INTO `+table+` VALUES (1)`)
	}
	if err := pg.Migrate(t.Context(), pool, fstest.MapFS{}, "empty_goose"); err != nil {
		t.Errorf("no files: %v", err)
	}
	set["00300_bad.sql"] = `CREATE TABLE staff (id int);`
	err := pg.Migrate(t.Context(), pool, files(set), "zone_goose")
	if err == nil || !strings.Contains(err.Error(), "zone_goose") || !strings.Contains(err.Error(), "version:300") {
		t.Errorf("a file that fails: %v", err)
	}
}

func TestMigrateTogether(t *testing.T) {
	url := pgtest.URL(t)
	set := files(map[string]string{"00001_a.sql": `CREATE TABLE a (id int); SELECT pg_sleep(0.1);`, "00002_b.sql": `CREATE TABLE b (id int);`})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			pool, err := pg.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer pool.Close()
			if err := pg.Migrate(t.Context(), pool, set, "zone_goose"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestMigrateRiver(t *testing.T) {
	pool := pgtest.New(t)
	for range 2 {
		if err := pg.MigrateRiver(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, pool, `SELECT count(*) FROM river_job`)
}

// What a killed process was at work on is free at once; of others, nothing is touched, and a job that has used up its attempts waits.
func TestReclaimJobs(t *testing.T) {
	pool := pgtest.New(t)
	if err := pg.MigrateRiver(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `INSERT INTO river_job (kind, args, state, attempt, max_attempts, attempted_by, attempted_at) VALUES
		('mine', '{}', 'running', 1, 3, '{other,me}', now()),
		('spent', '{}', 'running', 3, 3, '{me}', now()),
		('theirs', '{}', 'running', 1, 3, '{me,other}', now())`)
	exec(t, pool, `INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('me', now(), now() + interval '1 hour')`)
	if err := pg.ReclaimJobs(t.Context(), pool, "me"); err != nil {
		t.Fatal(err)
	}
	var free, leaders string
	if err := pool.QueryRow(t.Context(), `SELECT (SELECT string_agg(kind, ',') FROM river_job WHERE state = 'available'), (SELECT count(*)::text FROM river_leader)`).Scan(&free, &leaders); err != nil {
		t.Fatal(err)
	}
	if free != "mine" || leaders != "0" {
		t.Errorf("free: %s, leaders: %s", free, leaders)
	}
}

var _ pg.Beginner = (*pgxpool.Pool)(nil)
