package inquiry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// ReportArgs is the job that tells the courts what they do not know yet.
type ReportArgs struct{}

// Kind names the job.
func (ReportArgs) Kind() string { return "inquiry.report" }

// InsertOpts says that a court that is silent is tried again with the next run, not before.
func (ReportArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// Reporter is the River worker of ReportArgs. It runs every minute, and when an order has been settled.
type Reporter struct {
	river.WorkerDefaults[ReportArgs]
	Room *Room
}

// Timeout bounds one run over all courts.
func (*Reporter) Timeout(*river.Job[ReportArgs]) time.Duration { return 2 * time.Minute }

// Work tells each court; one that is silent keeps none of the others waiting, and hears the next time.
func (p *Reporter) Work(ctx context.Context, _ *river.Job[ReportArgs]) error {
	return p.Room.Report(ctx)
}

// reportRows is how many orders go into one report.
const reportRows = 200

// Report finds the orders whose state has changed since their court was told, and tells it, many in one message.
func (r *Room) Report(ctx context.Context) error {
	if err := r.follow(ctx); err != nil {
		return err
	}
	rows, err := r.Pool.Query(ctx, `SELECT DISTINCT court FROM court_controls WHERE told_at IS NULL AND state <> 'passed'`)
	if err != nil {
		return fmt.Errorf("inquiry: courts to be told: %w", err)
	}
	courts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("inquiry: courts to be told: %w", err)
	}
	for _, court := range courts {
		err = errors.Join(err, r.tell(ctx, court))
	}
	return err
}

// follow looks at the orders that wait in a queue: those whose turn has come, by whatever way the one before them ended, are in
// force now. One statement for all, by indexes court_controls_queued and seizure_once.
func (r *Room) follow(ctx context.Context) error {
	_, err := r.Pool.Exec(ctx, `UPDATE court_controls c SET state = 'entered', from_on = s.from_on, to_on = s.to_on, place = 0, changed_at = $1, told_at = NULL
		FROM register.seizure s WHERE c.state = 'queued' AND c.action = 'seize' AND s.unit = c.unit AND s.court = c.court_name AND s.notice_no = c.notice AND s.state = 'active'`, r.Clock.Now())
	if err != nil {
		return fmt.Errorf("inquiry: follow the queues: %w", err)
	}
	return nil
}

func (r *Room) tell(ctx context.Context, court string) error {
	rows, err := r.Pool.Query(ctx, `SELECT `+controlColumns+` FROM court_controls WHERE court = $1 AND told_at IS NULL AND state <> 'passed'
		ORDER BY changed_at, id LIMIT $2`, court, reportRows)
	if err != nil {
		return fmt.Errorf("inquiry: what %s does not know: %w", court, err)
	}
	list, err := pgx.CollectRows(rows, r.scan)
	if err != nil {
		return fmt.Errorf("inquiry: what %s does not know: %w", court, err)
	}
	if len(list) == 0 { // another run was faster
		return nil
	}
	in := spec.CourtControlReportRequest{CourtCode: court, ReportedAt: list[len(list)-1].changed}
	ids, changed := make([]uuid.UUID, len(list)), make([]time.Time, len(list))
	var key strings.Builder // the same states are the same message
	for i, x := range list {
		in.Results = append(in.Results, x.status)
		ids[i], changed[i] = x.id, x.changed
		fmt.Fprintf(&key, "%s %d\n", x.id, x.changed.UnixMicro())
	}
	var ack spec.Ack
	if err := r.Out.Call(ctx, spec.CourtControlReport, exchange.Route{Party: court}, sm.SM3Hex([]byte(key.String())), in, &ack); err != nil {
		return err
	}
	if _, err := r.Pool.Exec(ctx, `UPDATE court_controls c SET told_at = $3 FROM unnest($1::uuid[], $2::timestamptz[]) AS q (id, changed)
		WHERE c.id = q.id AND c.changed_at = q.changed`, ids, changed, r.Clock.Now()); err != nil {
		return fmt.Errorf("inquiry: note what %s knows: %w", court, err)
	}
	return nil
}
