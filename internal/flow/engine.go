package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
)

// Host does what instances ask for, in the transaction of whatever moved them. An error from it undoes everything.
// It may call the engine for the same instance from inside these calls, with the context it was given.
type Host interface {
	// WorkOpened takes a work. A send work is done when this returns nil; the others are finished by Complete or Fail.
	WorkOpened(ctx context.Context, tx pgx.Tx, w Work) error
	// WorkCancelled takes an open work back; see Work.Answered.
	WorkCancelled(ctx context.Context, tx pgx.Tx, w Work) error
	// Passed tells that a token has left a node.
	Passed(ctx context.Context, tx pgx.Tx, instance uuid.UUID, node string) error
	// Ended tells that the instance is over: the id of its end event, or EndCancelled.
	Ended(ctx context.Context, tx pgx.Tx, instance uuid.UUID, end string) error
}

// Work is something to be done for an instance.
type Work struct {
	ID, Instance uuid.UUID
	Node, Name   string
	Kind         WorkKind
	Attr         map[string]string // as doc.go lists them; in WorkCancelled without those that are expressions
	Vars         map[string]any    // all data that the task can see; nil in WorkCancelled
	Item         any               // the item of the innermost multi-instance around; nil elsewhere and in WorkCancelled
	// Answered in WorkCancelled: a receive task ended because its message came by Engine.Message.
	Answered bool
}

// Jobs is what the engine needs of River's client.
type Jobs interface {
	InsertManyFastTx(ctx context.Context, tx pgx.Tx, params []river.InsertManyParams) (int, error)
}

// Engine runs instances on PostgreSQL. Each call works in the caller's transaction, with the instance row locked: either
// everything that follows from it is in the transaction, or an error is returned and the caller rolls back.
type Engine struct {
	lib  *Library
	host Host
	cal  Calendar
	clk  clock.Clock
	jobs Jobs
}

// NewEngine makes an engine. Without jobs timers fire by FireAllDue alone.
func NewEngine(lib *Library, host Host, cal Calendar, clk clock.Clock, jobs Jobs) *Engine {
	return &Engine{lib: lib, host: host, cal: cal, clk: clk, jobs: jobs}
}

// Start begins an instance of the current version of a process at its only start event, or at the one without a message.
func (e *Engine) Start(ctx context.Context, tx pgx.Tx, instance uuid.UUID, process string, data map[string]any) error {
	return e.begin(ctx, tx, instance, process, StartEvent(data))
}

// Declared keeps of data what the current version of a process has a place for.
func (e *Engine) Declared(process string, data map[string]any) (map[string]any, error) {
	d, err := e.lib.Current(process)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for name, value := range data {
		if _, ok := d.Root.declared(name); ok {
			out[name] = value
		}
	}
	return out, nil
}

// StartMessage begins an instance at the start event of a message.
func (e *Engine) StartMessage(ctx context.Context, tx pgx.Tx, instance uuid.UUID, process, message string, data map[string]any) error {
	return e.begin(ctx, tx, instance, process, StartMessage(message, data))
}

func (e *Engine) begin(ctx context.Context, tx pgx.Tx, instance uuid.UUID, process string, event Event) error {
	d, err := e.lib.Current(process)
	if err != nil {
		return err
	}
	r := e.newRun(tx, instance, d)
	r.fresh = true
	return r.do(ctx, event)
}

// Complete finishes a work. Of two at the same time the second gets ErrNoSuchWork.
func (e *Engine) Complete(ctx context.Context, tx pgx.Tx, work uuid.UUID, data map[string]any) error {
	return e.ofWork(ctx, tx, work, func(local ID) Event { return CompleteEvent(local, data) })
}

// Fail ends a work with an error code that the definition catches; ErrUncaught where it does not.
func (e *Engine) Fail(ctx context.Context, tx pgx.Tx, work uuid.UUID, code string, data map[string]any) error {
	return e.ofWork(ctx, tx, work, func(local ID) Event { return FailEvent(local, code, data) })
}

func (e *Engine) ofWork(ctx context.Context, tx pgx.Tx, work uuid.UUID, event func(ID) Event) error {
	if r := e.running(ctx); r != nil {
		if local, ok := r.opened[work]; ok { // not in the database yet
			return r.apply(event(local))
		}
		instance, local, err := findWork(ctx, tx, work)
		if err != nil {
			return err
		}
		return e.in(ctx, tx, instance, event(local))
	}
	r, local, err := e.loadByWork(ctx, tx, work)
	if err != nil {
		return err
	}
	return r.do(ctx, event(local))
}

// Message tells a fact to everyone in the instance who waits for it; ErrNoCatch when nobody does.
func (e *Engine) Message(ctx context.Context, tx pgx.Tx, instance uuid.UUID, name string, data map[string]any) error {
	return e.in(ctx, tx, instance, MessageEvent(name, data))
}

// Set corrects data of the process without moving anything.
func (e *Engine) Set(ctx context.Context, tx pgx.Tx, instance uuid.UUID, data map[string]any) error {
	return e.in(ctx, tx, instance, SetEvent(data))
}

// Cancel ends the instance at once. The reason is kept in the history.
func (e *Engine) Cancel(ctx context.Context, tx pgx.Tx, instance uuid.UUID, reason string) error {
	event := CancelEvent()
	event.Name = reason
	return e.in(ctx, tx, instance, event)
}

// in applies an event to an instance: to the run that is under way in this context, or to the stored one.
func (e *Engine) in(ctx context.Context, tx pgx.Tx, instance uuid.UUID, event Event) error {
	if r := e.running(ctx); r != nil && r.id == instance {
		return r.apply(event)
	}
	r, err := e.load(ctx, tx, instance)
	if err != nil {
		return err
	}
	return r.do(ctx, event)
}

// Fire makes a timer happen that is due by the engine's clock. It gives how long to wait when it is not due yet. A timer
// that fired before, or was cancelled, has no effect.
func (e *Engine) Fire(ctx context.Context, tx pgx.Tx, instance uuid.UUID, timer ID) (time.Duration, error) {
	r, err := e.load(ctx, tx, instance)
	if errors.Is(err, ErrNoSuchInstance) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	due, armed := r.timers[timer]
	if !armed {
		return 0, nil
	}
	if wait := due.Sub(e.clk.Now()); wait > 0 {
		return wait, nil
	}
	return 0, r.do(ctx, TimerEvent(timer))
}

// FireAllDue fires every timer that is due by the engine's clock, each in a transaction of its own, and counts them. One
// that fails does not keep the others. It serves tests with a clock of their own and catches up after River's jobs were
// lost; otherwise River fires timers.
func (e *Engine) FireAllDue(ctx context.Context, db interface {
	pg.DB
	pg.Beginner
}) (fired int, err error) {
	tried := map[dueTimer]bool{}
	var failed []error
	for {
		due, err := dueTimers(ctx, db, e.clk.Now(), len(tried)+dueAtOnce)
		if err != nil {
			return fired, errors.Join(append(failed, err)...)
		}
		fresh := 0
		for _, t := range due {
			if tried[t] {
				continue
			}
			tried[t] = true
			fresh++
			err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
				_, err := e.Fire(ctx, tx, t.Instance, t.Timer)
				return err
			})
			if err != nil {
				failed = append(failed, fmt.Errorf("flow: fire timer %d of %s: %w", t.Timer, t.Instance, err))
				continue
			}
			fired++
		}
		if fresh == 0 {
			return fired, errors.Join(failed...)
		}
	}
}

// dueAtOnce is how many due timers are looked up at a time.
const dueAtOnce = 100
