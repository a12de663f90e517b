package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// Watch is what the evaluation of alarms needs to know of its zone.
type Watch struct {
	// Worked is how much of the office hours lies between two moments.
	Worked func(from, to time.Time) time.Duration
	// Queues tells how the zone's work waits that is to go out; nil: nothing waits.
	Queues func(ctx context.Context, db pg.DB) ([]Queue, error)
	// Tell lets people know of alarms of one rule, within tx; nil: nobody is told. An alarm is told once, together with those
	// that are raised at the same time: a network that is down takes many lines with it.
	Tell func(ctx context.Context, tx pgx.Tx, fresh []Alarm, r Rule) error
}

// Queue is work that waits to go out.
type Queue struct {
	Key         string // short and stable
	Name        string // in words
	Counterpart string // "": no single one
	District    string
	Waiting     int
	Oldest      time.Duration // how long the oldest piece has waited
}

// Evaluate measures every line and queue, and raises, keeps or clears alarms by the rules. It may run in several processes:
// they wait for each other. Whoever is to be told is told once for each alarm, after the quiet hours of its rule.
func (x *Exchange) Evaluate(ctx context.Context, w Watch) error {
	err := pg.InTx(ctx, x.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('exchange_alarms'))`); err != nil {
			return err
		}
		all, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		standing, err := alarms(ctx, tx, `WHERE until IS NULL`)
		if err != nil {
			return err
		}
		m := meter{x: x, tx: tx, watch: w, now: x.clock.Now()}
		if _, m.endpoints, err = loadEndpoints(ctx, tx); err != nil {
			return err
		}
		for _, r := range all {
			readings, err := m.read(ctx, r)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Kind, err)
			}
			if err := apply(ctx, tx, r, readings, of(standing, r.Kind), m.now); err != nil {
				return fmt.Errorf("%s: %w", r.Kind, err)
			}
			if err := m.tell(ctx, r); err != nil {
				return fmt.Errorf("%s: tell: %w", r.Kind, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("evaluate alarms: %w", err)
	}
	return nil
}

// of gives the alarms of a kind by their subject.
func of(all []Alarm, kind RuleKind) map[string]Alarm {
	out := map[string]Alarm{}
	for _, a := range all {
		if a.Kind == kind {
			out[a.Subject] = a
		}
	}
	return out
}

// apply does what judge says of each reading. An alarm of which there is no reading any more, its endpoint gone or switched off, is cleared.
func apply(ctx context.Context, tx pgx.Tx, r Rule, readings []reading, standing map[string]Alarm, now time.Time) error {
	for _, v := range readings {
		a := standing[v.subject]
		delete(standing, v.subject)
		var err error
		switch judge(r, v, a.SeenAt, now) {
		case raise:
			err = insertAlarm(ctx, tx, v, now)
		case renew:
			_, err = tx.Exec(ctx, `UPDATE exchange_alarms SET value = $2, peak = greatest(peak, $2), words = $3, seen_at = $4 WHERE id = $1`, a.ID, v.value, v.words, now)
		case keep:
			_, err = tx.Exec(ctx, `UPDATE exchange_alarms SET value = $2, peak = greatest(peak, $2) WHERE id = $1`, a.ID, v.value)
		case lift:
			err = clearAlarm(ctx, tx, a.ID, now)
		case nothing:
		}
		if err != nil {
			return err
		}
	}
	for _, a := range standing {
		if err := clearAlarm(ctx, tx, a.ID, now); err != nil {
			return err
		}
	}
	return nil
}

func insertAlarm(ctx context.Context, tx pgx.Tx, v reading, now time.Time) error {
	var endpoint *uuid.UUID
	if v.endpoint != uuid.Nil {
		endpoint = &v.endpoint
	}
	_, err := tx.Exec(ctx, `INSERT INTO exchange_alarms (id, kind, subject, endpoint, name, counterpart, district, value, peak, words, since, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $10)`, uuid.Must(uuid.NewV7()), v.kind, v.subject, endpoint, v.name, v.counterpart, v.district, v.value, v.words, now)
	return err
}

func clearAlarm(ctx context.Context, tx pgx.Tx, id uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE exchange_alarms SET until = greatest(since, $2) WHERE id = $1`, id, now)
	return err
}

// tell lets people know of the standing alarms of a rule that they have not been told of, unless it is quiet or somebody has taken them on.
func (m meter) tell(ctx context.Context, r Rule) error {
	if m.watch.Tell == nil || r.Quiet.At(m.now) {
		return nil
	}
	fresh, err := alarms(ctx, m.tx, `WHERE until IS NULL AND told_at IS NULL AND acked_at IS NULL AND kind = $1 ORDER BY since`, r.Kind)
	if err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := m.watch.Tell(ctx, m.tx, fresh, r); err != nil {
		return err
	}
	for _, a := range fresh {
		if _, err := m.tx.Exec(ctx, `UPDATE exchange_alarms SET told_at = $2 WHERE id = $1`, a.ID, m.now); err != nil {
			return err
		}
	}
	return nil
}
