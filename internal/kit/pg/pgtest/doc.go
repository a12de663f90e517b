// Package pgtest gives each test a PostgreSQL database of its own, migrated and empty, in some tens of milliseconds.
//
// All packages of a `go test` run share one private server, which the first test starts and a keeper ends and
// removes a minute after the last test process has gone. Migrations run once per set of files into a template; a test gets a
// clone, which is dropped when the test ends. Nothing here is durable: fsync is off.
//
// It does what peterldowns/pgtestdb does, in a third of the time: clones are copied as files, over connections that stay open.
package pgtest
