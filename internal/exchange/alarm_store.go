package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
)

// Alarm is something that is, or was, not as it should be. No field holds personal data but those of who acknowledged it.
type Alarm struct {
	ID          uuid.UUID
	Kind        RuleKind
	Subject     string    // endpoint id or name of a queue; there is one standing alarm of a kind and subject
	Endpoint    uuid.UUID // zero for a queue
	Name        string    // of the endpoint or queue, in words
	Counterpart string
	District    string
	Value, Peak float64 // newest and highest, in the unit of the kind
	Words       string
	Since       time.Time
	SeenAt      time.Time // last above the limit
	Until       time.Time // zero: still stands
	ToldAt      time.Time // zero: nobody has been told yet
	AckedAt     time.Time // zero: nobody has taken it on
	AckedBy     string
	AckedName   string
	Note        string
}

// Active tells whether the alarm still stands.
func (a Alarm) Active() bool { return a.Until.IsZero() }

// ErrAcked says that somebody has acknowledged the alarm already.
var ErrAcked = errors.New("alarm is acknowledged already")

const alarmColumns = `id, kind, subject, endpoint, name, counterpart, district, value, peak, words, since, seen_at, until, told_at, acked_at, acked_by, acked_name, note`

func scanAlarm(row pgx.CollectableRow) (Alarm, error) {
	var (
		a                  Alarm
		endpoint           *uuid.UUID
		until, told, acked *time.Time
	)
	err := row.Scan(&a.ID, &a.Kind, &a.Subject, &endpoint, &a.Name, &a.Counterpart, &a.District, &a.Value, &a.Peak, &a.Words, &a.Since, &a.SeenAt, &until, &told, &acked,
		&a.AckedBy, &a.AckedName, &a.Note)
	if endpoint != nil {
		a.Endpoint = *endpoint
	}
	for to, from := range map[*time.Time]*time.Time{&a.Until: until, &a.ToldAt: told, &a.AckedAt: acked} {
		if from != nil {
			*to = *from
		}
	}
	return a, err
}

// ActiveAlarms lists what stands: first what nobody has taken on, then the newest. Index exchange_alarms_active.
func (x *Exchange) ActiveAlarms(ctx context.Context) ([]Alarm, error) {
	return alarms(ctx, x.pool, `WHERE until IS NULL ORDER BY acked_at IS NOT NULL, since DESC, id DESC LIMIT 500`)
}

// OpenAlarms counts the standing alarms that nobody has taken on.
func (x *Exchange) OpenAlarms(ctx context.Context) (n int, err error) {
	if err = x.pool.QueryRow(ctx, `SELECT count(*) FROM exchange_alarms WHERE until IS NULL AND acked_at IS NULL`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count alarms: %w", err)
	}
	return n, nil
}

// PastAlarms lists what no longer stands, the newest first, after the alarm with the id (zero: from the beginning), and says whether more
// follow. Index exchange_alarms_history.
func (x *Exchange) PastAlarms(ctx context.Context, after uuid.UUID, limit int) (page []Alarm, more bool, err error) {
	page, err = alarms(ctx, x.pool, `WHERE until IS NOT NULL AND ($1 = '00000000-0000-0000-0000-000000000000'::uuid
		OR (since, id) < (SELECT since, id FROM exchange_alarms WHERE id = $1)) ORDER BY since DESC, id DESC LIMIT $2`, after, limit+1)
	if len(page) > limit {
		page, more = page[:limit], true
	}
	return page, more, err
}

// Alarm finds one alarm, or returns ErrNotFound.
func (x *Exchange) Alarm(ctx context.Context, id uuid.UUID) (Alarm, error) {
	found, err := alarms(ctx, x.pool, `WHERE id = $1`, id)
	if err != nil {
		return Alarm{}, err
	}
	if len(found) == 0 {
		return Alarm{}, ErrNotFound
	}
	return found[0], nil
}

func alarms(ctx context.Context, db pg.DB, where string, args ...any) ([]Alarm, error) {
	rows, err := db.Query(ctx, `SELECT `+alarmColumns+` FROM exchange_alarms `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read alarms: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanAlarm)
	if err != nil {
		return nil, fmt.Errorf("read alarms: %w", err)
	}
	return all, nil
}

// Acknowledge notes who has taken an alarm on, and what is being done. Audited in the same transaction. Errors: ErrNotFound, ErrAcked.
func (x *Exchange) Acknowledge(ctx context.Context, id uuid.UUID, by Actor, note string) error {
	return pg.InTx(ctx, x.pool, func(tx pgx.Tx) error {
		found, err := alarms(ctx, tx, `WHERE id = $1 FOR UPDATE`, id)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return ErrNotFound
		case !found[0].AckedAt.IsZero():
			return ErrAcked
		}
		if _, err := tx.Exec(ctx, `UPDATE exchange_alarms SET acked_at = $2, acked_by = $3, acked_name = $4, note = $5 WHERE id = $1`, id, x.clock.Now(), by.ID, by.Name, note); err != nil {
			return fmt.Errorf("acknowledge alarm: %w", err)
		}
		return x.audit.Record(ctx, tx, audit.Entry{Actor: by.ID, ActorName: by.Name, Kind: audit.KindConfig, Action: "确认告警", Object: found[0].Name, Source: by.Source, Outcome: audit.OK,
			Detail: map[string]any{"告警": found[0].Words, "处理": note}})
	})
}
