package embedded_test

import (
	"context"
	"testing"

	"os"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/embedded"
)

func TestStart(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/pg"
	s, err := embedded.Start(ctx, embedded.Options{Data: dir, Log: log.New(os.Stderr, "text")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureDB(ctx, "hall"); err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(ctx, s.URL("hall"))
	if err != nil {
		t.Fatal(err)
	}
	var v, lc, col string
	pool.QueryRow(ctx, "select version(), (select datctype from pg_database where datname='hall'), (select datcollate from pg_database where datname='hall')").Scan(&v, &lc, &col)
	t.Log(v, lc, col)
	_, err = pool.Exec(ctx, "create extension pg_trgm; create extension btree_gist; create extension pgcrypto")
	t.Log(err)
	var trg []string
	err = pool.QueryRow(ctx, "select show_trgm('不动产权证书ABC')").Scan(&trg)
	t.Log(trg, err)
	pool.Close()
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}
