package appointment

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Booking is a visit.
type Booking struct {
	ID      uuid.UUID
	Account uuid.UUID
	App     uuid.UUID // zero for a visit without a case
	Party   string
	Hall    string
	Day     land.Date
	Slot    string
	Code    string
	Visitor Visitor
	State   string // booked or cancelled
}

// Visitor is who comes.
type Visitor struct {
	Name     string        `json:"name"`
	Document land.Document `json:"document"`
}

// From is when the visit begins.
func (b *Booking) From() time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", string(b.Day)+" "+b.Slot[:5], clock.Shanghai())
	if err != nil {
		return b.Day.Time() // the table's check lets no such slot in
	}
	return at
}

const bookingColumns = `id, account, coalesce(app, '00000000-0000-0000-0000-000000000000'), party, hall, to_char(day, 'YYYY-MM-DD'), slot, code, visitor, state`

func (r *Room) scan(row pgx.CollectableRow) (*Booking, error) {
	var b Booking
	var sealed []byte
	if err := row.Scan(&b.ID, &b.Account, &b.App, &b.Party, &b.Hall, &b.Day, &b.Slot, &b.Code, &sealed, &b.State); err != nil {
		return nil, err
	}
	plain, err := r.Keys.Open(sealed, b.ID[:])
	if err != nil {
		return nil, fmt.Errorf("open visitor: %w", err)
	}
	return &b, json.Unmarshal(plain, &b.Visitor)
}

// byID reads a booking of an account; lock is "FOR UPDATE" or "". Error: errNone, for unknown and foreign ones alike.
func (r *Room) byID(ctx context.Context, db pg.DB, id, account uuid.UUID, lock string) (*Booking, error) {
	rows, err := db.Query(ctx, `SELECT `+bookingColumns+` FROM bookings WHERE id = $1 AND account = $2 `+lock, id, account)
	if err != nil {
		return nil, fmt.Errorf("appointment: booking: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, r.scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNone
	}
	if err != nil {
		return nil, fmt.Errorf("appointment: booking: %w", err)
	}
	return b, nil
}

// Mine lists the bookings of an account from today on, the next one first. Index bookings_account.
func (r *Room) Mine(ctx context.Context, db pg.DB, account uuid.UUID) ([]*Booking, error) {
	rows, err := db.Query(ctx, `SELECT `+bookingColumns+` FROM bookings WHERE account = $1 AND day >= $2 AND state = 'booked' ORDER BY day, slot`,
		account, string(land.DateOf(r.Clock.Now())))
	if err != nil {
		return nil, fmt.Errorf("appointment: bookings: %w", err)
	}
	list, err := pgx.CollectRows(rows, r.scan)
	if err != nil {
		return nil, fmt.Errorf("appointment: bookings: %w", err)
	}
	return list, nil
}

// take takes one place of a half hour. The limit stands in the statement, so that two people never take the last place. Error: errFull.
func take(ctx context.Context, tx pgx.Tx, h Hall, day land.Date, slot string) error {
	if h.Quota() < 1 {
		return errFull
	}
	tag, err := tx.Exec(ctx, `INSERT INTO booking_slots AS s (hall, day, slot, taken) VALUES ($1, $2, $3, 1)
		ON CONFLICT (hall, day, slot) DO UPDATE SET taken = s.taken + 1 WHERE s.taken < $4`, h.Code, string(day), slot, h.Quota())
	if err != nil {
		return fmt.Errorf("appointment: take place: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errFull
	}
	return nil
}

func giveBack(ctx context.Context, tx pgx.Tx, b *Booking) error {
	if _, err := tx.Exec(ctx, `UPDATE booking_slots SET taken = taken - 1 WHERE hall = $1 AND day = $2 AND slot = $3`, b.Hall, string(b.Day), b.Slot); err != nil {
		return fmt.Errorf("appointment: give place back: %w", err)
	}
	return nil
}

// insert writes a booking, under a code that nobody else has that day. Error: errTwice.
func (r *Room) insert(ctx context.Context, tx pgx.Tx, b *Booking) error {
	plain, err := json.Marshal(b.Visitor)
	if err != nil {
		return fmt.Errorf("appointment: encode visitor: %w", err)
	}
	var app *uuid.UUID
	if b.App != uuid.Nil {
		app = &b.App
	}
	if b.Code, err = r.freeCode(ctx, tx, b); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO bookings (id, account, app, party, hall, day, slot, code, person, visitor, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		b.ID, b.Account, app, b.Party, b.Hall, string(b.Day), b.Slot, b.Code, r.person(b.Visitor.Document), r.Keys.Seal(plain, b.ID[:]), r.Clock.Now())
	return twice(err)
}

func (r *Room) person(d land.Document) []byte {
	return r.Keys.Index("booking", string(d.Kind)+"|"+d.Number)
}

func twice(err error) error {
	switch {
	case err == nil:
		return nil
	case pg.IsUnique(err, "bookings_once"):
		return errTwice
	}
	return fmt.Errorf("appointment: write booking: %w", err)
}

// freeCode makes a number of five digits. The caller holds the row of the half hour, which does not keep others from the same
// number at another: the constraint bookings_code does, and with a few hundred visits a day it hardly ever has to.
func (r *Room) freeCode(ctx context.Context, tx pgx.Tx, b *Booking) (string, error) {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(90_000))
		if err != nil {
			return "", fmt.Errorf("appointment: code: %w", err)
		}
		code := fmt.Sprintf("Y%d", 10_000+n.Int64())
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM bookings WHERE hall = $1 AND day = $2 AND code = $3)`, b.Hall, string(b.Day), code).Scan(&used); err != nil {
			return "", fmt.Errorf("appointment: code: %w", err)
		}
		if !used {
			return code, nil
		}
	}
}

// tell reports a booking to the office.
func (r *Room) tell(ctx context.Context, tx pgx.Tx, t message.Type, b *Booking) error {
	key := b.ID
	if b.App != uuid.Nil {
		key = b.App
	}
	return r.Door.Send(ctx, tx, ferry.Message{Type: t, Case: key.String(), Body: message.Booking{ID: b.ID, App: b.App, Hall: b.Hall, Day: b.Day, Slot: b.Slot,
		Code: b.Code, Name: b.Visitor.Name, Document: b.Visitor.Document}})
}
