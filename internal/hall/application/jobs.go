package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
)

// SweepArgs is the job that lets time do its work: it warns of drafts that lapse, erases those that did, and gives back applications
// that were not confirmed in time. Wiring runs it every hour.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "application.sweep" }

// Sweeper is the River worker of SweepArgs.
type Sweeper struct {
	river.WorkerDefaults[SweepArgs]
	Room *Room
}

// Timeout bounds one run.
func (Sweeper) Timeout(*river.Job[SweepArgs]) time.Duration { return 10 * time.Minute }

// Work runs Sweep.
func (s Sweeper) Work(ctx context.Context, _ *river.Job[SweepArgs]) error { return s.Room.Sweep(ctx) }

// Sweep does all that has become due. One application that fails does not hold up the others.
func (rm *Room) Sweep(ctx context.Context) error {
	var failed []error
	for _, step := range []struct {
		query string
		since time.Duration
		do    func(ctx context.Context, id uuid.UUID) error
	}{
		{`SELECT id FROM applications WHERE state IN ('draft', 'refused') AND updated_at <= $1`, idleBefore, rm.lapse},
		{`SELECT id FROM applications WHERE state = 'confirming' AND confirm_by <= $1`, 0, rm.overdue},
	} {
		rows, err := rm.Pool.Query(ctx, step.query, rm.Clock.Now().Add(-step.since))
		if err != nil {
			return fmt.Errorf("application: sweep: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("application: sweep: %w", err)
		}
		for _, id := range ids {
			if err := step.do(ctx, id); err != nil {
				failed = append(failed, fmt.Errorf("application: sweep %s: %w", id, err))
			}
		}
	}
	for _, q := range []string{`DELETE FROM application_guesses WHERE at < $1`, `DELETE FROM application_handovers WHERE expires < $1`} {
		if _, err := rm.Pool.Exec(ctx, q, rm.Clock.Now().Add(-guessPause)); err != nil {
			failed = append(failed, fmt.Errorf("application: sweep: %w", err))
		}
	}
	return errors.Join(failed...)
}

// idleBefore is how long a draft has at least been left alone before its limit is looked at. Limits are longer.
const idleBefore = 7 * 24 * time.Hour

// lapse warns the owner of a draft, or erases it, as its item's limit says.
func (rm *Room) lapse(ctx context.Context, id uuid.UUID) error {
	var lost []string
	err := pg.InTx(ctx, rm.Pool, func(tx pgx.Tx) error {
		a, err := rm.lock(ctx, tx, id)
		if err != nil || !a.Open() {
			return err
		}
		item, ok := rm.Catalog().Item(a.Item)
		if !ok {
			return nil
		}
		me, err := rm.Directory.Get(ctx, tx, a.Owner)
		if err != nil {
			return nil // the account is closed: what it left lapses with the last of its limits
		}
		v := &view{App: a, room: rm, Item: item, Me: me, Now: rm.Clock.Now()}
		at, soon := v.lapses()
		switch {
		case at.IsZero() || !soon:
			return nil
		case v.Now.Before(at):
			return rm.warn(ctx, tx, v)
		}
		if lost, err = rm.eraseRows(ctx, tx, id); err != nil {
			return err
		}
		return rm.Audit.Record(ctx, tx, audit.Entry{Actor: "hall", Kind: audit.KindChange, Action: "草稿过期删除", Object: id.String(), Outcome: audit.OK})
	})
	if err != nil {
		return err
	}
	return rm.Uploads.drop(ctx, lost...)
}

// warn tells the owner once that the draft lapses soon.
func (rm *Room) warn(ctx context.Context, tx pgx.Tx, v *view) error {
	tag, err := tx.Exec(ctx, `UPDATE applications SET warned_at = $2 WHERE id = $1 AND warned_at IS NULL`, v.ID, v.Now)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	at, _ := v.lapses()
	o := v.owner()
	return rm.Notify.Notify(ctx, tx, Notice{App: v.ID, Account: v.Owner, Name: o.Name, Phone: o.Phone, Kind: DraftWarning, SMS: false,
		Args: map[string]any{"no": v.No, "date": shortDeadline(at)}, Link: v.path("")})
}

// Sentences of the notices that this room sends of its own accord, not because the item says so.
const (
	DraftWarning = "inbox.draft.lapses"
	NotConfirmed = "inbox.confirm.late"
)

// overdue gives an application back whose parties did not all confirm in time.
func (rm *Room) overdue(ctx context.Context, id uuid.UUID) error {
	return rm.change(ctx, id, func(ctx context.Context, tx pgx.Tx, a *App) error {
		now := rm.Clock.Now()
		if a.State != Confirming || !a.lapsed(now) {
			return nil
		}
		date := shortDeadline(*a.ConfirmBy)
		if err := rm.takeBack(ctx, tx, a, Drafting); err != nil {
			return err
		}
		a.Stop = &Stop{Reason: "没有在 " + date + " 前全部确认，申请退回给您。可以再发给各方", At: now}
		me, err := rm.Directory.Get(ctx, tx, a.Owner)
		if err != nil {
			return err
		}
		return rm.Notify.Notify(ctx, tx, Notice{App: id, Account: a.Owner, Name: me.Name, Phone: me.Phone, Kind: NotConfirmed, SMS: false,
			Args: map[string]any{"no": a.No, "date": date}, Link: "/app/" + id.String()})
	})
}

// erase empties an application and removes its files.
func (rm *Room) erase(ctx context.Context, id uuid.UUID, also func(tx pgx.Tx) error) error {
	var lost []string
	err := pg.InTx(ctx, rm.Pool, func(tx pgx.Tx) error {
		var err error
		if lost, err = rm.eraseRows(ctx, tx, id); err != nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return err
	}
	return rm.Uploads.drop(ctx, lost...)
}

// eraseRows removes what an application holds of people; the row stays, so that the number is never given out again. It returns the
// digests of files that may be without owner now.
func (rm *Room) eraseRows(ctx context.Context, tx pgx.Tx, id uuid.UUID) ([]string, error) {
	tag, err := tx.Exec(ctx, `UPDATE applications SET body = NULL, state = 'expired', version = version + 1, updated_at = $2, sent_at = NULL, confirm_by = NULL
		WHERE id = $1 AND state IN ('draft', 'refused')`, id, rm.Clock.Now())
	if err != nil {
		return nil, fmt.Errorf("application: erase: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil, ErrNone
	}
	rows, err := tx.Query(ctx, `DELETE FROM application_files WHERE app = $1 RETURNING digest`, id)
	if err != nil {
		return nil, fmt.Errorf("application: erase files: %w", err)
	}
	lost, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("application: erase files: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM application_parties WHERE app = $1`, id); err != nil {
		return nil, fmt.Errorf("application: erase parties: %w", err)
	}
	return lost, nil
}
