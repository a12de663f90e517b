package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
)

const (
	rollupLag   = 15 * time.Minute // no call lasts longer: older minutes stay as they are
	rollupChunk = 6 * time.Hour    // of one transaction, when much is to be caught up with
)

// How long counts are kept, by their grain: each serves the charts of at most that span.
const (
	minutesKept = 3 * 24 * time.Hour
	hoursKept   = 60 * 24 * time.Hour
	daysKept    = 3 * 366 * 24 * time.Hour
)

// RollUp counts the calls since it last ran, and those of the quarter of an hour before anew. It may run as often as one likes
// and in several processes: they wait for each other, and the counts come out the same. After a stop it catches up.
func (x *Exchange) RollUp(ctx context.Context) error {
	now := x.clock.Now()
	for more := true; more; {
		err := pg.InTx(ctx, x.pool, func(tx pgx.Tx) (err error) {
			more, err = rollSome(ctx, tx, now)
			return err
		})
		if err != nil {
			return fmt.Errorf("roll up calls: %w", err)
		}
	}
	for grain, kept := range map[string]time.Duration{"minute": minutesKept, "hour": hoursKept, "day": daysKept} {
		if _, err := x.pool.Exec(ctx, `DELETE FROM exchange_rollups WHERE grain = $1 AND at < $2`, grain, now.Add(-kept)); err != nil {
			return fmt.Errorf("roll up calls: forget: %w", err)
		}
	}
	return nil
}

// rollSome counts the next chunk and tells whether there is another one.
func rollSome(ctx context.Context, tx pgx.Tx, now time.Time) (more bool, err error) {
	var mark *time.Time
	if err := tx.QueryRow(ctx, `SELECT upto FROM exchange_rollup_mark FOR UPDATE`).Scan(&mark); err != nil {
		return false, err
	}
	since := time.Time{}
	if mark != nil {
		since = earlier(*mark, now).Add(-rollupLag).Truncate(time.Minute)
	}
	from, err := firstCall(ctx, tx, since)
	if err != nil {
		return false, err
	}
	to := now
	if !from.IsZero() {
		if end := from.Add(rollupChunk); end.Before(now) {
			to, more = end, true
		}
		if err := recount(ctx, tx, from, to); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE exchange_rollup_mark SET upto = $1`, to)
	return more, err
}

// firstCall is the minute of the first call that began at or after a time; zero where there is none. Primary key of exchange_calls.
func firstCall(ctx context.Context, tx pgx.Tx, since time.Time) (time.Time, error) {
	var at time.Time
	err := tx.QueryRow(ctx, `SELECT at FROM exchange_calls WHERE at >= $1 ORDER BY at LIMIT 1`, since).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return at.Truncate(time.Minute), err
}

// recount makes the minutes from the log, the hours from the minutes and the days from the hours, each whole.
func recount(ctx context.Context, tx pgx.Tx, from, to time.Time) error {
	from, to = from.Truncate(time.Minute), to.Truncate(time.Minute).Add(time.Minute)
	if err := replaceRollups(ctx, tx, "minute", minutesSQL(), from, to, bucketBounds()); err != nil {
		return err
	}
	from, to = from.Truncate(time.Hour), to.Add(time.Hour-1).Truncate(time.Hour)
	if err := replaceRollups(ctx, tx, "hour", coarserSQL("hour", "minute", "date_trunc('hour', at, 'UTC')"), from, to); err != nil {
		return err
	}
	from, to = dayOf(from), dayOf(to.Add(-1)).AddDate(0, 0, 1)
	return replaceRollups(ctx, tx, "day", coarserSQL("day", "hour", "date_trunc('day', at, 'Asia/Shanghai')"), from, to)
}

func replaceRollups(ctx context.Context, tx pgx.Tx, grain, insert string, from, to time.Time, more ...any) error {
	if _, err := tx.Exec(ctx, `DELETE FROM exchange_rollups WHERE grain = $1 AND at >= $2 AND at < $3`, grain, from, to); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, insert, append([]any{from, to}, more...)...)
	return err
}

const rollupColumns = `grain, at, endpoint, direction, operation, ok, refused, failed, slowest, histogram`

// failures are the outcomes that speak against a line, as a list of SQL; so are the good ones.
const (
	failures = `('rejected', 'unavailable', 'bad-answer')`
	answers  = `('ok', 'duplicate', 'refused')`
)

func minutesSQL() string {
	return `INSERT INTO exchange_rollups (` + rollupColumns + `)
		SELECT 'minute', date_trunc('minute', at), endpoint, direction, operation, count(*) FILTER (WHERE outcome IN ('ok', 'duplicate')),
			count(*) FILTER (WHERE outcome = 'refused'), count(*) FILTER (WHERE outcome IN ` + failures + `), max(micros), ` + eachBucket(`count(*) FILTER (WHERE bucket = %d)::int`, 0) + `
		FROM (SELECT at, endpoint, direction, operation, outcome, micros, width_bucket(micros, $3::bigint[]) AS bucket
			FROM exchange_calls WHERE at >= $1 AND at < $2 AND endpoint IS NOT NULL) calls
		GROUP BY 2, 3, 4, 5`
}

func coarserSQL(grain, of, begin string) string {
	return `INSERT INTO exchange_rollups (` + rollupColumns + `)
		SELECT '` + grain + `', ` + begin + `, endpoint, direction, operation, sum(ok), sum(refused), sum(failed), max(slowest), ` + eachBucket(`sum(histogram[%d])::int`, 1) + `
		FROM exchange_rollups WHERE grain = '` + of + `' AND at >= $1 AND at < $2
		GROUP BY 2, 3, 4, 5`
}

// eachBucket is an array of one expression for each bucket, numbered from first.
func eachBucket(expression string, first int) string {
	all := make([]string, bucketCount)
	for i := range all {
		all[i] = fmt.Sprintf(expression, first+i)
	}
	return "ARRAY[" + strings.Join(all, ", ") + "]"
}

// dayOf is the beginning of the day in Beijing.
func dayOf(t time.Time) time.Time {
	t = t.In(clock.Shanghai())
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, clock.Shanghai())
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
