package register

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// maxMonths is the longest term of a seizure and of each renewal: three years (Judicial Interpretation of the Civil Procedure
// Law 485).
const maxMonths = 36

// Order is a court's, or another body's, order to seize a unit, with the notice that asks the registry to assist.
type Order struct {
	Unit     land.UnitCode
	Body     string // empty: court
	Court    string
	OrderNo  string // 裁定书
	NoticeNo string // 协助执行通知书: of one court each number is taken once
	Target   string // name of the one whose unit it is
	Served   time.Time
	Months   int
	Presale  bool // 预查封
	By       string
}

// Seized is what an order has done.
type Seized struct {
	ID        uuid.UUID
	State     string // SeizureActive or SeizureQueued
	Position  int    // 0 in force, 1 the next …
	From, To  land.Date
	Again     bool      // the same notice had been recorded before; nothing was done
	Displaced uuid.UUID // a seizure in force that was served later and waits now
	Reserved  uuid.UUID // the case that is disposing of the unit: it must be told
	// Late lists the rights entered in the minute of service or after it, before the order was recorded: in law it came first,
	// and a person must decide what becomes of them.
	Late []Line
}

// Seize records an order. It is never refused for the sake of a case. The one served first is in force; others wait and take
// effect by themselves in the order of service to the minute, ties in the order of recording. Errors: ErrNoUnit, ErrTerm,
// ErrServedLater, ErrNotHolder when the target neither holds the unit nor held it at service.
func (r *Register) Seize(ctx context.Context, tx pgx.Tx, o Order) (*Seized, error) {
	o.Served = o.Served.Truncate(time.Minute)
	if o.Body == "" {
		o.Body = "court"
	}
	if o.Months < 1 || o.Months > maxMonths {
		return nil, ErrTerm
	}
	now, err := r.lock(ctx, tx, o.Unit)
	if err != nil {
		return nil, fmt.Errorf("register: seize: %w", err)
	}
	if o.Served.After(now) {
		return nil, ErrServedLater
	}
	p, err := r.Unit(ctx, tx, o.Unit)
	if err != nil {
		return nil, err
	}
	if s := p.byNotice(o.Court, o.NoticeNo); s != nil {
		return &Seized{ID: s.ID, State: s.State, Position: s.Position, From: s.From, To: s.To, Again: true}, nil
	}
	if !p.heldBy(o.Target, o.Served) {
		return nil, ErrNotHolder
	}
	return r.seize(ctx, tx, o, p, now)
}

func (r *Register) seize(ctx context.Context, tx pgx.Tx, o Order, p *Page, now time.Time) (*Seized, error) {
	done := &Seized{ID: uuid.Must(uuid.NewV7()), State: SeizureActive, Late: p.enteredSince(o.Served)}
	act := "seize"
	active := p.Seizure()
	if active != nil && !o.Served.Before(active.Served) {
		done.State, act = SeizureQueued, "queue"
	} else if active != nil {
		if err := r.suspend(ctx, tx, active, o, now); err != nil {
			return nil, fmt.Errorf("register: seize: %w", err)
		}
		done.Displaced = active.ID
	}
	id, no, err := r.write(ctx, tx, entry{unit: o.Unit, act: act, regType: land.RegSeizure, source: o.NoticeNo, at: now, by: byOr(o.By, o.Court), note: o.OrderNo})
	if err != nil {
		return nil, fmt.Errorf("register: seize: %w", err)
	}
	if done.State == SeizureActive {
		done.From = land.DateOf(o.Served)
		done.To = lastDay(done.From, o.Months)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO register.seizure (id, district, unit, body, court, order_no, notice_no, target, presale, served_at, months,
			from_on, to_on, state, entered, entered_no)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, '')::date, nullif($13, '')::date, $14, $15, $16)`,
		done.ID, o.Unit.District(), o.Unit, o.Body, o.Court, o.OrderNo, o.NoticeNo, r.keys.SealString(o.Target, placeOf("seizure.target", done.ID)),
		o.Presale, o.Served, o.Months, string(done.From), string(done.To), done.State, id, no); err != nil {
		return nil, fmt.Errorf("register: seize: %w", err)
	}
	for _, s := range p.Seizures {
		if s.Live() && !s.Served.After(o.Served) {
			done.Position++
		}
	}
	done.Reserved, err = reservedBy(ctx, tx, o.Unit, now)
	return done, err
}

// suspend puts a seizure that was recorded first but served later behind the one that now comes in.
func (r *Register) suspend(ctx context.Context, tx pgx.Tx, s *Seizure, by Order, now time.Time) error {
	if _, _, err := r.write(ctx, tx, entry{unit: by.Unit, act: "queue", regType: land.RegSeizure, source: s.NoticeNo, at: now, by: byOr(by.By, by.Court), note: by.NoticeNo}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE register.seizure SET state = 'queued', from_on = NULL, to_on = NULL WHERE id = $1`, s.ID); err != nil {
		return fmt.Errorf("suspend seizure: %w", err)
	}
	return nil
}

// Renewal prolongs a seizure in force.
type Renewal struct {
	Unit     land.UnitCode
	Seizure  uuid.UUID
	Court    string
	NoticeNo string
	Served   time.Time
	Months   int
	By       string
}

// Renew moves the last day by the months ordered. The notice must have been served while the seizure was in force: its last
// day is the last on which it can be. Errors: ErrNoSeizure, ErrOtherCourt, ErrTerm, ErrTermOver, ErrServedLater.
func (r *Register) Renew(ctx context.Context, tx pgx.Tx, o Renewal) (land.Date, error) {
	if o.Months < 1 || o.Months > maxMonths {
		return "", ErrTerm
	}
	// Without settling: a renewal that was served in time and recorded a day late keeps the seizure alive.
	now, err := r.lockOnly(ctx, tx, o.Unit)
	if err != nil {
		return "", fmt.Errorf("register: renew: %w", err)
	}
	p, err := r.Unit(ctx, tx, o.Unit)
	if err != nil {
		return "", err
	}
	s := p.seizure(o.Seizure)
	switch {
	case s == nil || s.State != SeizureActive:
		return "", ErrNoSeizure
	case s.Court != o.Court:
		return "", ErrOtherCourt
	case o.Served.After(now):
		return "", ErrServedLater
	case land.DateOf(o.Served) > s.To:
		return "", ErrTermOver
	}
	to := lastDay(s.To.AddDays(1), o.Months)
	if _, _, err := r.write(ctx, tx, entry{unit: o.Unit, act: "renew", regType: land.RegSeizure, source: o.NoticeNo, at: now, by: byOr(o.By, o.Court), note: string(to)}); err != nil {
		return "", fmt.Errorf("register: renew: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE register.seizure SET to_on = $2 WHERE id = $1`, s.ID, to); err != nil {
		return "", fmt.Errorf("register: renew: %w", err)
	}
	return to, nil
}

// Lifting ends a seizure by the word of the court.
type Lifting struct {
	Unit     land.UnitCode
	Seizure  uuid.UUID
	Court    string
	Superior bool // a court above the one that ordered it
	NoticeNo string
	By       string
}

// Change is what the end of a seizure brought about.
type Change struct {
	Ended     []uuid.UUID
	Activated uuid.UUID // the one that waited and took effect by itself
	Free      bool      // no seizure is left on the unit
	Reserved  uuid.UUID // the case that is disposing of the unit: it may go on when free
}

// Lift ends a seizure, in force or waiting; the next one in the queue takes effect at once and its term begins.
// Errors: ErrNoSeizure, ErrOtherCourt.
func (r *Register) Lift(ctx context.Context, tx pgx.Tx, o Lifting) (*Change, error) {
	now, err := r.lock(ctx, tx, o.Unit)
	if err != nil {
		return nil, fmt.Errorf("register: lift: %w", err)
	}
	p, err := r.Unit(ctx, tx, o.Unit)
	if err != nil {
		return nil, err
	}
	s := p.seizure(o.Seizure)
	if s == nil || !s.Live() {
		return nil, ErrNoSeizure
	}
	if s.Court != o.Court && !o.Superior {
		return nil, ErrOtherCourt
	}
	if err := r.endSeizure(ctx, tx, o.Unit, s.ID, "lift", SeizureLifted, o.NoticeNo, byOr(o.By, o.Court), now); err != nil {
		return nil, fmt.Errorf("register: lift: %w", err)
	}
	c := &Change{Ended: []uuid.UUID{s.ID}}
	if err := r.promote(ctx, tx, o.Unit, now, land.DateOf(now), c); err != nil {
		return nil, fmt.Errorf("register: lift: %w", err)
	}
	return c, r.aftermath(ctx, tx, o.Unit, now, c)
}

func (r *Register) endSeizure(ctx context.Context, tx pgx.Tx, unit land.UnitCode, id uuid.UUID, act, state, notice, by string, now time.Time) error {
	e, _, err := r.write(ctx, tx, entry{unit: unit, act: act, regType: land.RegSeizure, source: notice, at: now, by: by})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE register.seizure SET state = $2, ended = $3, ended_at = $4, lifted_by = $5 WHERE id = $1`, id, state, e, now, notice); err != nil {
		return fmt.Errorf("end seizure: %w", err)
	}
	return nil
}

// promote gives force to the first that waits, when none is in force, from a day on. Index seizure_unit.
func (r *Register) promote(ctx context.Context, tx pgx.Tx, unit land.UnitCode, now time.Time, from land.Date, c *Change) error {
	var id uuid.UUID
	var months int
	var notice string
	err := tx.QueryRow(ctx, `SELECT id, months, notice_no FROM register.seizure WHERE unit = $1 AND state = 'queued'
		AND NOT EXISTS (SELECT FROM register.seizure WHERE unit = $1 AND state = 'active')
		ORDER BY served_at, entered_no LIMIT 1`, unit).Scan(&id, &months, &notice)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("next seizure: %w", err)
	}
	if _, _, err := r.write(ctx, tx, entry{unit: unit, act: "activate", regType: land.RegSeizure, source: notice, at: now, by: "轮候生效"}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE register.seizure SET state = 'active', from_on = $2, to_on = $3 WHERE id = $1`, id, from, lastDay(from, months)); err != nil {
		return fmt.Errorf("next seizure: %w", err)
	}
	c.Activated = id
	return nil
}

// aftermath says whether the unit is free now and who waits for that.
func (r *Register) aftermath(ctx context.Context, tx pgx.Tx, unit land.UnitCode, now time.Time, c *Change) (err error) {
	if err := tx.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM register.seizure WHERE unit = $1 AND state IN ('active', 'queued'))`, unit).Scan(&c.Free); err != nil {
		return fmt.Errorf("register: what is left: %w", err)
	}
	c.Reserved, err = reservedBy(ctx, tx, unit, now)
	return err
}

// lastDay of a term of months that begins on a day: three years from 2026-11-24 end with 2029-11-23. Where the last month has
// no such day, its end is the end (Civil Code 202).
func lastDay(from land.Date, months int) land.Date {
	t := from.Time()
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, t.Location())
	days := first.AddDate(0, 1, -1).Day()
	return land.DateOf(first.AddDate(0, 0, min(t.Day()-1, days)-1))
}

func byOr(by, court string) string {
	if by != "" {
		return by
	}
	return court
}

func (p *Page) seizure(id uuid.UUID) *Seizure {
	if i := slices.IndexFunc(p.Seizures, func(s Seizure) bool { return s.ID == id }); i >= 0 {
		return &p.Seizures[i]
	}
	return nil
}

func (p *Page) byNotice(court, notice string) *Seizure {
	if i := slices.IndexFunc(p.Seizures, func(s Seizure) bool { return s.Court == court && s.NoticeNo == notice }); i >= 0 {
		return &p.Seizures[i]
	}
	return nil
}

// heldBy reports whether someone of the name holds the unit, or still did at a time; no name is anyone's.
func (p *Page) heldBy(name string, at time.Time) bool {
	if name == "" {
		return true
	}
	named := func(h Holder) bool { return h.Name == name }
	if p.Title != nil && slices.ContainsFunc(p.Title.Holders, named) {
		return true
	}
	return slices.ContainsFunc(p.Past, func(t Title) bool {
		return !t.EndedAt.Truncate(time.Minute).Before(at) && slices.ContainsFunc(t.Holders, named)
	})
}

// enteredSince lists transfers and mortgages entered in the minute or after it.
func (p *Page) enteredSince(minute time.Time) []Line {
	var out []Line
	for _, l := range p.History {
		if (l.Act == "transfer" || l.Act == "mortgage") && !l.At.Truncate(time.Minute).Before(minute) {
			out = append(out, l)
		}
	}
	return out
}
