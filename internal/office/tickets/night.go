package tickets

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"
)

// NightArgs is the job that closes the days that have passed.
type NightArgs struct{}

// Kind names the job.
func (NightArgs) Kind() string { return "tickets.night" }

// Night is the River worker of NightArgs.
type Night struct {
	river.WorkerDefaults[NightArgs]
	Room *Room
}

// Work closes what is left of former days.
func (n *Night) Work(ctx context.Context, _ *river.Job[NightArgs]) error { return n.Room.Close(ctx) }

// Close ends the tickets of former days that nobody ended, and notes the bookings that nobody kept. It may run at any time.
func (r *Room) Close(ctx context.Context) error {
	if _, err := r.Pool.Exec(ctx, `UPDATE tickets SET ended_at = $2, state = CASE WHEN state IN ('called', 'serving') THEN 'done' ELSE 'missed' END
		WHERE day < $1 AND state NOT IN ('done', 'missed')`, string(r.Today()), r.Clock.Now()); err != nil {
		return fmt.Errorf("tickets: close former days: %w", err)
	}
	_, err := r.Visits.Lapse(ctx, r.Pool, r.Today())
	return err
}
