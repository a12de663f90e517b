package pgtest

import (
	"context"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/pg"
)

// Set is one part of a schema: the goose files at the root of FS, kept account of in Table; or whatever Run does.
type Set struct {
	FS    fs.FS
	Table string

	// Run is for schemas that are not goose files. Name must change when what Run does changes.
	Name string
	Run  func(ctx context.Context, pool *pgxpool.Pool) error
}

// River is the schema of the job queue.
func River() Set { return Set{Name: "river v0.51.1", Run: pg.MigrateRiver} }

// New returns a pool on a fresh database with the given sets applied in order. It's closed, and the database dropped, at the end of the test.
func New(t testing.TB, migrations ...Set) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), URL(t, migrations...))
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL is New for what opens the database itself, such as a whole program under test.
func URL(t testing.TB, migrations ...Set) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("test database server: %v", err)
	}
	tpl, err := s.template(t.Context(), migrations)
	if err != nil {
		t.Fatalf("test database template: %v", err)
	}
	name := "test_" + uuid.Must(uuid.NewV7()).String()
	// Copying files takes half the time of the default, which writes each page to the log of changes.
	create := fmt.Sprintf(`CREATE DATABASE %q TEMPLATE %q OWNER %q STRATEGY file_copy`, name, tpl, tester)
	if _, err := s.admin.Exec(t.Context(), create); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.drop(context.WithoutCancel(t.Context()), name); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return s.url(name)
}

// drop removes a database. A test that ends while its background work still holds a connection has done nothing wrong.
func (s *server) drop(ctx context.Context, name string) error {
	// PostgreSQL sleeps 100 ms when a connection isn't gone yet, and the pool's close is on its way: give it a moment.
	for range 20 {
		var n int
		err := s.admin.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, name).Scan(&n)
		if err != nil || n == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_, err := s.admin.Exec(ctx, fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, name))
	return err
}
