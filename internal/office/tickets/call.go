package tickets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/office/staff"
)

// Errors of the counters.
var (
	// ErrNoCounter says that the clerk has not said today where they sit.
	ErrNoCounter = errors.New("tickets: no counter chosen today")
	// ErrCounterBusy says that somebody is being served at the counter by a colleague.
	ErrCounterBusy = errors.New("tickets: the counter is in use")
)

// inTurn is the order in which a counter calls at a moment: who was sent to it, then who booked and whose time has
// come, then everybody as they came. A person of a booking who is early waits like everybody until then.
const inTurn = ` ORDER BY state = 'transferred' DESC, coalesce(slot_at <= @now, false) DESC, CASE WHEN slot_at <= @now THEN slot_at END, queue_at, id`

// waitingFor is who a counter may call; index tickets_queue.
const waitingFor = `hall = @hall AND day = @day AND state IN ('waiting', 'transferred') AND (state = 'waiting' OR counter = @counter)`

// Sit says where a clerk works today. A colleague who is serving somebody there keeps it. Error: ErrCounterBusy.
func (r *Room) Sit(ctx context.Context, who staff.Person, number int) error {
	day := string(r.Today())
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		var busy bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM tickets t JOIN ticket_counters c ON c.hall = t.hall AND c.day = t.day AND c.number = t.counter
			WHERE t.hall = $1 AND t.day = $2 AND t.state IN ('called', 'serving') AND (t.counter = $3 AND c.staff <> $4 OR c.staff = $4 AND t.counter <> $3))`,
			who.Hall, day, number, who.ID).Scan(&busy); err != nil {
			return fmt.Errorf("tickets: look at counter: %w", err)
		}
		if busy {
			return ErrCounterBusy
		}
		if _, err := tx.Exec(ctx, `DELETE FROM ticket_counters WHERE staff = $1 AND day = $2`, who.ID, day); err != nil {
			return fmt.Errorf("tickets: leave counter: %w", err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_counters (hall, day, number, staff) VALUES ($1, $2, $3, $4)
			ON CONFLICT (hall, day, number) DO UPDATE SET staff = excluded.staff`, who.Hall, day, number, who.ID); err != nil {
			return fmt.Errorf("tickets: sit at counter: %w", err)
		}
		return nil
	})
}

// Seat is where a clerk sits today; 0 where they have not said.
func (r *Room) Seat(ctx context.Context, db pg.DB, who staff.Person) (number int, err error) {
	err = db.QueryRow(ctx, `SELECT number FROM ticket_counters WHERE staff = $1 AND day = $2 AND hall = $3`, who.ID, string(r.Today()), who.Hall).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("tickets: counter of %s: %w", who.Login, err)
	}
	return number, nil
}

// At is whom a counter serves or has called. Error: ErrNoTicket.
func (r *Room) At(ctx context.Context, db pg.DB, hall string, counter int) (Ticket, error) {
	return r.one(ctx, db, `hall = $1 AND day = $2 AND counter = $3 AND state IN ('called', 'serving')`, hall, string(r.Today()), counter)
}

// Next ends the service of whoever is at the clerk's counter and calls the next person. Two counters never call the same one.
// Errors: ErrNoCounter; ErrNoTicket where nobody waits.
func (r *Room) Next(ctx context.Context, who staff.Person) (t Ticket, err error) {
	err = pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		counter, err := r.sits(ctx, tx, who)
		if err != nil {
			return err
		}
		if err := r.end(ctx, tx, who, counter, "done"); err != nil && !errors.Is(err, ErrNoTicket) {
			return err
		}
		now := r.Clock.Now()
		t, err = r.one(ctx, tx, waitingFor+inTurn+` LIMIT 1 FOR UPDATE SKIP LOCKED`, pgx.NamedArgs{"hall": who.Hall, "day": string(r.Today()), "counter": counter, "now": now})
		if errors.Is(err, ErrNoTicket) {
			t = Ticket{} // the one before is done all the same
			return nil
		}
		if err != nil {
			return err
		}
		t.State, t.Counter, t.Calls, t.CalledAt = "called", counter, t.Calls+1, &now
		if _, err := tx.Exec(ctx, `UPDATE tickets SET state = 'called', counter = $2, calls = $3, called_at = $4, by_id = $5 WHERE id = $1`,
			t.ID, counter, t.Calls, now, who.ID); err != nil {
			return fmt.Errorf("tickets: call: %w", err)
		}
		return nil
	})
	if err == nil && t.ID == uuid.Nil {
		err = ErrNoTicket
	}
	return t, err
}

// sits locks the clerk's counter, so that two clicks follow each other.
func (r *Room) sits(ctx context.Context, tx pgx.Tx, who staff.Person) (number int, err error) {
	err = tx.QueryRow(ctx, `SELECT number FROM ticket_counters WHERE staff = $1 AND day = $2 AND hall = $3 FOR UPDATE`,
		who.ID, string(r.Today()), who.Hall).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNoCounter
	}
	if err != nil {
		return 0, fmt.Errorf("tickets: lock counter: %w", err)
	}
	return number, nil
}

// Again calls the person once more who was called to the clerk's counter. Errors: ErrNoCounter, ErrNoTicket.
func (r *Room) Again(ctx context.Context, who staff.Person) error {
	return r.atCounter(ctx, who, func(tx pgx.Tx, counter int) error {
		return r.set(ctx, tx, who, counter, `calls = calls + 1, called_at = $5`, r.Clock.Now())
	})
}

// Serve notes that the person has come to the clerk's counter. Errors: ErrNoCounter, ErrNoTicket.
func (r *Room) Serve(ctx context.Context, who staff.Person) error {
	return r.atCounter(ctx, who, func(tx pgx.Tx, counter int) error {
		return r.set(ctx, tx, who, counter, `state = 'serving'`)
	})
}

// End ends the ticket at the clerk's counter: done, or missed where nobody came. Errors: ErrNoCounter, ErrNoTicket.
func (r *Room) End(ctx context.Context, who staff.Person, missed bool) error {
	return r.atCounter(ctx, who, func(tx pgx.Tx, counter int) error {
		state := "done"
		if missed {
			state = "missed"
		}
		return r.end(ctx, tx, who, counter, state)
	})
}

// Transfer sends the person at the clerk's counter to another one that is open today, which calls them first.
// Errors: ErrNoCounter, ErrNoTicket, ErrTarget.
func (r *Room) Transfer(ctx context.Context, who staff.Person, to int) error {
	return r.atCounter(ctx, who, func(tx pgx.Tx, counter int) error {
		var open bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM ticket_counters WHERE hall = $1 AND day = $2 AND number = $3)`, who.Hall, string(r.Today()), to).Scan(&open); err != nil {
			return fmt.Errorf("tickets: look for counter: %w", err)
		}
		if !open || to == counter {
			return ErrTarget
		}
		return r.set(ctx, tx, who, counter, `state = 'transferred', counter = $5`, to)
	})
}

// ErrTarget says that a counter is not one to which people can be sent now.
var ErrTarget = errors.New("tickets: not an open counter of another clerk")

func (r *Room) atCounter(ctx context.Context, who staff.Person, do func(tx pgx.Tx, counter int) error) error {
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		counter, err := r.sits(ctx, tx, who)
		if err != nil {
			return err
		}
		return do(tx, counter)
	})
}

func (r *Room) end(ctx context.Context, tx pgx.Tx, who staff.Person, counter int, state string) error {
	return r.set(ctx, tx, who, counter, `state = $5, ended_at = $6`, state, r.Clock.Now())
}

// set changes the ticket at a counter.
func (r *Room) set(ctx context.Context, tx pgx.Tx, who staff.Person, counter int, change string, args ...any) error {
	tag, err := tx.Exec(ctx, `UPDATE tickets SET by_id = $4, `+change+` WHERE hall = $1 AND day = $2 AND counter = $3 AND state IN ('called', 'serving')`,
		append([]any{who.Hall, string(r.Today()), counter, who.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("tickets: change ticket: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNoTicket
	}
	return nil
}

// Queue lists who waits at a hall, in the order in which they will be called.
func (r *Room) Queue(ctx context.Context, db pg.DB, hall string) ([]Ticket, error) {
	return r.list(ctx, db, `hall = @hall AND day = @day AND state IN ('waiting', 'transferred')`+inTurn+` LIMIT 500`,
		pgx.NamedArgs{"hall": hall, "day": string(r.Today()), "now": r.Clock.Now()})
}

// Counters lists the counters of a hall that are open today.
func (r *Room) Counters(ctx context.Context, db pg.DB, hall string) ([]int, error) {
	rows, err := db.Query(ctx, `SELECT number FROM ticket_counters WHERE hall = $1 AND day = $2 ORDER BY number`, hall, string(r.Today()))
	if err != nil {
		return nil, fmt.Errorf("tickets: counters: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int])
}

// usual is how long a person takes at a counter until the day has shown it.
const usual = 12 * time.Minute

// pace is how long people of a hall took at the counters today: the mean of the last twenty, once there are three.
func (r *Room) pace(ctx context.Context, db pg.DB, hall string) (time.Duration, error) {
	var n int
	var seconds float64
	if err := db.QueryRow(ctx, `SELECT count(*), coalesce(avg(s), 0)::float8 FROM (SELECT extract(epoch FROM ended_at - called_at) AS s FROM tickets
		WHERE hall = $1 AND day = $2 AND called_at IS NOT NULL AND state = 'done' ORDER BY called_at DESC LIMIT 20) x`, hall, string(r.Today())).Scan(&n, &seconds); err != nil {
		return 0, fmt.Errorf("tickets: pace: %w", err)
	}
	if n < 3 {
		return usual, nil
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
