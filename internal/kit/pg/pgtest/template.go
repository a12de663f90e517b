package pgtest

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// template returns the name of a database with the sets applied, made by the first process that asks.
func (s *server) template(ctx context.Context, sets []Set) (string, error) {
	hash, err := hashOf(sets)
	if err != nil {
		return "", err
	}
	name := "template_" + hash
	made, _ := s.templates.LoadOrStore(name, sync.OnceValue(func() error {
		return s.makeTemplate(context.WithoutCancel(ctx), name, sets)
	}))
	return name, made.(func() error)()
}

func (s *server) makeTemplate(ctx context.Context, name string, sets []Set) error {
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	// Other packages' tests may want the same template at the same time.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, name); err != nil {
		return err
	}
	defer conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, name)

	var ready bool
	const isReady = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)`
	if err := conn.QueryRow(ctx, isReady, name).Scan(&ready); err != nil || ready {
		return err
	}
	for _, sql := range []string{
		fmt.Sprintf(`DROP DATABASE IF EXISTS %q WITH (FORCE)`, name), // left by a process that ended halfway
		fmt.Sprintf(`CREATE DATABASE %q OWNER %q`, name, tester),
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := apply(ctx, s.url(name), sets); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf(`ALTER DATABASE %q IS_TEMPLATE true`, name))
	return err
}

func apply(ctx context.Context, url string, sets []Set) error {
	pool, err := pg.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, set := range sets {
		if err := set.apply(ctx, pool); err != nil {
			return err
		}
	}
	return nil
}

func (set Set) apply(ctx context.Context, pool *pgxpool.Pool) error {
	if set.Run != nil {
		return set.Run(ctx, pool)
	}
	return pg.Migrate(ctx, pool, set.FS, set.Table)
}

// hashOf names a list of sets by the content of all their files.
func hashOf(sets []Set) (string, error) {
	h := sm.NewSM3()
	for _, set := range sets {
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
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}
