// Package pgtest gives each test a PostgreSQL database of its own, migrated and empty, in some tens of milliseconds.
//
// All packages of a `go test` run share one private server, which the first test starts and a keeper stops and
// removes a minute after the last test process has gone. Migrations run once per set of files into a template; a test gets a
// clone, dropped when the test passes and kept for a look when it fails. Nothing here is durable: fsync is off.
package pgtest
