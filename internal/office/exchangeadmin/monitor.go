package exchangeadmin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office/staff"
)

// WatchArgs is the periodic job that counts calls and evaluates alarms.
type WatchArgs struct{}

// Kind names the job.
func (WatchArgs) Kind() string { return "exchange.watch" }

// Watcher is the River worker of WatchArgs.
type Watcher struct {
	river.WorkerDefaults[WatchArgs]
	Room *Room
}

// Timeout of one round; the first after a long stop catches up.
func (Watcher) Timeout(*river.Job[WatchArgs]) time.Duration { return 90 * time.Second }

// Work does one round.
func (w Watcher) Work(ctx context.Context, _ *river.Job[WatchArgs]) error { return w.Room.Watch(ctx) }

// Watch counts the calls since the last round and evaluates the alarms.
func (room *Room) Watch(ctx context.Context) error {
	if err := room.Exchange.RollUp(ctx); err != nil {
		return err
	}
	return room.Exchange.Evaluate(ctx, exchange.Watch{Worked: room.Calendar.WorkingDuration, Queues: room.queues, Tell: room.tell})
}

// queues measures all that waits to go out: over the ferry, and to each department's systems.
func (room *Room) queues(ctx context.Context, db pg.DB) ([]exchange.Queue, error) {
	lag, err := room.Door.Lag(ctx)
	if err != nil {
		return nil, err
	}
	now := room.Clock.Now()
	list := []exchange.Queue{ferryQueue("ferry-out", "发往外网的摆渡", lag.Unsent, lag.OldestUnsent, now), ferryQueue("ferry-in", "从外网收到的摆渡", lag.Unapplied, lag.OldestUnapplied, now)}
	waits, err := room.Outbox.Waits(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, w := range waits {
		list = append(list, exchange.Queue{Key: "outbox-" + w.Department + "-" + w.District, Name: "发往" + districtWord(w.District) + wordOf(counterparts(), w.Department),
			Counterpart: w.Department, District: w.District, Waiting: w.Waiting, Oldest: now.Sub(w.Oldest)})
	}
	return list, nil
}

func ferryQueue(key, name string, waiting int, oldest *time.Time, now time.Time) exchange.Queue {
	q := exchange.Queue{Key: key, Name: name, Waiting: waiting}
	if oldest != nil {
		q.Oldest = now.Sub(*oldest)
	}
	return q
}

// tell texts everybody whom one of the alarms concerns, one SMS each; their pages show them anyway.
func (room *Room) tell(ctx context.Context, tx pgx.Tx, fresh []exchange.Alarm, r exchange.Rule) error {
	if !r.SMS {
		return nil
	}
	for _, role := range []string{staff.Admin, staff.Leader} {
		people, err := room.Staff.Holding(ctx, tx, role)
		if err != nil {
			return err
		}
		for _, p := range people {
			theirs := slices.DeleteFunc(slices.Clone(fresh), func(a exchange.Alarm) bool { return !concerns(p, a) })
			if len(theirs) == 0 {
				continue
			}
			if err := p.Text(ctx, tx, room.Door, "sms.alarm", smsWords(theirs)); err != nil {
				return err
			}
		}
	}
	return nil
}

// smsWords fills the sentence of an SMS: one alarm with its words, several by their number and the first of them.
func smsWords(all []exchange.Alarm) map[string]string {
	first := all[0]
	if len(all) == 1 {
		return map[string]string{"line": first.Name, "what": kindWord(first.Kind) + "，" + first.Words}
	}
	return map[string]string{"line": fmt.Sprintf("%s等 %d 处", first.Name, len(all)), "what": kindWord(first.Kind)}
}
