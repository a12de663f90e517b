// Package pg is how the platform speaks to PostgreSQL 15 to 18: a pool with our settings, transactions that
// are retried when the database asks for it, migrations, and the names of violated constraints.
//
// SQL itself stands in the capability that owns it. A store's functions take a DB, so that they
// run in the caller's transaction or outside of one. Subpackages start a private server
// (embedded) and give each test a database of its own (pgtest).
package pg
