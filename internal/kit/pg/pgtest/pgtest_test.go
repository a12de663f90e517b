package pgtest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
)

func set(sql string) pgtest.Set {
	return pgtest.Set{Table: "t_goose", FS: fstest.MapFS{"00001_t.sql": {Data: []byte("-- +goose Up\n" + sql)}}}
}

var table = set(`CREATE TABLE t (id int PRIMARY KEY);`)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	for n := range 3 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t, table, pgtest.River())
			var rows, jobs int
			if _, err := pool.Exec(t.Context(), `INSERT INTO t VALUES (1)`); err != nil {
				t.Fatal(err)
			}
			if err := pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM river_job)`).Scan(&rows, &jobs); err != nil {
				t.Fatal(err)
			}
			if rows != 1 || jobs != 0 {
				t.Errorf("%d rows, %d jobs: somebody else was here", rows, jobs)
			}
		})
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	var url string
	t.Run("a test that keeps a connection", func(t *testing.T) {
		url = pgtest.URL(t, table)
		pool, err := pg.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn // and goes away without closing it
	})
	if pool, err := pg.Open(t.Context(), url); err == nil {
		pool.Close()
		t.Error("the database is still there")
	}
}

func TestTesterIsNoSuperuser(t *testing.T) {
	var super bool
	const ask = `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`
	if err := pgtest.New(t).QueryRow(t.Context(), ask).Scan(&super); err != nil || super {
		t.Errorf("superuser: %v, %v; the product is none", super, err)
	}
}

func TestDifferentSetsHaveDifferentTemplates(t *testing.T) {
	pgtest.New(t, set(`CREATE TABLE t (id int);`))
	if _, err := pgtest.New(t, set(`CREATE TABLE t (id text);`)).Exec(t.Context(), `INSERT INTO t VALUES ('x')`); err != nil {
		t.Error(err)
	}
}

// TestOtherProcess is not a test: it's what TestManyProcesses runs many of.
func TestOtherProcess(t *testing.T) {
	name := os.Getenv("PGTEST_TABLE")
	if name == "" {
		t.Skip("for another test")
	}
	pool := pgtest.New(t, set(`CREATE TABLE `+name+` (id int);`))
	if _, err := pool.Exec(t.Context(), `INSERT INTO `+name+` VALUES (1)`); err != nil {
		t.Fatal(err)
	}
}

// Packages of one run are processes: they find one server and one template, however many start at the same moment on a machine where
// nothing runs yet.
func TestManyProcesses(t *testing.T) {
	tmp, err := os.MkdirTemp("/tmp", "pgtest-") // short, and passable for the database's user
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o711); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestOtherProcess$")
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp, fmt.Sprintf("PGTEST_TABLE=t%d", n/3), "PGTEST_PATIENCE=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()

	// And when all have gone, nothing is left of it.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := filepath.Glob(filepath.Join(tmp, "*", "server"))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the server's folder is still there: %v", left)
		case <-tick.C:
		}
	}
}
