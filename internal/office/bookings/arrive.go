package bookings

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Expected is a booking of the day of somebody who stands at the hall's door.
type Expected struct {
	ID    uuid.UUID
	Hall  string
	Slot  string     // "09:00-09:30"
	App   *uuid.UUID // nil where the visit is for no case
	Name  string     // in full
	Card  []byte     // index of the identity card of who booked
	Taken bool       // a ticket was given for it
}

const expected = `SELECT b.id, b.hall, b.slot, b.app, b.name, b.doc_index, b.state = 'kept' FROM bookings b
	WHERE b.day = $1 AND b.state IN ('booked', 'kept') AND `

// ByCard lists the day's bookings of whoever holds an identity card, at any hall, by time: their own ones and those for a case
// that they are a party of. The rows are locked.
func (r *Room) ByCard(ctx context.Context, tx pgx.Tx, day land.Date, card []byte) ([]Expected, error) {
	return r.expected(ctx, tx, expected+`(b.doc_index = $2 OR b.app IN (SELECT case_id FROM case_parties WHERE doc_index = $2))
		ORDER BY b.slot, b.id FOR UPDATE OF b`, string(day), card)
}

// ByCode lists the booking with a code of a hall's day. The row is locked.
func (r *Room) ByCode(ctx context.Context, tx pgx.Tx, hall string, day land.Date, code string) ([]Expected, error) {
	return r.expected(ctx, tx, expected+`b.hall = $2 AND b.code = $3 FOR UPDATE OF b`, string(day), hall, code)
}

func (r *Room) expected(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]Expected, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("bookings: expected: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Expected, err error) {
		var name []byte
		if err := row.Scan(&e.ID, &e.Hall, &e.Slot, &e.App, &name, &e.Card, &e.Taken); err != nil {
			return e, err
		}
		plain, err := r.keys.Open(name, e.ID[:])
		e.Name = string(plain)
		return e, err
	})
}

// Keep notes that the person of a booking has come.
func (r *Room) Keep(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE bookings SET state = 'kept' WHERE id = $1 AND state = 'booked'`, id); err != nil {
		return fmt.Errorf("bookings: keep: %w", err)
	}
	return nil
}

// Lapse notes the bookings of days before one that nobody kept, and returns how many; index bookings_open.
func (r *Room) Lapse(ctx context.Context, db pg.DB, before land.Date) (int64, error) {
	tag, err := db.Exec(ctx, `UPDATE bookings SET state = 'missed' WHERE state = 'booked' AND day < $1`, string(before))
	if err != nil {
		return 0, fmt.Errorf("bookings: lapse: %w", err)
	}
	return tag.RowsAffected(), nil
}
