package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/peterldowns/pgtestdb"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
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

// New returns a pool on a fresh database with the given sets applied in order. It is closed and the database dropped at the end of the test.
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
	return pgtestdb.Custom(t, server(t), sets(migrations)).URL()
}

// server is how to reach the shared server as its superuser.
func server(t testing.TB) pgtestdb.Config {
	t.Helper()
	s, err := join()
	if err != nil {
		t.Fatalf("test database server: %v", err)
	}
	u, err := url.Parse(s.URL("postgres"))
	if err != nil {
		t.Fatalf("test database server: %v", err)
	}
	return pgtestdb.Config{
		DriverName: "pgx",
		User:       "postgres",
		Database:   "postgres",
		Options:    u.RawQuery,
		// A test that ends while its background work still holds a connection has done nothing wrong.
		ForceTerminateConnections: true,
	}
}

// sets makes a template for pgtestdb.
type sets []Set

// Hash names the template: by the content of all files.
func (s sets) Hash() (string, error) {
	h := sm.NewSM3()
	for _, set := range s {
		fmt.Fprintf(h, "set %q %q\n", set.Name, set.Table)
		if set.FS == nil {
			continue
		}
		files, err := fs.Glob(set.FS, "*.sql")
		if err != nil {
			return "", err
		}
		for _, name := range files {
			raw, err := fs.ReadFile(set.FS, name)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "file %q %d\n%s", name, len(raw), raw)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:12]), nil
}

// Migrate fills the template.
func (s sets) Migrate(ctx context.Context, _ *sql.DB, c pgtestdb.Config) error {
	pool, err := pg.Open(ctx, c.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, set := range s {
		if set.Run != nil {
			err = set.Run(ctx, pool)
		} else {
			err = pg.Migrate(ctx, pool, set.FS, set.Table)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
