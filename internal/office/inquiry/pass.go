package inquiry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// PassArgs is the job that passes an order to the registry of its district.
type PassArgs struct {
	Control uuid.UUID `json:"control"`
}

// Kind names the job.
func (PassArgs) Kind() string { return "inquiry.pass" }

// Passer is the River worker of PassArgs.
type Passer struct {
	river.WorkerDefaults[PassArgs]
	Room *Room
}

// Timeout bounds one attempt.
func (*Passer) Timeout(*river.Job[PassArgs]) time.Duration { return time.Minute }

// NextRetry grows from two seconds to five minutes.
func (p *Passer) NextRetry(job *river.Job[PassArgs]) time.Time { return p.Room.again(job.Attempt) }

// Work makes one attempt.
func (p *Passer) Work(ctx context.Context, job *river.Job[PassArgs]) error {
	return p.Room.Pass(ctx, job.Args.Control)
}

// Pass sends an order to the registry of its district, which answers later. A registry that has become a desk of ours meanwhile has
// nothing to answer: the order is entered in our book.
func (r *Room) Pass(ctx context.Context, id uuid.UUID) error {
	var court, district string
	var state spec.ControlState
	var sealed []byte
	err := r.Pool.QueryRow(ctx, `SELECT court_name, district, state, content FROM court_controls WHERE id = $1`, id).Scan(&court, &district, &state, &sealed)
	if err != nil {
		return fmt.Errorf("inquiry: read order: %w", err)
	}
	if state != spec.ControlStatePassed {
		return nil
	}
	plain, err := r.Keys.Open(sealed, contentPlace(id))
	if err != nil {
		return fmt.Errorf("inquiry: open order: %w", err)
	}
	var in spec.CourtControlSubmitRequest
	if err := json.Unmarshal(plain, &in); err != nil {
		return fmt.Errorf("inquiry: decode order: %w", err)
	}
	var receipt spec.Receipt
	err = r.Out.Call(ctx, spec.RegistryControlPush, exchange.Route{District: district}, id.String(), spec.RegistryControlPushRequest{WorkID: id, ControlNo: in.ControlNo,
		Action: spec.CourtAction(in.Action), UnitCode: in.UnitCode, Court: court, Target: in.Target, OrderNo: in.OrderNo, NoticeNo: in.NoticeNo, SeizureNo: in.SeizureNo,
		ServedAt: in.ServedAt, Months: in.Months}, &receipt)
	var refusal *exchange.Refusal
	switch {
	case errors.Is(err, exchange.ErrDesk):
		return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.enterLate(ctx, tx, id, court, in) })
	case errors.As(err, &refusal):
		return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
			return r.settle(ctx, tx, id, outcome{state: spec.ControlStateRefused, reason: refusal.Message})
		})
	}
	return err
}

func (r *Room) enterLate(ctx context.Context, tx pgx.Tx, id uuid.UUID, court string, in spec.CourtControlSubmitRequest) error {
	page, err := r.Register.Unit(ctx, tx, land.UnitCode(in.UnitCode))
	if err != nil {
		return err
	}
	done, err := r.enter(ctx, tx, court, page, in)
	var refusal *exchange.Refusal
	if errors.As(err, &refusal) {
		done = outcome{state: spec.ControlStateRefused, reason: refusal.Message}
	} else if err != nil {
		return err
	}
	return r.settle(ctx, tx, id, done)
}

var outcomes = map[spec.ControlOutcome]spec.ControlState{
	spec.ControlOutcomeEntered: spec.ControlStateEntered, spec.ControlOutcomeQueued: spec.ControlStateQueued, spec.ControlOutcomeRenewed: spec.ControlStateRenewed,
	spec.ControlOutcomeReleased: spec.ControlStateReleased, spec.ControlOutcomeRefused: spec.ControlStateRefused,
}

// passedOn takes a registry's word on an order that was passed to it. What it entered comes by registry.restriction.notify as well,
// which the book and the sales follow; here the court gets its answer.
func (r *Room) passedOn(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.RegistryControlResultRequest) (spec.Ack, error) {
	var district, no string
	var state spec.ControlState
	err := tx.QueryRow(ctx, `SELECT district, no, state FROM court_controls WHERE id = $1 FOR UPDATE`, in.WorkID).Scan(&district, &no, &state)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (!from.Serves(district) || no != in.ControlNo) {
		return spec.Ack{}, refused(spec.CodeNotFound, "没有这项转办")
	}
	if err != nil {
		return spec.Ack{}, fmt.Errorf("inquiry: read order: %w", err)
	}
	if state != spec.ControlStatePassed {
		return spec.Ack{}, refused(spec.CodeWrongState, "这项转办已经有结果")
	}
	done := outcome{state: outcomes[in.Outcome], at: in.At, place: in.Restriction.QueueOrder, from: land.Date(in.Restriction.From), to: land.Date(in.Restriction.Until)}
	if done.state == spec.ControlStateRefused {
		done = outcome{state: done.state, reason: in.Reason}
		if done.reason == "" {
			done.reason = "登记机构不予办理"
		}
	}
	return spec.Ack{Received: true}, r.settle(ctx, tx, in.WorkID, done)
}

// settle notes what became of an order; the court is told soon.
func (r *Room) settle(ctx context.Context, tx pgx.Tx, id uuid.UUID, done outcome) error {
	var reason []byte
	if done.state == spec.ControlStateRefused {
		reason = r.Keys.SealString(done.reason, reasonPlace(id))
	}
	var no, app, unit string
	err := tx.QueryRow(ctx, `UPDATE court_controls SET state = $2, entered_at = $3, from_on = nullif($4, '')::date, to_on = nullif($5, '')::date, place = $6, since = $7, reason = $8,
			changed_at = $9, told_at = NULL
		WHERE id = $1 AND state = 'passed' RETURNING no, app, unit`,
		id, done.state, optional(done.at), string(done.from), string(done.to), done.place, append([]string{}, done.since...), reason, r.Clock.Now()).Scan(&no, &app, &unit)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("inquiry: settle order: %w", err)
	}
	if err := r.Audit.Record(ctx, tx, audit.Entry{Actor: "exchange", Kind: audit.KindChange, Action: "法院查控办结", Object: unit, Source: app, Outcome: audit.OK,
		Detail: map[string]any{"control": no, "state": done.state}}); err != nil {
		return err
	}
	return r.Jobs.InsertTx(ctx, tx, ReportArgs{}, nil)
}
