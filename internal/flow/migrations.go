package flow

import (
	"embed"
	"io/fs"
)

// Table is where goose keeps account of Migrations.
const Table = "flow_version"

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations holds the engine's tables, in goose's format. River's tables are needed beside them.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // a constant, well-formed path
		return migrationFiles
	}
	return sub
}
