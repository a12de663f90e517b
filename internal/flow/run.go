package flow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// run is one instance in one transaction: loaded and locked, stepped in memory, written once at the end.
type run struct {
	engine *Engine
	tx     pgx.Tx
	id     uuid.UUID
	def    *Definition
	state  State
	timers map[ID]time.Time
	steps  int64
	fresh  bool // not in the database yet

	now    time.Time
	queue  []queued
	opened map[uuid.UUID]ID // works opened in this run
	record []HistoryEntry
	jobs   []river.InsertManyParams
}

// queued is a command that still has to be carried out, with the event that it came from.
type queued struct {
	Command
	entry int // index in record
}

type runKey struct{}

// newRun prepares a run of an instance that is not stored yet.
func (e *Engine) newRun(tx pgx.Tx, id uuid.UUID, d *Definition) *run {
	return &run{engine: e, tx: tx, id: id, def: d, timers: map[ID]time.Time{}, opened: map[uuid.UUID]ID{}, now: e.clk.Now()}
}

// running finds the run from whose host calls the context comes.
func (e *Engine) running(ctx context.Context) *run {
	r, ok := ctx.Value(runKey{}).(*run)
	if !ok || r.engine != e {
		return nil
	}
	return r
}

// do applies an event, lets the host do all that follows, and writes the instance.
func (r *run) do(ctx context.Context, event Event) error {
	if err := r.apply(event); err != nil {
		return err
	}
	inner := context.WithValue(ctx, runKey{}, r)
	for len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		if err := r.carryOut(inner, next); err != nil {
			return err
		}
	}
	return r.write(ctx)
}

// apply steps the instance in memory and queues what follows. The host may cause it from inside its own calls.
func (r *run) apply(event Event) error {
	state, commands, err := Step(r.def, r.state, event)
	if err != nil {
		return err
	}
	r.state = state
	r.record = append(r.record, HistoryEntry{Seq: r.steps + int64(len(r.record)) + 1, At: r.now, Event: event, Passed: []Passage{}})
	delete(r.timers, event.Timer)
	for _, c := range commands {
		r.queue = append(r.queue, queued{c, len(r.record) - 1})
	}
	return nil
}

// carryOut does what one command asks for.
func (r *run) carryOut(ctx context.Context, q queued) error {
	host := r.engine.host
	switch c := q.Command.(type) {
	case OpenWork:
		return r.open(ctx, c)
	case CancelWork:
		w := Work{ID: workID(r.id, c.ID), Instance: r.id, Node: c.Node.ID, Name: c.Node.Name, Kind: c.Node.Kind.workKind(), Attr: c.Node.fixed(), Answered: c.Answered}
		return host.WorkCancelled(ctx, r.tx, w)
	case SetTimer:
		return r.setTimer(c)
	case CancelTimer:
		delete(r.timers, c.ID)
	case Passed:
		entry := &r.record[q.entry]
		entry.Passed = append(entry.Passed, Passage{Node: c.Node.ID, Flows: c.Flows})
		return host.Passed(ctx, r.tx, r.id, c.Node.ID)
	case End:
		return host.Ended(ctx, r.tx, r.id, c.ID)
	}
	return nil
}

// open gives a new work to the host. A send work is not kept: it's done when the host has taken it.
func (r *run) open(ctx context.Context, c OpenWork) error {
	id := workID(r.id, c.ID)
	w := Work{ID: id, Instance: r.id, Node: c.Node.ID, Name: c.Node.Name, Kind: c.Kind, Attr: maps.Clone(c.Attr), Vars: maps.Clone(c.Vars)}
	if l := c.Node.loopAround(); l != nil {
		w.Item = c.Vars[l.Item]
	}
	if c.Kind != WorkSend {
		r.opened[id] = c.ID
	}
	return r.engine.host.WorkOpened(ctx, r.tx, w)
}

// workID is the id that the host knows a work by: it follows from the instance and the number inside it, and so nobody has to
// look it up there.
func workID(instance uuid.UUID, local ID) uuid.UUID {
	return uuid.NewSHA1(instance, strconv.AppendInt(nil, int64(local), 10))
}

// setTimer works out when the timer is due, and has River wake the instance then.
func (r *run) setTimer(c SetTimer) error {
	due := c.Limit.End(r.now, r.engine.cal)
	if c.At != "" || c.Limit == (Limit{}) {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			return &ExpressionError{Element: c.Node.ID, Source: c.Node.Trigger.date.source, Err: err}
		}
		due = at
	}
	r.timers[c.ID] = due
	r.jobs = append(r.jobs, river.InsertManyParams{
		Args:       TimerArgs{Instance: r.id, Timer: c.ID},
		InsertOpts: &river.InsertOpts{ScheduledAt: due},
	})
	return nil
}

// nextDue is when the first armed timer is due; nil where there is none.
func (r *run) nextDue() *time.Time {
	if len(r.timers) == 0 {
		return nil
	}
	first := slices.MinFunc(slices.Collect(maps.Values(r.timers)), time.Time.Compare)
	return &first
}

// write stores everything in one batch, and the timers' jobs.
func (r *run) write(ctx context.Context) error {
	if err := r.save(ctx); err != nil {
		return err
	}
	armed := slices.DeleteFunc(r.jobs, func(p river.InsertManyParams) bool {
		_, still := r.timers[p.Args.(TimerArgs).Timer]
		return !still
	})
	if r.engine.jobs == nil || len(armed) == 0 {
		return nil
	}
	if _, err := r.engine.jobs.InsertManyFastTx(ctx, r.tx, armed); err != nil {
		return fmt.Errorf("flow: schedule timers: %w", err)
	}
	return nil
}
