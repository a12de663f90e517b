package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Tally counts calls over a time.
type Tally struct {
	Calls   int
	Trouble int           // neither well nor a duplicate
	P95     time.Duration // 95 of 100 took no longer
	Last    time.Time     // beginning of the newest; zero for none
}

// Hour is the tally of one hour.
type Hour struct {
	At time.Time // its beginning
	Tally
}

const tallyColumns = `count(*), count(*) FILTER (WHERE outcome NOT IN ('ok', 'duplicate')), percentile_disc(0.95) WITHIN GROUP (ORDER BY micros), max(at)`

// Tallies counts the calls of each endpoint since a time. Endpoints without calls are not in it.
func (x *Exchange) Tallies(ctx context.Context, since time.Time) (map[uuid.UUID]Tally, error) {
	rows, err := x.pool.Query(ctx, `SELECT endpoint, `+tallyColumns+` FROM exchange_calls WHERE at >= $1 AND endpoint IS NOT NULL GROUP BY endpoint`, since)
	if err != nil {
		return nil, fmt.Errorf("tally calls: %w", err)
	}
	all := map[uuid.UUID]Tally{}
	var (
		id     uuid.UUID
		t      Tally
		micros int64
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &t.Calls, &t.Trouble, &micros, &t.Last}, func() error {
		t.P95 = time.Duration(micros) * time.Microsecond
		all[id] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tally calls: %w", err)
	}
	return all, nil
}

// Hours counts the calls of one endpoint hour by hour: every hour that has a part in [from, to), also those without calls.
func (x *Exchange) Hours(ctx context.Context, endpoint uuid.UUID, from, to time.Time) ([]Hour, error) {
	rows, err := x.pool.Query(ctx, `SELECT date_trunc('hour', at) AS hour, `+tallyColumns+` FROM exchange_calls WHERE endpoint = $1 AND at >= $2 AND at < $3 GROUP BY hour`,
		endpoint, from.Truncate(time.Hour), to)
	if err != nil {
		return nil, fmt.Errorf("tally hours: %w", err)
	}
	var hours []Hour
	place := map[int64]int{}
	for at := from.Truncate(time.Hour); at.Before(to); at = at.Add(time.Hour) {
		place[at.Unix()] = len(hours)
		hours = append(hours, Hour{At: at})
	}
	var (
		h      Hour
		micros int64
	)
	_, err = pgx.ForEachRow(rows, []any{&h.At, &h.Calls, &h.Trouble, &micros, &h.Last}, func() error {
		h.P95 = time.Duration(micros) * time.Microsecond
		if i, ok := place[h.At.Unix()]; ok {
			hours[i].Tally = h.Tally
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tally hours: %w", err)
	}
	return hours, nil
}
