package pgtest_test

import (
	"testing"
	"testing/fstest"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
)

func TestNew(t *testing.T) {
	set := pgtest.Set{Table: "goose_x", FS: fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\ncreate extension pg_trgm; create extension btree_gist; create extension pgcrypto; create table a (id int primary key, at timestamptz default now());")}}}
	for range 5 {
		b := clock.System().Now()
		t.Run("x", func(t *testing.T) {
			pool := pgtest.New(t, set, pgtest.River())
			t.Log("open", clock.System().Now().Sub(b))
			var at time.Time
			if err := pool.QueryRow(t.Context(), "insert into a values (1) returning at").Scan(&at); err != nil {
				t.Fatal(err)
			}
			t.Log(at)
		})
		t.Log(clock.System().Now().Sub(b))
	}
}
