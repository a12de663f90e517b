package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

const (
	// surely is how long after the end of a day its statement is there at every channel: a channel that has none by then
	// moved no money on it. They promise the morning between eight and ten.
	surely = 12 * time.Hour
	// statementPause is how long to wait for a statement that is being made.
	statementPause    = 5 * time.Minute
	statementAttempts = 300 // over some six days of a channel that is away
)

// statementAsked keeps the office's question and queues its job.
func (r *Room) statementAsked(ctx context.Context, tx pgx.Tx, in ferry.Inbound, m message.StatementAsk) error {
	if _, ok := r.channel(m.Channel); !ok {
		return ferry.Park(fmt.Errorf("payment: statement of channel %q, which is not set up", m.Channel))
	}
	if !m.Day.Valid() || m.Day > land.DateOf(r.Clock.Now()) {
		return ferry.Park(fmt.Errorf("payment: statement of %q, which has not come", m.Day))
	}
	if _, err := tx.Exec(ctx, `INSERT INTO payment_statements (ask, channel, day, asked_at) VALUES ($1, $2, $3, $4)`, in.ID, m.Channel, m.Day, r.Clock.Now()); err != nil {
		return fmt.Errorf("payment: keep question: %w", err)
	}
	return r.Jobs.InsertTx(ctx, tx, StatementArgs{Ask: in.ID, Channel: m.Channel, Day: m.Day, Key: in.Case}, &river.InsertOpts{MaxAttempts: statementAttempts})
}

// StatementArgs is the job that reads a channel's statement of a day for the office.
type StatementArgs struct {
	Ask     uuid.UUID `json:"ask"`
	Channel string    `json:"channel"`
	Day     land.Date `json:"day"`
	Key     string    `json:"key"` // ordering key of the question at the ferry, which the answer repeats
}

// Kind names the job.
func (StatementArgs) Kind() string { return "payment.statement" }

// Teller is the River worker of StatementArgs.
type Teller struct {
	river.WorkerDefaults[StatementArgs]
	Room *Room
}

// Timeout of one attempt: a file of a busy day is large.
func (*Teller) Timeout(*river.Job[StatementArgs]) time.Duration { return 2 * time.Minute }

// NextRetry waits from five seconds to half an hour while the channel is away or its statement cannot be used.
func (w *Teller) NextRetry(job *river.Job[StatementArgs]) time.Time {
	return w.Room.Clock.Now().Add(min(5*time.Second<<min(job.Attempt, 9), 30*time.Minute))
}

// Work reads the statement, or comes back while it is being made.
func (w *Teller) Work(ctx context.Context, job *river.Job[StatementArgs]) error {
	err := w.Room.tellStatement(ctx, job.Args)
	if errors.Is(err, statement.ErrNotReady) {
		return river.JobSnooze(statementPause)
	}
	if err != nil {
		w.Room.Log.ErrorContext(ctx, "statement not read", "channel", job.Args.Channel, "day", job.Args.Day, "attempt", job.Attempt, "error", err)
	}
	return err
}

// tellStatement answers one question of the office. Error: statement.ErrNotReady.
func (r *Room) tellStatement(ctx context.Context, a StatementArgs) error {
	c, ok := r.channel(a.Channel)
	if !ok {
		return fmt.Errorf("payment: channel %s of a statement is not set up", a.Channel)
	}
	lines, err := c.Statement(ctx, a.Day)
	if errors.Is(err, statement.ErrNone) {
		if r.Clock.Now().Before(a.Day.AddDays(1).Time().In(clock.Shanghai()).Add(surely)) {
			return statement.ErrNotReady
		}
		lines, err = nil, nil
	}
	if err != nil {
		return fmt.Errorf("payment: statement of %s: %w", a.Day, err)
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.sendStatement(ctx, tx, a, lines) })
}

// sendStatement sends all parts, unless the question was answered before.
func (r *Room) sendStatement(ctx context.Context, tx pgx.Tx, a StatementArgs, lines []statement.Line) error {
	tag, err := tx.Exec(ctx, `UPDATE payment_statements SET read_at = $2 WHERE ask = $1 AND read_at IS NULL`, a.Ask, r.Clock.Now())
	if err != nil {
		return fmt.Errorf("payment: statement read: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	parts := slices.Collect(slices.Chunk(lines, message.StatementPart))
	if len(parts) == 0 {
		parts = [][]statement.Line{nil}
	}
	for n, part := range parts {
		body := message.Statement{Channel: a.Channel, Day: a.Day, Part: n + 1, Parts: len(parts)}
		for _, l := range part {
			body.Lines = append(body.Lines, officeLine(l))
		}
		if err := r.door.Send(ctx, tx, ferry.Message{Type: message.StatementRead, Case: a.Key, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// officeLine names our order where the line has a number that can be one of ours.
func officeLine(l statement.Line) message.StatementLine {
	order, err := orderID(l.Order)
	if err != nil {
		order = uuid.Nil
	}
	return message.StatementLine{Order: order, Reference: l.Reference, Refund: l.Refund, Amount: l.Amount, At: l.At}
}
