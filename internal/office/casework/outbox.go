package casework

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Outbox is what waits to go to other systems: orders that no system has taken yet, and tidings. Whatever lies in it is sent with a key
// of its own, so that a counterpart takes it once however often it comes. Parked means: not sent until somebody says so.
type Outbox struct{ s *Service }

// NewOutbox makes the outbox of a service.
func NewOutbox(s *Service) *Outbox { return &Outbox{s} }

// Outgoing is one piece of it. Nothing in it is personal but the name of who parked it.
type Outgoing struct {
	Job        int64
	Order      uuid.UUID // zero for tidings
	CaseNo     land.CaseNumber
	Name       string
	Department string // "" for tidings
	District   string
	Since      time.Time
	Attempts   int
	NextAt     time.Time // of the next attempt; zero while parked
	Trouble    string
	Parked     *Parked
}

// Parked says who parked a piece, when and why.
type Parked struct {
	At  time.Time `json:"at"`
	By  string    `json:"by"`
	Why string    `json:"why"`
}

// ErrNotWaiting says that a piece does not wait any more: it is just being sent, or was sent or discarded meanwhile.
var ErrNotWaiting = errors.New("casework: not waiting to be sent")

// outgoing are the jobs of the outbox that still may be sent; river_job_prioritized_fetching_index leads to the open ones.
const outgoing = ` FROM river_job j
	LEFT JOIN work_orders o ON j.kind = 'casework.do' AND o.id = (j.args->>'order')::uuid
	JOIN cases c ON c.id = coalesce(o.case_id, (j.args->>'case')::uuid)
	WHERE j.kind IN ('casework.do', 'casework.tidings') AND j.state IN ('available', 'scheduled', 'retryable')
	AND (j.kind = 'casework.tidings' OR o.state = 'open' AND o.kind = 'system' AND o.sent_at IS NULL)`

const outgoingColumns = `j.id, o.id, c.no, coalesce(o.name, j.args->>'what'), coalesce(o.department, ''), c.district, coalesce(o.opened_at, (j.args->>'at')::timestamptz), j.attempt,
	j.scheduled_at, coalesce(o.trouble, ''), j.metadata->'parked'`

func scanOutgoing(row pgx.CollectableRow) (Outgoing, error) {
	var (
		g     Outgoing
		order *uuid.UUID
	)
	err := row.Scan(&g.Job, &order, &g.CaseNo, &g.Name, &g.Department, &g.District, &g.Since, &g.Attempts, &g.NextAt, &g.Trouble, &g.Parked)
	if order != nil {
		g.Order = *order
	} else if name := tidingsNames[g.Name]; name != "" {
		g.Name = name
	}
	if g.Parked != nil {
		g.NextAt = time.Time{}
	}
	return g, err
}

// List reads a page of what waits, or of what is parked: the oldest job first, after the job with the number.
func (b *Outbox) List(ctx context.Context, db pg.DB, parked bool, after int64, limit int) (page []Outgoing, more bool, err error) {
	page, err = list(ctx, db, ` AND (j.metadata ? 'parked') = $1 AND j.id > $2 ORDER BY j.id LIMIT $3`, parked, after, limit+1)
	if len(page) > limit {
		page, more = page[:limit], true
	}
	return page, more, err
}

// Pick reads those of the jobs that still wait, parked or not.
func (b *Outbox) Pick(ctx context.Context, db pg.DB, jobs []int64) ([]Outgoing, error) {
	return list(ctx, db, ` AND j.id = ANY($1) ORDER BY j.id`, jobs)
}

func list(ctx context.Context, db pg.DB, where string, args ...any) ([]Outgoing, error) {
	rows, err := db.Query(ctx, `SELECT `+outgoingColumns+outgoing+where, args...)
	if err != nil {
		return nil, fmt.Errorf("casework: outbox: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanOutgoing)
	if err != nil {
		return nil, fmt.Errorf("casework: outbox: %w", err)
	}
	return all, nil
}

// Backlog is how the outbox stands for the systems of a department in a district.
type Backlog struct {
	Department, District string // Department "": tidings
	Waiting              int
	Oldest               time.Time
}

// Waits counts what waits, without what is parked: a person has decided on that.
func (b *Outbox) Waits(ctx context.Context, db pg.DB) ([]Backlog, error) {
	rows, err := db.Query(ctx, `SELECT coalesce(o.department, '') AS department, c.district, count(*), min(coalesce(o.opened_at, (j.args->>'at')::timestamptz))`+outgoing+
		` AND NOT j.metadata ? 'parked' GROUP BY 1, 2 ORDER BY 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("casework: outbox waits: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Backlog])
	if err != nil {
		return nil, fmt.Errorf("casework: outbox waits: %w", err)
	}
	return all, nil
}

var idInKey = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// OfMessages finds the jobs behind messages of the call log by their message ids; a message without a job that waits is not in it.
func (b *Outbox) OfMessages(ctx context.Context, db pg.DB, messages []string) (map[string]int64, error) {
	ids := make([]string, 0, len(messages))
	for _, m := range messages {
		ids = append(ids, idInKey.FindString(m))
	}
	rows, err := db.Query(ctx, `SELECT j.id, coalesce(j.args->>'order', ''), coalesce((j.args->>'case') || '/' || (j.args->>'what') || '/' || coalesce(j.args->>'ref', ''), '')`+outgoing+
		` AND (j.args->>'order' = ANY($1) OR j.args->>'case' = ANY($1))`, ids)
	if err != nil {
		return nil, fmt.Errorf("casework: jobs of messages: %w", err)
	}
	found := map[string]int64{}
	var (
		job           int64
		order, tiding string
	)
	_, err = pgx.ForEachRow(rows, []any{&job, &order, &tiding}, func() error {
		for _, m := range messages {
			if order != "" && strings.Contains(m, order) || tiding != "" && strings.Contains(m, tiding) {
				found[m] = job
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("casework: jobs of messages: %w", err)
	}
	return found, nil
}

// mine is what an action may change.
const mine = ` WHERE id = $1 AND kind IN ('casework.do', 'casework.tidings') AND state IN ('available', 'scheduled', 'retryable')`

// Resend has a piece sent at once, parked or not. Errors: ErrNotWaiting.
func (b *Outbox) Resend(ctx context.Context, tx pgx.Tx, job int64) error {
	return one(ctx, tx, `UPDATE river_job SET state = 'available', scheduled_at = now(), metadata = metadata - 'parked'`+mine, job)
}

// Park keeps a piece from being sent until somebody resends it. Errors: ErrNotWaiting.
func (b *Outbox) Park(ctx context.Context, tx pgx.Tx, job int64, p Parked) error {
	p.At = b.s.clock.Now()
	return one(ctx, tx, `UPDATE river_job SET state = 'scheduled', scheduled_at = '9999-01-01', metadata = metadata || jsonb_build_object('parked', $2::jsonb)`+mine, job, p)
}

// Discard takes a piece out for good. An order becomes the work of a person; tidings are not told, and the case file says so.
// Errors: ErrNotWaiting.
func (b *Outbox) Discard(ctx context.Context, tx pgx.Tx, job int64, why string) error {
	found, err := b.Pick(ctx, tx, []int64{job})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return ErrNotWaiting
	}
	if err := one(ctx, tx, `UPDATE river_job SET state = 'cancelled', finalized_at = now()`+mine, job); err != nil {
		return err
	}
	if found[0].Order != uuid.Nil {
		return b.s.toPerson(ctx, tx, found[0].Order, "停止自动发送", why)
	}
	var id uuid.UUID
	if err := tx.QueryRow(ctx, `SELECT id FROM cases WHERE no = $1`, found[0].CaseNo).Scan(&id); err != nil {
		return fmt.Errorf("casework: discard: %w", err)
	}
	return b.s.note(ctx, tx, id, Event{Text: found[0].Name + "不再发送：" + why})
}

func one(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("casework: outbox: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotWaiting
	}
	return nil
}
