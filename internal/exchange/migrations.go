package exchange

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MigrationTable is where goose keeps account of Migrations.
const MigrationTable = "exchange_version"

// Migrations holds the tables of one zone's exchange, in goose's format; both zones have them.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil { // only for a malformed name
		return migrations
	}
	return sub
}
