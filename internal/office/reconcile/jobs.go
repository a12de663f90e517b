package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
)

// OpenArgs is the hourly job that opens the runs of the day before.
type OpenArgs struct{}

// Kind names the job.
func (OpenArgs) Kind() string { return "reconcile.open" }

// Opener is the River worker of OpenArgs.
type Opener struct {
	river.WorkerDefaults[OpenArgs]
	Room *Room
}

// Work opens.
func (o Opener) Work(ctx context.Context, _ *river.Job[OpenArgs]) error {
	return o.Room.Open(ctx, o.Room.Yesterday())
}

// CompareArgs is the job of one run.
type CompareArgs struct {
	Run uuid.UUID `json:"run"`
}

// Kind names the job.
func (CompareArgs) Kind() string { return "reconcile.compare" }

// pause is how long a run waits for the other side.
const pause = 5 * time.Minute

// Comparer is the River worker of CompareArgs.
type Comparer struct {
	river.WorkerDefaults[CompareArgs]
	Room *Room
}

// Timeout of one run; a list of a busy day has many pages.
func (Comparer) Timeout(*river.Job[CompareArgs]) time.Duration { return 10 * time.Minute }

// Work compares; while the other side is silent, the run says so and the job comes again.
func (c Comparer) Work(ctx context.Context, job *river.Job[CompareArgs]) error {
	err := c.Room.Compare(ctx, job.Args.Run)
	if err == nil {
		return nil
	}
	if markErr := c.Room.failed(ctx, job.Args.Run, err); markErr != nil {
		return errors.Join(err, markErr)
	}
	if errors.Is(err, ErrNotYet) || errors.Is(err, exchange.ErrUnavailable) {
		return river.JobSnooze(pause)
	}
	return err
}

// failed notes why a run could not be done yet.
func (r *Room) failed(ctx context.Context, id uuid.UUID, why error) error {
	_, err := r.Pool.Exec(ctx, `UPDATE reconcile.run SET state = 'failed', trouble = $2, done_at = NULL WHERE id = $1 AND state <> 'done'`, id, troubleWords(why))
	if err != nil {
		return fmt.Errorf("reconcile: note trouble: %w", err)
	}
	return nil
}

// troubleWords says in a few words why a run waits.
func troubleWords(err error) string {
	var bad *exchange.BadAnswer
	switch {
	case errors.Is(err, ErrNotYet):
		return "对方的对账单还没有到"
	case errors.As(err, &bad):
		return "对方的应答不可信"
	case errors.Is(err, exchange.ErrUnavailable):
		return "对方没有应答"
	}
	return "核对没有完成，详见系统日志"
}
