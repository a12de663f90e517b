// Package bookings is the office's list of booked visits. In come bookings and their ends from the hall by ferry; out goes
// who is expected at a hall on a day, for the clerks at its counters.
package bookings

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
)

// Room keeps the list.
type Room struct{ keys *sm.Keyring }

// New makes the room and takes the hall's bookings.
func New(keys *sm.Keyring, door *ferry.Door) *Room {
	r := &Room{keys}
	ferry.Handle(door, message.BookingMade, r.made)
	ferry.Handle(door, message.BookingCancelled, r.cancelled)
	return r
}

// made writes a booking, or its new time when it was changed.
func (r *Room) made(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, b message.Booking) error {
	var app *uuid.UUID
	if b.App != uuid.Nil {
		app = &b.App
	}
	_, err := tx.Exec(ctx, `INSERT INTO bookings (id, hall, day, slot, code, app, name, doc_index) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET hall = excluded.hall, day = excluded.day, slot = excluded.slot, code = excluded.code, state = 'booked'`,
		b.ID, b.Hall, string(b.Day), b.Slot, b.Code, app, r.keys.Seal([]byte(b.Name), b.ID[:]), r.keys.Index("document", b.Document.Number))
	if err != nil {
		return fmt.Errorf("bookings: made: %w", err)
	}
	return nil
}

// cancelled ends a booking, unless the person has come or the day has passed: then it came too late.
func (r *Room) cancelled(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, b message.Booking) error {
	if _, err := tx.Exec(ctx, `UPDATE bookings SET state = 'cancelled' WHERE id = $1 AND state = 'booked'`, b.ID); err != nil {
		return fmt.Errorf("bookings: cancelled: %w", err)
	}
	return nil
}

// Visit is one expected person.
type Visit struct {
	Slot   string
	Code   string
	Name   string // masked
	CaseNo string // empty where the visit is for no case
}

// Day lists who is expected at a hall, by time; index bookings_day.
func (r *Room) Day(ctx context.Context, db pg.DB, hall string, day land.Date) ([]Visit, error) {
	rows, err := db.Query(ctx, `SELECT b.id, b.slot, b.code, b.name, coalesce(c.no, '') FROM bookings b LEFT JOIN cases c ON c.id = b.app
		WHERE b.hall = $1 AND b.day = $2 AND b.state = 'booked' ORDER BY b.slot, b.code LIMIT 200`, hall, string(day))
	if err != nil {
		return nil, fmt.Errorf("bookings: day: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (v Visit, err error) {
		var id uuid.UUID
		var name []byte
		if err := row.Scan(&id, &v.Slot, &v.Code, &name, &v.CaseNo); err != nil {
			return v, err
		}
		plain, err := r.keys.Open(name, id[:])
		v.Name = land.MaskName(string(plain))
		return v, err
	})
}
