package tickets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Series of tickets, printed before the number.
const (
	Booked   = "A"
	WalkedIn = "B"
)

// seriesNames as boards and tickets say them.
var seriesNames = map[string]string{Booked: "网上预约", WalkedIn: "现场取号"}

// Ticket is a place in the queue of a hall.
type Ticket struct {
	ID       uuid.UUID
	Hall     string
	Series   string
	Number   int
	App      *uuid.UUID
	SlotAt   *time.Time
	Name     string // masked; empty where the card alone was read
	State    string // waiting, transferred, called, serving, done, missed
	Counter  int    // 0 before a call
	Calls    int
	TakenAt  time.Time
	CalledAt *time.Time
}

// Shown is the number as people read it: A035.
func (t Ticket) Shown() string { return fmt.Sprintf("%s%03d", t.Series, t.Number) }

// Kind is the series in words.
func (t Ticket) Kind() string { return seriesNames[t.Series] }

// Ended tells whether nothing more comes of the ticket by itself.
func (t Ticket) Ended() bool { return t.State == "done" || t.State == "missed" }

// ErrNoTicket says that there is no such ticket here, or no longer.
var ErrNoTicket = errors.New("tickets: no such ticket")

const columns = `id, hall, series, number, app, slot_at, name, state, coalesce(counter, 0), calls, taken_at, called_at`

func (r *Room) scan(row pgx.CollectableRow) (t Ticket, err error) {
	var name []byte
	if err := row.Scan(&t.ID, &t.Hall, &t.Series, &t.Number, &t.App, &t.SlotAt, &name, &t.State, &t.Counter, &t.Calls, &t.TakenAt, &t.CalledAt); err != nil {
		return t, err
	}
	if name == nil {
		return t, nil
	}
	plain, err := r.Keys.Open(name, t.ID[:])
	if err != nil {
		return t, fmt.Errorf("tickets: open name: %w", err)
	}
	t.Name = land.MaskName(string(plain))
	return t, nil
}

func (r *Room) list(ctx context.Context, db pg.DB, where string, args ...any) ([]Ticket, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM tickets WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("tickets: read: %w", err)
	}
	return pgx.CollectRows(rows, r.scan)
}

// one reads a ticket. Error: ErrNoTicket.
func (r *Room) one(ctx context.Context, db pg.DB, where string, args ...any) (Ticket, error) {
	all, err := r.list(ctx, db, where, args...)
	if err == nil && len(all) == 0 {
		err = ErrNoTicket
	}
	if err != nil {
		return Ticket{}, err
	}
	return all[0], nil
}

// Today is the day of the hall.
func (r *Room) Today() land.Date { return land.DateOf(r.Clock.Now()) }

func hourMinute(t time.Time) string { return t.In(clock.Shanghai()).Format("15:04") }
