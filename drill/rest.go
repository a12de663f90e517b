package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// restWithin is how long the city may take to come to rest after the storm. A job that a killed process had in hand is
// taken up again after two minutes.
const restWithin = 4 * time.Minute

// still is how long nothing may change before the city counts as at rest.
const still = 3 * time.Second

// rest waits until queues are empty and nothing changes. It gives what does not come to rest in time, for the verdict.
func (d *drill) rest(ctx context.Context) (restless []string) {
	began := d.clock.Now()
	var last string
	since, told := began, began
	for ctx.Err() == nil {
		busy, mark, err := d.pulse(ctx)
		if err == nil {
			err = d.books.hasten(ctx)
		}
		now := d.clock.Now()
		if err != nil {
			busy = []string{err.Error()}
		}
		if mark != last || len(busy) > 0 {
			last, since = mark, now
		}
		if now.Sub(since) >= still {
			d.say("at rest after %.0f s", now.Sub(began).Seconds())
			return nil
		}
		if now.Sub(began) > restWithin {
			return append(busy, fmt.Sprintf("not at rest %v after people had finished", restWithin))
		}
		if len(busy) > 0 && now.Sub(told) > 15*time.Second {
			told = now
			d.say("not at rest yet: %s", strings.Join(busy, "; "))
		}
		d.pause(ctx, time.Second)
	}
	return nil
}

// waiting are jobs of a kind that are to be done now, and why one of them failed before.
type waiting struct {
	Kind  string
	N     int
	Error string
}

// pulse says what is in motion, and a mark that changes with everything that happens.
func (d *drill) pulse(ctx context.Context) (busy []string, mark string, err error) {
	for zone, pool := range map[string]*pgxpool.Pool{"hall": d.books.hall, "office": d.books.office} {
		var unsent, unapplied int
		var at int64
		err := pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM ferry_out WHERE acked_at IS NULL), (SELECT count(*) FROM ferry_in WHERE state = 'pending'),
			(SELECT coalesce(max(pos), 0) FROM ferry_out)`).Scan(&unsent, &unapplied, &at)
		if err != nil {
			return nil, "", err
		}
		for what, n := range map[string]int{"messages to send": unsent, "messages to apply": unapplied} {
			if n > 0 {
				busy = append(busy, fmt.Sprintf("%s: %d %s", zone, n, what))
			}
		}
		jobs, err := rowsOf[waiting](ctx, pool, `SELECT kind, count(*)::int, coalesce(max(errors[array_upper(errors, 1)]->>'error'), '') FROM river_job
			WHERE state IN ('available', 'running', 'retryable', 'pending')
				AND kind NOT IN ('casework.limits', 'casework.bills', 'casework.restrictions', 'office.sweep', 'hall.sweep', 'application.sweep', 'tickets.night')
			GROUP BY kind ORDER BY kind`)
		if err != nil {
			return nil, "", err
		}
		for _, j := range jobs {
			busy = append(busy, fmt.Sprintf("%s: %d jobs %s %s", zone, j.N, j.Kind, j.Error))
		}
		mark += fmt.Sprintf("%s %d ", zone, at)
	}
	var pending []struct {
		Kind string `json:"kind"`
		Last string `json:"last"`
	}
	if err := d.city.Control(http.MethodGet, "/control/pending", nil, &pending); err != nil {
		return nil, "", err
	}
	for _, p := range pending {
		busy = append(busy, "outside: "+p.Kind+" "+p.Last)
	}
	return busy, mark, nil
}
