// Package migrations is the schema of the office's database, one file a room, applied in the order of their numbers.
package migrations

import "embed"

// FS holds the goose files at its root, for pg.Migrate.
//
//go:embed *.sql
var FS embed.FS
