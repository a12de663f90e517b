package appointment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/inbox"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// wish is what a person chose.
type wish struct {
	Account uuid.UUID
	App     uuid.UUID // zero without a case
	Party   string
	Hall    Hall
	Day     land.Date
	Slot    string
	Bring   []string
	Old     uuid.UUID // the booking that this one replaces; zero for a new one
}

// reserve books what the person wished. A change gives the old place back only when the new one is taken. Errors: errOver, errFull,
// errTwice, errMany, errNone.
func (r *Room) reserve(ctx context.Context, w wish) (b *Booking, err error) {
	if !r.offered(w.Hall, w.Day, w.Slot) {
		return nil, errOver
	}
	name, doc, err := r.People.PersonOf(ctx, r.Pool, w.Account)
	if err != nil {
		return nil, fmt.Errorf("appointment: who books: %w", err)
	}
	err = pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		// One booking of an account after the other: the number that it may hold is counted.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('booking/' || $1, 0))`, w.Account.String()); err != nil {
			return fmt.Errorf("appointment: lock account: %w", err)
		}
		if w.Old != uuid.Nil {
			b, err = r.move(ctx, tx, w)
			return err
		}
		b = &Booking{ID: uuid.Must(uuid.NewV7()), Account: w.Account, App: w.App, Party: w.Party, Hall: w.Hall.Code, Day: w.Day, Slot: w.Slot,
			Visitor: Visitor{name, doc}, State: "booked"}
		return r.add(ctx, tx, b, w)
	})
	return b, err
}

func (r *Room) add(ctx context.Context, tx pgx.Tx, b *Booking, w wish) error {
	held, err := r.Mine(ctx, tx, w.Account)
	if err != nil {
		return err
	}
	if len(held) >= maxOpen {
		return errMany
	}
	for _, h := range held { // also where the halls are different
		if h.Day == w.Day && h.Slot == w.Slot {
			return errTwice
		}
	}
	if err := take(ctx, tx, w.Hall, w.Day, w.Slot); err != nil {
		return err
	}
	if err := r.insert(ctx, tx, b); err != nil {
		return err
	}
	return r.announce(ctx, tx, b, w)
}

// move changes hall, day or half hour of a booking. For the office it is one visit less and one more.
func (r *Room) move(ctx context.Context, tx pgx.Tx, w wish) (*Booking, error) {
	b, err := r.byID(ctx, tx, w.Old, w.Account, "FOR UPDATE")
	if err != nil {
		return nil, err
	}
	if b.State != "booked" || !r.Clock.Now().Before(b.From()) {
		return nil, errNone
	}
	if b.Hall == w.Hall.Code && b.Day == w.Day && b.Slot == w.Slot {
		return b, nil
	}
	if err := take(ctx, tx, w.Hall, w.Day, w.Slot); err != nil {
		return nil, err
	}
	if err := giveBack(ctx, tx, b); err != nil {
		return nil, err
	}
	if err := r.forget(ctx, tx, b); err != nil {
		return nil, err
	}
	if err := r.tell(ctx, tx, message.BookingCancelled, b); err != nil {
		return nil, err
	}
	b.Hall, b.Day, b.Slot = w.Hall.Code, w.Day, w.Slot
	if b.Code, err = r.freeCode(ctx, tx, b); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `UPDATE bookings SET hall = $2, day = $3, slot = $4, code = $5 WHERE id = $1`, b.ID, b.Hall, string(b.Day), b.Slot, b.Code)
	if err := twice(err); err != nil {
		return nil, err
	}
	return b, r.announce(ctx, tx, b, w)
}

// announce tells the office and the person, and has the visit reminded of on the day before.
func (r *Room) announce(ctx context.Context, tx pgx.Tx, b *Booking, w wish) error {
	if err := r.tell(ctx, tx, message.BookingMade, b); err != nil {
		return err
	}
	if r.Notify == nil {
		return nil
	}
	bring := append(always(), w.Bring...)
	phone, err := r.People.PhoneOf(ctx, tx, b.Account)
	if err != nil {
		return fmt.Errorf("appointment: phone: %w", err)
	}
	args := map[string]string{"date": dayWord(b.Day), "slot": slotWord(b.Slot), "hall": w.Hall.Name, "code": b.Code, "list": strings.Join(bring, "、")}
	letter := inbox.Letter{Account: b.Account, Phone: phone, Args: map[string]any{}}
	for k, v := range args {
		letter.Args[k] = v
	}
	if at := reminder(b); phone != "" && at.After(r.Clock.Now()) {
		remind := letter
		remind.ID, remind.Kind, remind.At, remind.Account = reminderID(b), "sms.book.remind", at, uuid.Nil
		if err := r.Notify.Tell(ctx, tx, remind); err != nil {
			return err
		}
	}
	link := "/bookings/" + b.ID.String()
	if b.App == uuid.Nil {
		letter.ID, letter.Kind, letter.Link = uuid.Must(uuid.NewV7()), "sms.book", link
		return r.Notify.Tell(ctx, tx, letter)
	}
	return r.Notify.Send(ctx, tx, inbox.Notice{ID: uuid.Must(uuid.NewV7()), App: b.App, Party: b.Party, Kind: "sms.book", SMS: true, Action: "book", Link: link, Args: args})
}

// reminder is when a visit is reminded of: in the afternoon of the day before.
func reminder(b *Booking) time.Time {
	day := b.From().AddDate(0, 0, -1)
	return time.Date(day.Year(), day.Month(), day.Day(), remindAt, 0, 0, 0, day.Location())
}

// reminderID follows from what is reminded of, so that the SMS of a visit that was changed or given back is found again.
func reminderID(b *Booking) uuid.UUID {
	return uuid.NewSHA1(b.ID, []byte(string(b.Day)+" "+b.Slot))
}

// forget takes the reminder of a visit back.
func (r *Room) forget(ctx context.Context, tx pgx.Tx, b *Booking) error {
	if r.Notify == nil {
		return nil
	}
	return r.Notify.Recall(ctx, tx, reminderID(b))
}

// always is what everybody brings.
func always() []string { return []string{"本人身份证原件"} }

// give cancels a booking. Error: errNone, also when it is cancelled or has begun.
func (r *Room) give(ctx context.Context, id, account uuid.UUID) error {
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		b, err := r.byID(ctx, tx, id, account, "FOR UPDATE")
		if err != nil {
			return err
		}
		if b.State != "booked" || !r.Clock.Now().Before(b.From()) {
			return errNone
		}
		if _, err := tx.Exec(ctx, `UPDATE bookings SET state = 'cancelled', cancelled_at = $2 WHERE id = $1`, id, r.Clock.Now()); err != nil {
			return fmt.Errorf("appointment: cancel: %w", err)
		}
		if err := giveBack(ctx, tx, b); err != nil {
			return err
		}
		if err := r.forget(ctx, tx, b); err != nil {
			return err
		}
		return r.tell(ctx, tx, message.BookingCancelled, b)
	})
}
