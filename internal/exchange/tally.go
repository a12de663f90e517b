package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
)

// Tally counts calls over a time.
type Tally struct {
	Calls   int
	Trouble int           // neither well nor a duplicate
	P95     time.Duration // 95 of 100 took no longer
	Last    time.Time     // beginning of the newest; zero for none
}

const tallyColumns = `count(*), count(*) FILTER (WHERE outcome NOT IN ('ok', 'duplicate')), percentile_disc(0.95) WITHIN GROUP (ORDER BY micros), max(at)`

// Tallies counts the calls of each endpoint since a time. Endpoints without calls are not in it.
func (x *Exchange) Tallies(ctx context.Context, since time.Time) (map[uuid.UUID]Tally, error) {
	return tallies[uuid.UUID](ctx, x, "endpoint", since)
}

// OperationTallies counts the calls of each operation since a time, sent and received. Operations without calls are not in it.
func (x *Exchange) OperationTallies(ctx context.Context, since time.Time) (map[spec.Operation]Tally, error) {
	return tallies[spec.Operation](ctx, x, "operation", since)
}

// tallies counts calls by a column of their log.
func tallies[K comparable](ctx context.Context, x *Exchange, column string, since time.Time) (map[K]Tally, error) {
	rows, err := x.pool.Query(ctx, `SELECT `+column+`, `+tallyColumns+` FROM exchange_calls WHERE at >= $1 AND `+column+` IS NOT NULL GROUP BY `+column, since)
	if err != nil {
		return nil, fmt.Errorf("tally calls: %w", err)
	}
	all := map[K]Tally{}
	var (
		key    K
		t      Tally
		micros int64
	)
	_, err = pgx.ForEachRow(rows, []any{&key, &t.Calls, &t.Trouble, &micros, &t.Last}, func() error {
		t.P95 = time.Duration(micros) * time.Microsecond
		all[key] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tally calls: %w", err)
	}
	return all, nil
}
