package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// Caller asks counterparts: *exchange.Client.
type Caller interface {
	Call(ctx context.Context, op spec.Operation, route exchange.Route, key string, in, out any) error
}

// Lines lists the lines to counterparts: *exchange.Exchange.
type Lines interface {
	Endpoints(ctx context.Context) ([]exchange.Endpoint, error)
}

// Jobs takes background work in a transaction.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Recorder keeps the audit record: *audit.Log.
type Recorder interface {
	Record(ctx context.Context, db pg.DB, e audit.Entry) error
}

// Parts is what the room stands on.
type Parts struct {
	Pool     *pgxpool.Pool
	Clock    clock.Clock
	Audit    Recorder
	Out      Caller
	Lines    Lines
	Trust    *trust.Ledger
	Billing  *billing.Office
	Register *register.Register
	Staff    *staff.Room
	Door     staff.Sender // to the hall
	Jobs     Jobs
	Channels []Subject // payment channels
}

// Room compares, and shows what it found.
type Room struct{ Parts }

// New makes the room.
func New(p Parts) *Room { return &Room{p} }

// Subjects lists whom we compare with: the banks and registries that have a line of their own and are switched on, and the channels.
func (r *Room) Subjects(ctx context.Context) ([]Subject, error) {
	all, err := r.Lines.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var out []Subject
	for _, e := range all {
		switch {
		case !e.Enabled || e.PeerApp == "": // a desk: its people work in our own book
		case e.Counterpart == "bank" && e.Party != "":
			out = append(out, Subject{Trust, e.Party, e.Name})
		case e.Counterpart == "registry" && e.District != "":
			out = append(out, Subject{Register, e.District, e.Name})
		}
	}
	return append(out, r.Channels...), nil
}

// dayBegins is the hour of the night from which the day before is compared.
const dayBegins = 2

// Yesterday is the newest day that is over everywhere; before two o'clock it is the one before.
func (r *Room) Yesterday() land.Date {
	return land.DateOf(r.Clock.Now().In(clock.Shanghai()).Add(-dayBegins*time.Hour).AddDate(0, 0, -1))
}

// Open makes the runs of a day, where they are not there, and gives their work to the queue.
func (r *Room) Open(ctx context.Context, day land.Date) error {
	subjects, err := r.Subjects(ctx)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		for _, s := range subjects {
			id := uuid.Must(uuid.NewV7())
			tag, err := tx.Exec(ctx, `INSERT INTO reconcile.run (id, kind, subject, name, day, made_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
				id, s.Kind, s.Code, s.Name, day, r.Clock.Now())
			if err != nil {
				return fmt.Errorf("reconcile: open: %w", err)
			}
			if tag.RowsAffected() == 0 {
				continue
			}
			if err := r.begin(ctx, tx, id, s, day); err != nil {
				return err
			}
		}
		return nil
	})
}

// begin gives the work of a run to the queue, and asks the hall where it has to bring the other side's statement.
func (r *Room) begin(ctx context.Context, tx pgx.Tx, id uuid.UUID, s Subject, day land.Date) error {
	if s.Kind == Channel {
		ask := message.StatementAsk{Channel: s.Code, Day: day}
		if err := r.Door.Send(ctx, tx, ferry.Message{Type: message.StatementAsked, Case: "statement-" + s.Code, Body: ask}); err != nil {
			return err
		}
	}
	return r.Jobs.InsertTx(ctx, tx, CompareArgs{Run: id}, &river.InsertOpts{MaxAttempts: 30})
}

// Compare does one run. What was found before and still is keeps its explanation; what is gone is marked so.
func (r *Room) Compare(ctx context.Context, id uuid.UUID) error {
	run, err := r.Run(ctx, id)
	if err != nil {
		return err
	}
	if run.Kind == Channel && run.State == Done {
		return nil // when the statement came, while this job waited for it
	}
	b, err := r.read(ctx, run.Subject, run.Day)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		gaps, now := Compare(b.ours, b.theirs), r.Clock.Now()
		fresh, err := r.keep(ctx, tx, id, gaps, now)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE reconcile.run SET state = 'done', ours = $2, theirs = $3, ours_sum = $4, theirs_sum = $5, trouble = '', done_at = $6 WHERE id = $1`,
			id, len(b.ours), len(b.theirs), Sum(b.ours), Sum(b.theirs), now); err != nil {
			return fmt.Errorf("reconcile: close run: %w", err)
		}
		if run.Kind == Channel {
			if _, err := tx.Exec(ctx, `DELETE FROM reconcile.statement WHERE channel = $1 AND day = $2`, run.Code, run.Day); err != nil {
				return fmt.Errorf("reconcile: close run: %w", err)
			}
		}
		if fresh == 0 {
			return nil
		}
		return r.tell(ctx, tx, run, fresh)
	})
}

// keep writes the gaps and says how many are new.
func (r *Room) keep(ctx context.Context, tx pgx.Tx, run uuid.UUID, gaps []Gap, now time.Time) (fresh int, err error) {
	keys := make([]string, len(gaps))
	b := &pgx.Batch{}
	for i, g := range gaps {
		keys[i] = g.Key
		b.Queue(`INSERT INTO reconcile.difference (id, run, key, ours, theirs, case_no, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (run, key) DO UPDATE SET ours = $4, theirs = $5, version = difference.version + 1,
				state = 'open', ended_at = NULL, ended_by = NULL, by_name = '', words = ''
			WHERE difference.state = 'gone' OR difference.ours <> $4 OR difference.theirs <> $5`,
			uuid.Must(uuid.NewV7()), run, g.Key, g.Ours, g.Theirs, g.Case, now).Exec(func(tag pgconn.CommandTag) error {
			fresh += int(tag.RowsAffected())
			return nil
		})
	}
	b.Queue(`UPDATE reconcile.difference SET state = 'gone', ended_at = $3, words = '再次核对时已一致', version = version + 1
		WHERE run = $1 AND state = 'open' AND NOT (key = ANY($2))`, run, keys, now)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return 0, fmt.Errorf("reconcile: keep differences: %w", err)
	}
	return fresh, nil
}
