package inquiry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// CollectArgs is the job that fetches the papers of an order, for the file.
type CollectArgs struct {
	Control uuid.UUID `json:"control"`
}

// Kind names the job.
func (CollectArgs) Kind() string { return "inquiry.papers" }

// Collector is the River worker of CollectArgs.
type Collector struct {
	river.WorkerDefaults[CollectArgs]
	Room *Room
}

// Timeout bounds one attempt.
func (*Collector) Timeout(*river.Job[CollectArgs]) time.Duration { return 2 * time.Minute }

// NextRetry grows from two seconds to five minutes.
func (c *Collector) NextRetry(job *river.Job[CollectArgs]) time.Time {
	return c.Room.again(job.Attempt)
}

// Work makes one attempt at the papers that are missing.
func (c *Collector) Work(ctx context.Context, job *river.Job[CollectArgs]) error {
	return c.Room.Collect(ctx, job.Args.Control)
}

// ErrPaper says that a court gave out another paper than the one it named.
var ErrPaper = errors.New("inquiry: a paper is not the one that the order names")

// maxPaper is the largest paper, as the interface has it.
const maxPaper = 5 << 20

// Collect fetches the papers of an order that are not here yet, and keeps each if it is the one whose digest the court signed.
func (r *Room) Collect(ctx context.Context, id uuid.UUID) error {
	var court, no string
	if err := r.Pool.QueryRow(ctx, `SELECT court, no FROM court_controls WHERE id = $1`, id).Scan(&court, &no); err != nil {
		return fmt.Errorf("inquiry: read order: %w", err)
	}
	rows, err := r.Pool.Query(ctx, `SELECT digest FROM court_papers WHERE control = $1 AND fetched_at IS NULL`, id)
	if err != nil {
		return fmt.Errorf("inquiry: papers: %w", err)
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("inquiry: papers: %w", err)
	}
	for _, digest := range missing {
		err = errors.Join(err, r.fetch(ctx, id, court, no, digest))
	}
	return err
}

func (r *Room) fetch(ctx context.Context, id uuid.UUID, court, no, digest string) error {
	var out spec.CourtDocumentFetchResponse
	if err := r.Out.Call(ctx, spec.CourtDocumentFetch, exchange.Route{Party: court}, id.String()+"/"+digest,
		spec.CourtDocumentFetchRequest{CourtCode: court, ControlNo: no, Digest: digest}, &out); err != nil {
		return err
	}
	if sm.SM3Hex(out.Content) != digest {
		return fmt.Errorf("%w: %s of %s", ErrPaper, digest, no)
	}
	if _, err := r.Blobs.Put(ctx, bytes.NewReader(out.Content), maxPaper); err != nil {
		return fmt.Errorf("inquiry: keep paper: %w", err)
	}
	if _, err := r.Pool.Exec(ctx, `UPDATE court_papers SET fetched_at = $3 WHERE control = $1 AND digest = $2`, id, digest, r.Clock.Now()); err != nil {
		return fmt.Errorf("inquiry: note paper: %w", err)
	}
	return nil
}
