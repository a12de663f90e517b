package tickets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/bookings"
)

// Taken is a ticket with what the person should know of how they came to it.
type Taken struct {
	Ticket
	Remark string // empty where all is as expected
}

// ErrEarly says that the booked time is still far; a ticket can be taken from Opens on.
type ErrEarly struct {
	Slot  string
	Opens time.Time
}

func (e ErrEarly) Error() string { return "tickets: before the booked time" }

func (e ErrEarly) words() string {
	return "您约的是 " + e.Slot + "，" + hourMinute(e.Opens) + " 起可以取号"
}

// ErrCode says that no booking of the hall's day has the code.
var ErrCode = errors.New("tickets: no booking with this code")

// Take gives the ticket of a card or a code at a hall: the same one again while it is good; one in series A for a booking whose
// time has come; else one in series B. With walkIn a booking that is still far does not hold its person up.
// Errors: ErrEarly, ErrCode.
func (r *Room) Take(ctx context.Context, hall string, in Read, walkIn bool) (taken Taken, err error) {
	for range 3 { // who takes one ticket at two machines meets the indexes of open tickets, and finds the first one then
		err = pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
			taken, err = r.take(ctx, tx, hall, in, walkIn)
			return err
		})
		if !pg.IsUnique(err, "tickets_card") && !pg.IsUnique(err, "tickets_booking") {
			break
		}
	}
	if err != nil {
		return Taken{}, err
	}
	return taken, nil
}

func (r *Room) take(ctx context.Context, tx pgx.Tx, hall string, in Read, walkIn bool) (Taken, error) {
	v := visit{hall: hall, day: r.Today()}
	var list []bookings.Expected
	var err error
	if in.Code != "" {
		if list, err = r.Visits.ByCode(ctx, tx, hall, v.day, in.Code); err == nil && len(list) == 0 {
			err = ErrCode
		}
		if err != nil {
			return Taken{}, err
		}
		v.card = list[0].Card
	} else {
		v.card = r.Keys.Index("document", string(in.Number))
		if list, err = r.Visits.ByCard(ctx, tx, v.day, v.card); err != nil {
			return Taken{}, err
		}
	}
	b, verdict, elsewhere := pick(list, hall, v.day, r.Clock.Now())
	if old, found, err := r.again(ctx, tx, v, list, b != nil && verdict == InTime); err != nil || found {
		return old, err
	}
	switch {
	case b != nil && verdict == TooEarly && !walkIn:
		slot, _ := ParseSlot(v.day, b.Slot)
		return Taken{}, ErrEarly{Slot: b.Slot, Opens: slot.Opens()}
	case b != nil && verdict == TooEarly:
		return r.issue(ctx, tx, v, "")
	case b != nil:
		return r.arrive(ctx, tx, v, *b, verdict)
	case elsewhere != nil:
		return r.issue(ctx, tx, v, fmt.Sprintf("您今天约的是%s %s，在这里按现场号排队。", HallName(elsewhere.Hall), elsewhere.Slot))
	}
	return r.issue(ctx, tx, v, "")
}

// visit is who stands at the machine.
type visit struct {
	hall, series string
	day          land.Date
	card         []byte
	booking, app *uuid.UUID
	slotAt       *time.Time
	name         string
}

// again finds the ticket that a card, or a booking of the same case, has already. One that was called in vain goes to the end of
// the queue, unless another booking's time has come.
func (r *Room) again(ctx context.Context, tx pgx.Tx, v visit, list []bookings.Expected, due bool) (t Taken, found bool, err error) {
	var ids []uuid.UUID
	for _, b := range list {
		ids = append(ids, b.ID)
	}
	t.Ticket, err = r.one(ctx, tx, `hall = $1 AND day = $2 AND (doc_index = $3 OR booking = ANY($4)) AND state <> 'done' AND NOT (state = 'missed' AND $5)
		ORDER BY state = 'missed', taken_at DESC LIMIT 1 FOR UPDATE`, v.hall, string(v.day), v.card, ids, due)
	if errors.Is(err, ErrNoTicket) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	if t.State != "missed" {
		t.Remark = "您已经取过号，这是同一个号。"
		return t, true, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE tickets SET state = 'waiting', counter = NULL, ended_at = NULL, queue_at = $2, slot_at = CASE WHEN series = 'A' THEN greatest(slot_at, $2) END
		WHERE id = $1`, t.ID, r.Clock.Now()); err != nil {
		return t, false, fmt.Errorf("tickets: back into the queue: %w", err)
	}
	t.State, t.Counter, t.Remark = "waiting", 0, "刚才叫过您的号。号码不变，请再等一会儿。"
	return t, true, nil
}

// pick chooses the booking that brings somebody here: the one whose time it is, else the next one, else the last one that has
// passed; elsewhere is one at another hall, where there is none here.
func pick(list []bookings.Expected, hall string, day land.Date, now time.Time) (best *bookings.Expected, verdict Verdict, elsewhere *bookings.Expected) {
	rank := map[Verdict]int{InTime: 3, TooEarly: 2, TooLate: 1}
	for i := range list {
		b := &list[i]
		slot, ok := ParseSlot(day, b.Slot)
		switch {
		case b.Taken || !ok:
		case b.Hall != hall:
			elsewhere = b
		default:
			v := slot.Admit(now)
			if best == nil || rank[v] > rank[verdict] || v == TooLate && verdict == TooLate {
				best, verdict = b, v
			}
		}
	}
	return best, verdict, elsewhere
}

// arrive turns a booking into a ticket: with its time in series A, after it in series B.
func (r *Room) arrive(ctx context.Context, tx pgx.Tx, v visit, b bookings.Expected, verdict Verdict) (Taken, error) {
	slot, _ := ParseSlot(v.day, b.Slot)
	v.booking, v.app, v.name = &b.ID, b.App, b.Name
	remark := ""
	if verdict == InTime {
		v.series, v.slotAt = Booked, &slot.From
	} else {
		remark = fmt.Sprintf("您约的 %s 已经过了，按现场号排队。", b.Slot)
	}
	if err := r.Visits.Keep(ctx, tx, b.ID); err != nil {
		return Taken{}, err
	}
	return r.issue(ctx, tx, v, remark)
}

// issue writes the ticket under the next number of its series; numbers have no gaps, since number and ticket are one transaction.
func (r *Room) issue(ctx context.Context, tx pgx.Tx, v visit, remark string) (Taken, error) {
	if v.series == "" {
		v.series = WalkedIn
	}
	now := r.Clock.Now()
	t := Ticket{ID: uuid.Must(uuid.NewV7()), Hall: v.hall, Series: v.series, App: v.app, SlotAt: v.slotAt, State: "waiting", TakenAt: now}
	var name []byte
	if v.name != "" {
		t.Name, name = land.MaskName(v.name), r.Keys.Seal([]byte(v.name), t.ID[:])
	}
	if t.App == nil {
		if err := r.caseAtCounter(ctx, tx, v.card, &t.App); err != nil {
			return Taken{}, err
		}
	}
	if err := tx.QueryRow(ctx, `INSERT INTO ticket_serials (hall, day, series, last) VALUES ($1, $2, $3, 1)
		ON CONFLICT (hall, day, series) DO UPDATE SET last = ticket_serials.last + 1 RETURNING last`, v.hall, string(v.day), v.series).Scan(&t.Number); err != nil {
		return Taken{}, fmt.Errorf("tickets: next number: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO tickets (id, hall, day, series, number, booking, slot_at, app, doc_index, name, taken_at, queue_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
		t.ID, t.Hall, string(v.day), t.Series, t.Number, v.booking, t.SlotAt, t.App, v.card, name, now)
	if err != nil {
		return Taken{}, fmt.Errorf("tickets: issue: %w", err)
	}
	return Taken{t, remark}, nil
}

// caseAtCounter finds the case of a card that waits for its party at a counter, the most urgent one; index case_parties_person.
func (r *Room) caseAtCounter(ctx context.Context, tx pgx.Tx, card []byte, app **uuid.UUID) error {
	err := tx.QueryRow(ctx, `SELECT o.case_id FROM case_parties p JOIN work_orders o ON o.case_id = p.case_id
		WHERE p.doc_index = $1 AND o.kind = 'person' AND o.state = 'open' AND o.form IN ('accept', 'pickup')
		ORDER BY coalesce(o.due_at, 'infinity'), o.id LIMIT 1`, card).Scan(app)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("tickets: case of a card: %w", err)
	}
	return nil
}
