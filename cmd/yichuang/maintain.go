package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/hall"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office"
)

// maintenance is a zone's database with its ring and record, opened for one act from the command line: on the zone's machine, as
// its service account.
type maintenance struct {
	pool  *pgxpool.Pool
	keys  *sm.Keyring
	clock clock.Clock
	audit *audit.Log
}

// maintain opens a zone, its database migrated, for do. Data is the folder of its keys, which must be there: a new ring could open nothing.
func maintain(ctx context.Context, zone, database, data string, do func(maintenance) error) error {
	ring := filepath.Join(data, "keys", ringFile(zone))
	if _, err := os.Stat(ring); err != nil {
		return fmt.Errorf("the keys of the %s: %w (run this where the zone runs, or `yichuang keys make --zone %s` first)", zone, err, zone)
	}
	keys, err := sm.LoadOrCreateKeyring(ring)
	if err != nil {
		return err
	}
	pool, err := pg.Open(ctx, database)
	if err != nil {
		return fmt.Errorf("database of the %s: %w", zone, err)
	}
	defer pool.Close()
	migrate := hall.Migrate
	if zone == "office" {
		migrate = office.Migrate
	}
	if err := migrate(ctx, pool); err != nil {
		return err
	}
	clk := clock.System()
	return do(maintenance{pool, keys, clk, audit.New(pool, keys, clk)})
}
