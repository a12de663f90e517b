package flow

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/kit/pg"
)

// TimerArgs is the job that fires one timer.
type TimerArgs struct {
	Instance uuid.UUID `json:"instance"`
	Timer    ID        `json:"timer"`
}

// Kind names the job for River.
func (TimerArgs) Kind() string { return "flow_timer" }

// TimerWorker fires timers when River says that they are due. A job that runs twice or too late does no harm.
type TimerWorker struct {
	river.WorkerDefaults[TimerArgs]

	engine *Engine
	db     pg.Beginner
}

// NewTimerWorker makes the worker to be registered with River.
func NewTimerWorker(e *Engine, db pg.Beginner) *TimerWorker { return &TimerWorker{engine: e, db: db} }

// Work fires the timer, or comes back later when the engine's clock has not reached it.
func (w *TimerWorker) Work(ctx context.Context, job *river.Job[TimerArgs]) error {
	return pg.InTx(ctx, w.db, func(tx pgx.Tx) error {
		wait, err := w.engine.Fire(ctx, tx, job.Args.Instance, job.Args.Timer)
		if err == nil && wait > 0 {
			return river.JobSnooze(wait)
		}
		return err
	})
}
