package pg

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Beginner starts transactions: a pool, or a transaction (which then makes a savepoint).
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// maxTries is how often InTx runs a function before it gives the conflict to the caller.
const maxTries = 4

// InTx runs fn in a transaction: committed when fn returns nil, rolled back on an error or a panic.
//
// When PostgreSQL ends the transaction because of others (serialization failure, deadlock), it's run
// again, up to three times more: fn must have no effect outside the database. Errors of fn come back
// unchanged. A savepoint isn't retried, since the outer transaction is lost as well.
//
// On a pool the transaction begins with its first statement, in the same round trip; see also Later.
func InTx(ctx context.Context, db Beginner, fn func(pgx.Tx) error) error {
	_, nested := db.(pgx.Tx)
	if pool, ok := db.(*pgxpool.Pool); ok {
		db = quiet{pool}
	}
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, db, fn)
		if err == nil || nested || try == maxTries || !isConflict(err) {
			return err
		}
		if wait(ctx, try) != nil {
			return err
		}
	}
}

// wait pauses before a retry, a little longer each time and by chance, so that two transactions that met do not meet again.
func wait(ctx context.Context, try int) error {
	d := time.Duration(try) * (5*time.Millisecond + rand.N(10*time.Millisecond))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
