package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

// States of a run.
const (
	Waiting = "waiting"
	Done    = "done"
	Failed  = "failed" // not done yet: it is tried again by itself
)

// States of a difference.
const (
	Open      = "open"
	Explained = "explained" // somebody said why, and that nothing is to be done
	Settled   = "settled"   // our book was brought to what the other side says
	Gone      = "gone"      // a later comparison did not find it
)

// Run is the comparison of one day with one counterpart.
type Run struct {
	ID uuid.UUID
	Subject
	Day                 land.Date
	State               string
	Ours, Theirs        int      // lines
	OursSum, TheirsSum  land.Fen // in less out
	Trouble             string
	MadeAt              time.Time
	DoneAt              time.Time // zero: not done
	Differences, OpenOf int       // found in all, and still open
}

// Balanced tells whether the day is in order: compared, and nothing left open.
func (r Run) Balanced() bool { return r.State == Done && r.OpenOf == 0 }

// Difference is a key on which the books differ, and what became of it.
type Difference struct {
	ID  uuid.UUID
	Run uuid.UUID
	Gap
	State   string
	Words   string
	FoundAt time.Time
	EndedAt time.Time // zero: open
	ByName  string
	Version int
}

// ErrUnknown says that there is no such run or difference, or that it is none of the asker's business.
var ErrUnknown = errors.New("reconcile: no such run or difference")

const runColumns = `r.id, r.kind, r.subject, r.name, r.day::text, r.state, r.ours, r.theirs, r.ours_sum, r.theirs_sum, r.trouble, r.made_at, r.done_at,
	(SELECT count(*) FROM reconcile.difference d WHERE d.run = r.id), (SELECT count(*) FROM reconcile.difference d WHERE d.run = r.id AND d.state = 'open')`

func scanRun(row pgx.CollectableRow) (Run, error) {
	var r Run
	var done *time.Time
	err := row.Scan(&r.ID, &r.Kind, &r.Code, &r.Name, &r.Day, &r.State, &r.Ours, &r.Theirs, &r.OursSum, &r.TheirsSum, &r.Trouble, &r.MadeAt, &done, &r.Differences, &r.OpenOf)
	if done != nil {
		r.DoneAt = *done
	}
	return r, err
}

// Run finds one run. Error: ErrUnknown.
func (r *Room) Run(ctx context.Context, id uuid.UUID) (Run, error) {
	rows, err := r.Pool.Query(ctx, `SELECT `+runColumns+` FROM reconcile.run r WHERE r.id = $1`, id)
	if err != nil {
		return Run{}, fmt.Errorf("reconcile: run: %w", err)
	}
	run, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if errors.Is(err, pgx.ErrNoRows) {
		return run, ErrUnknown
	}
	if err != nil {
		return run, fmt.Errorf("reconcile: run: %w", err)
	}
	return run, nil
}

// Days lists the runs that are a person's business, of the newest days before a day ("": from the newest on), the newest first.
// More tells whether older ones remain. Index run_day.
func (r *Room) Days(ctx context.Context, p staff.Person, before land.Date, days int) (runs []Run, more bool, err error) {
	if before == "" {
		before = "9999-12-31"
	}
	rows, err := r.Pool.Query(ctx, `SELECT `+runColumns+` FROM reconcile.run r
		WHERE r.day IN (SELECT DISTINCT day FROM reconcile.run WHERE day < $1 ORDER BY day DESC LIMIT $2) ORDER BY r.day DESC, r.kind, r.name`, before, days+1)
	if err != nil {
		return nil, false, fmt.Errorf("reconcile: runs: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanRun)
	if err != nil {
		return nil, false, fmt.Errorf("reconcile: runs: %w", err)
	}
	var seen []land.Date
	for _, run := range all {
		if !slices.Contains(seen, run.Day) {
			if len(seen) == days {
				return runs, true, nil
			}
			seen = append(seen, run.Day)
		}
		if concerns(p, run.Subject) {
			runs = append(runs, run)
		}
	}
	return runs, false, nil
}

const differenceColumns = `id, run, key, ours, theirs, case_no, state, words, found_at, ended_at, by_name, version`

func scanDifference(row pgx.CollectableRow) (Difference, error) {
	var d Difference
	var ended *time.Time
	err := row.Scan(&d.ID, &d.Run, &d.Key, &d.Ours, &d.Theirs, &d.Case, &d.State, &d.Words, &d.FoundAt, &ended, &d.ByName, &d.Version)
	if ended != nil {
		d.EndedAt = *ended
	}
	return d, err
}

// shownDifferences is how many a page shows at most: so many on one day are one fault, not many.
const shownDifferences = 500

// Differences lists those of a run, the open ones first.
func (r *Room) Differences(ctx context.Context, run uuid.UUID) ([]Difference, error) {
	rows, err := r.Pool.Query(ctx, `SELECT `+differenceColumns+` FROM reconcile.difference WHERE run = $1 ORDER BY state <> 'open', key LIMIT $2`, run, shownDifferences)
	if err != nil {
		return nil, fmt.Errorf("reconcile: differences: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanDifference)
	if err != nil {
		return nil, fmt.Errorf("reconcile: differences: %w", err)
	}
	return out, nil
}

// Difference finds one with its run. Error: ErrUnknown.
func (r *Room) Difference(ctx context.Context, id uuid.UUID) (Difference, Run, error) {
	rows, err := r.Pool.Query(ctx, `SELECT `+differenceColumns+` FROM reconcile.difference WHERE id = $1`, id)
	if err != nil {
		return Difference{}, Run{}, fmt.Errorf("reconcile: difference: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDifference)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, Run{}, ErrUnknown
	}
	if err != nil {
		return d, Run{}, fmt.Errorf("reconcile: difference: %w", err)
	}
	run, err := r.Run(ctx, d.Run)
	return d, run, err
}

// kindWords in Chinese.
var kindWords = map[string]string{Trust: "托管资金", Channel: "支付渠道", Register: "登记簿"}

// title names a run for people.
func (r Run) title() string { return strings.TrimSpace(r.Name + " " + string(r.Day)) }
