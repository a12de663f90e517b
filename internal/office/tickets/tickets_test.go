package tickets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/bookings"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
)

const (
	hall  = "321202-1"
	other = "321203-1"
)

// queue is a hall with its machine, its counters and people who come.
type queue struct {
	*officetest.Office
	room   *tickets.Room
	visits *bookings.Room
	keys   *sm.Keyring
}

func newQueue(t *testing.T) *queue {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	q := &queue{Office: o, keys: o.Keys()}
	q.visits = bookings.New(q.keys, o.Door)
	q.room = tickets.New(tickets.Parts{Pool: o.Pool, Keys: q.keys, Clock: o.Clock, Staff: o.Staff, Visits: q.visits, Cases: o.Cases})
	return q
}

// person is the n-th person who comes.
func person(n int) land.IDNumber {
	id, err := land.MakeIDNumber("321202", "1980-01-02", n)
	if err != nil {
		panic(err)
	}
	return id
}

func (q *queue) at(hm string) {
	q.T.Helper()
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-24 "+hm, clock.Shanghai())
	if err != nil {
		q.T.Fatal(err)
	}
	q.Clock.Set(t)
}

// book lets the hall tell of a booking.
func (q *queue) book(who int, where, slot string, app uuid.UUID) message.Booking {
	q.T.Helper()
	b := message.Booking{ID: uuid.Must(uuid.NewV7()), App: app, Hall: where, Day: "2026-11-24", Slot: slot, Code: fmt.Sprintf("Y%05d", 20_000+who), Name: "王小明",
		Document: land.Document{Kind: land.DocIDCard, Number: string(person(who))}}
	q.FromHall(message.BookingMade, b.ID, b)
	return b
}

func (q *queue) take(who int) tickets.Taken {
	q.T.Helper()
	t, err := q.room.Take(q.T.Context(), hall, tickets.Read{Number: person(who)}, false)
	if err != nil {
		q.T.Fatal(err)
	}
	return t
}

// clerk sits at a counter of the hall.
func (q *queue) clerk(counter int) staff.Person {
	q.T.Helper()
	login := fmt.Sprintf("counter%d", counter)
	if err := q.Staff.Add(q.T.Context(), []staff.Account{{Person: staff.Person{Login: login, Name: "窗口员", Department: "window", District: "321202", Hall: hall, Roles: []string{staff.Clerk}},
		Password: "Zhengque-2026", Document: login}}); err != nil {
		q.T.Fatal(err)
	}
	p := q.Person(login)
	if err := q.room.Sit(q.T.Context(), p, counter); err != nil {
		q.T.Fatal(err)
	}
	return p
}

func (q *queue) next(who staff.Person) string {
	q.T.Helper()
	t, err := q.room.Next(q.T.Context(), who)
	if errors.Is(err, tickets.ErrNoTicket) {
		return ""
	}
	if err != nil {
		q.T.Fatal(err)
	}
	return t.Shown()
}

func (q *queue) state(t tickets.Taken) (state string) {
	q.T.Helper()
	if err := q.Pool.QueryRow(context.WithoutCancel(q.T.Context()), `SELECT state FROM tickets WHERE id = $1`, t.ID).Scan(&state); err != nil {
		q.T.Fatal(err)
	}
	return state
}

func (q *queue) bookingState(b message.Booking) (state string) {
	q.T.Helper()
	if err := q.Pool.QueryRow(q.T.Context(), `SELECT state FROM bookings WHERE id = $1`, b.ID).Scan(&state); err != nil {
		q.T.Fatal(err)
	}
	return state
}

// What a booking means at the machine, by the minute.
func TestBookedTime(t *testing.T) {
	for _, tt := range []struct{ at, shown, remark, opens string }{
		{"09:29", "", "", "09:30"},
		{"09:30", "A001", "", ""},
		{"10:10", "A001", "", ""},
		{"10:45", "A001", "", ""},
		{"10:46", "B001", "您约的 10:00-10:30 已经过了，按现场号排队。", ""},
	} {
		t.Run(tt.at, func(t *testing.T) {
			q := newQueue(t)
			b := q.book(1, hall, "10:00-10:30", uuid.Nil)
			q.at(tt.at)
			got, err := q.room.Take(t.Context(), hall, tickets.Read{Number: person(1)}, false)
			var early tickets.ErrEarly
			if errors.As(err, &early) {
				if at := early.Opens.In(clock.Shanghai()).Format("15:04"); at != tt.opens || q.bookingState(b) != "booked" {
					t.Errorf("opens %s, want %q; booking %s", at, tt.opens, q.bookingState(b))
				}
				if got, err = q.room.Take(t.Context(), hall, tickets.Read{Number: person(1)}, true); err != nil || got.Shown() != "B001" || q.bookingState(b) != "booked" {
					t.Errorf("as a walk-in: %s %v, booking %s", got.Shown(), err, q.bookingState(b))
				}
				return
			}
			if err != nil || got.Shown() != tt.shown || got.Remark != tt.remark || tt.opens != "" {
				t.Errorf("%s %q %v", got.Shown(), got.Remark, err)
			}
			if got.Name != land.MaskName("王小明") || q.bookingState(b) != "kept" {
				t.Errorf("name %q, booking %s", got.Name, q.bookingState(b))
			}
		})
	}
}

// Whose card it is, which hall, and what became of the booking.
func TestWhoGetsWhichTicket(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before func(q *queue)
		read   tickets.Read
		shown  string
		remark string
		err    error
	}{
		{name: "nobody knows the card", read: tickets.Read{Number: person(1)}, shown: "B001"},
		{name: "the code of the message", before: func(q *queue) { q.book(1, hall, "10:00-10:30", uuid.Nil) }, read: tickets.Read{Code: "Y20001"}, shown: "A001"},
		{name: "a code of another hall", before: func(q *queue) { q.book(1, other, "10:00-10:30", uuid.Nil) }, read: tickets.Read{Code: "Y20001"}, err: tickets.ErrCode},
		{name: "a code of nobody", read: tickets.Read{Code: "Y99999"}, err: tickets.ErrCode},
		{name: "booked at another hall", before: func(q *queue) { q.book(1, other, "10:00-10:30", uuid.Nil) }, read: tickets.Read{Number: person(1)}, shown: "B001",
			remark: "您今天约的是" + tickets.HallName(other) + " 10:00-10:30，在这里按现场号排队。"},
		{name: "cancelled", before: func(q *queue) {
			b := q.book(1, hall, "10:00-10:30", uuid.Nil)
			q.FromHall(message.BookingCancelled, b.ID, b)
		}, read: tickets.Read{Number: person(1)}, shown: "B001"},
		{name: "another day", before: func(q *queue) {
			b := q.book(1, hall, "10:00-10:30", uuid.Nil)
			b.Day = "2026-11-25"
			q.FromHall(message.BookingMade, b.ID, b)
		}, read: tickets.Read{Number: person(1)}, shown: "B001"},
		{name: "of two bookings the one whose time it is", before: func(q *queue) {
			q.book(1, hall, "15:00-15:30", uuid.Nil)
			b := q.book(1, hall, "09:00-09:30", uuid.Nil)
			b.ID = uuid.Must(uuid.NewV7())
			b.Slot = "10:00-10:30"
			q.FromHall(message.BookingMade, b.ID, b)
		}, read: tickets.Read{Number: person(1)}, shown: "A001"},
		{name: "a slot that is none", before: func(q *queue) { q.book(1, hall, "whenever", uuid.Nil) }, read: tickets.Read{Number: person(1)}, shown: "B001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := newQueue(t)
			if tt.before != nil {
				tt.before(q)
			}
			got, err := q.room.Take(t.Context(), hall, tt.read, false)
			if !errors.Is(err, tt.err) || err == nil && (got.Shown() != tt.shown || got.Remark != tt.remark) {
				t.Errorf("%s %q %v", got.Shown(), got.Remark, err)
			}
		})
	}
}

// The same card is the same ticket until it has been served; called in vain, it comes back under its number.
func TestSameCardTwice(t *testing.T) {
	q := newQueue(t)
	q.book(1, hall, "10:00-10:30", uuid.Nil)
	first, again := q.take(1), q.take(1)
	byCode, err := q.room.Take(t.Context(), hall, tickets.Read{Code: "Y20001"}, false)
	if err != nil || first.ID != again.ID || first.ID != byCode.ID || again.Remark == "" {
		t.Fatalf("%s, %s, %s %v", first.Shown(), again.Shown(), byCode.Shown(), err)
	}
	c := q.clerk(3)
	if got := q.next(c); got != "A001" {
		t.Fatalf("called %q", got)
	}
	if again = q.take(1); again.ID != first.ID || again.Counter != 3 {
		t.Errorf("a called ticket: %s at %d", again.Shown(), again.Counter)
	}
	if err := q.room.End(t.Context(), c, true); err != nil || q.state(first) != "missed" {
		t.Fatalf("missed: %s %v", q.state(first), err)
	}
	if back := q.take(1); back.ID != first.ID || q.state(first) != "waiting" {
		t.Errorf("after a missed call: %s, %s", back.Shown(), q.state(first))
	}
	if got := q.next(c); got != "A001" {
		t.Fatalf("called again %q", got)
	}
	if got := q.next(c); got != "" || q.state(first) != "done" {
		t.Errorf("then %q, %s", got, q.state(first))
	}
	if fresh := q.take(1); fresh.ID == first.ID || fresh.Shown() != "B001" {
		t.Errorf("another matter: %s", fresh.Shown())
	}
}

// One card read at several machines at once is one ticket, and numbers have no gaps.
func TestCardsRaceAtTheMachines(t *testing.T) {
	q := newQueue(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[int]map[uuid.UUID]bool{}
	for i := range 24 {
		wg.Go(func() {
			who := 1 + i%6
			taken, err := q.room.Take(t.Context(), hall, tickets.Read{Number: person(who)}, false)
			if err != nil {
				t.Errorf("person %d: %v", who, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if got[who] == nil {
				got[who] = map[uuid.UUID]bool{}
			}
			got[who][taken.ID] = true
		})
	}
	wg.Wait()
	for who, ids := range got {
		if len(ids) != 1 {
			t.Errorf("person %d has %d tickets", who, len(ids))
		}
	}
	var n, last int
	if err := q.Pool.QueryRow(t.Context(), `SELECT count(*), max(number) FROM tickets WHERE hall = $1`, hall).Scan(&n, &last); err != nil || n != 6 || last != 6 {
		t.Errorf("%d tickets up to number %d (%v)", n, last, err)
	}
}

// Counters that call at one moment call different people, and everybody once.
func TestCountersRace(t *testing.T) {
	q := newQueue(t)
	const people, counters = 24, 6
	for i := range people {
		q.take(i + 1)
	}
	called := make(chan string, people)
	var wg sync.WaitGroup
	for n := range counters {
		c := q.clerk(n + 1)
		wg.Go(func() {
			for range people / counters {
				ticket, err := q.room.Next(t.Context(), c)
				if err != nil {
					t.Errorf("counter %d: %v", n+1, err)
					return
				}
				called <- ticket.Shown()
			}
		})
	}
	wg.Wait()
	close(called)
	seen := map[string]bool{}
	for s := range called {
		if seen[s] {
			t.Errorf("%s was called twice", s)
		}
		seen[s] = true
	}
	if len(seen) != people {
		t.Errorf("%d of %d were called", len(seen), people)
	}
}

// Who is next: sent here, then booked and due, then as they came.
func TestOrderOfCalls(t *testing.T) {
	q := newQueue(t)
	q.book(10, hall, "10:30-11:00", uuid.Nil)
	q.book(11, hall, "10:00-10:30", uuid.Nil)
	q.book(12, hall, "10:00-10:30", uuid.Nil)
	q.at("10:05")
	q.take(1) // B001
	q.Clock.Advance(time.Second)
	q.take(10) // A001, early
	q.Clock.Advance(time.Second)
	q.take(2) // B002
	q.Clock.Advance(time.Second)
	q.take(12) // A002, due
	q.Clock.Advance(time.Second)
	q.take(11) // A003, due
	c, d := q.clerk(1), q.clerk(2)
	if got := q.next(d); got != "A002" {
		t.Fatalf("counter 2 calls %s", got)
	}
	if err := q.room.Transfer(t.Context(), d, 7); !errors.Is(err, tickets.ErrTarget) {
		t.Errorf("to a closed counter: %v", err)
	}
	if err := q.room.Transfer(t.Context(), d, 2); !errors.Is(err, tickets.ErrTarget) {
		t.Errorf("to oneself: %v", err)
	}
	if err := q.room.Transfer(t.Context(), d, 1); err != nil {
		t.Fatal(err)
	}
	var order []string
	order = append(order, q.next(d)) // not the one that was sent to counter 1
	for range 4 {
		order = append(order, q.next(c))
	}
	if got := strings.Join(order, " "); got != "A003 A002 B001 A001 B002" {
		t.Errorf("called %s", got)
	}
	if got := q.next(c); got != "" {
		t.Errorf("then %s", got)
	}
}

// A counter is one clerk's, and a clerk who has not said where they sit calls nobody.
func TestCounters(t *testing.T) {
	q := newQueue(t)
	a, b := q.clerk(1), q.clerk(2)
	q.take(1)
	if err := q.room.Again(t.Context(), a); !errors.Is(err, tickets.ErrNoTicket) {
		t.Errorf("recall of nobody: %v", err)
	}
	if got := q.next(a); got != "B001" {
		t.Fatal(got)
	}
	if err := q.room.Sit(t.Context(), b, 1); !errors.Is(err, tickets.ErrCounterBusy) {
		t.Errorf("a counter in use: %v", err)
	}
	if err := q.room.Sit(t.Context(), a, 5); !errors.Is(err, tickets.ErrCounterBusy) {
		t.Errorf("leaving somebody alone: %v", err)
	}
	if err := errors.Join(q.room.Again(t.Context(), a), q.room.Serve(t.Context(), a), q.room.End(t.Context(), a, false)); err != nil {
		t.Fatal(err)
	}
	if err := q.room.Sit(t.Context(), b, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := q.room.Next(t.Context(), a); !errors.Is(err, tickets.ErrNoCounter) {
		t.Errorf("after a colleague took over: %v", err)
	}
	if n, err := q.room.Seat(t.Context(), q.Pool, b); n != 1 || err != nil {
		t.Errorf("sits at %d %v", n, err)
	}
	q.Clock.Advance(24 * time.Hour)
	if n, err := q.room.Seat(t.Context(), q.Pool, b); n != 0 || err != nil {
		t.Errorf("a day later at %d %v", n, err)
	}
}

// What is left of a day is closed after it, and bookings that nobody kept are noted; today's stay.
func TestNight(t *testing.T) {
	q := newQueue(t)
	kept, missed := q.book(1, hall, "10:00-10:30", uuid.Nil), q.book(2, hall, "10:00-10:30", uuid.Nil)
	ticket, waiting := q.take(1), q.take(3)
	if got := q.next(q.clerk(1)); got != "A001" {
		t.Fatal(got)
	}
	check := func(when string, want ...string) {
		t.Helper()
		if err := q.room.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := []string{q.bookingState(kept), q.bookingState(missed), q.state(ticket), q.state(waiting)}; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	check("at noon", "kept", "booked", "called", "waiting")
	q.Clock.Advance(24 * time.Hour)
	check("the next day", "kept", "missed", "done", "missed")
	q.FromHall(message.BookingCancelled, missed.ID, missed)
	check("cancelled too late", "kept", "missed", "done", "missed")
}

// A ticket of a booking brings its case, and so does the card of a party whose case waits at the counter.
func TestTicketBringsItsCase(t *testing.T) {
	q := newQueue(t)
	c := q.Submit(q.Application(0))
	q.book(1, hall, "10:00-10:30", c.ID)
	got := q.take(1)
	if got.App == nil || *got.App != c.ID {
		t.Fatalf("brings %v", got.App)
	}
	// The other party stands beside: it's one visit, and one ticket.
	party := land.IDNumber(c.App.Parties[0].Document.Number)
	also, err := q.room.Take(t.Context(), hall, tickets.Read{Number: party}, false)
	if err != nil || also.ID != got.ID {
		t.Errorf("the other party gets %s %v", also.Shown(), err)
	}
	list, err := q.room.Queue(t.Context(), q.Pool, hall)
	if err != nil || len(list) != 1 {
		t.Errorf("%d wait (%v)", len(list), err)
	}
}

// Nothing of a person lies open in the table, and the two hot questions use their indexes.
func TestTableOfTickets(t *testing.T) {
	q := newQueue(t)
	q.book(1, hall, "10:00-10:30", uuid.Nil)
	q.take(1)
	var all string
	if err := q.Pool.QueryRow(t.Context(), `SELECT string_agg(t::text, ' ') FROM tickets t`).Scan(&all); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all, "王小明") || strings.Contains(all, string(person(1))) {
		t.Error("the row shows who it is")
	}
	for index, query := range map[string]string{
		"tickets_queue":  `SELECT id FROM tickets WHERE hall = '321202-1' AND day = '2026-11-24' AND state IN ('waiting', 'transferred') ORDER BY queue_at`,
		"tickets_person": `SELECT id FROM tickets WHERE hall = '321202-1' AND day = '2026-11-24' AND doc_index = '\x00' AND state <> 'done'`,
	} {
		q.Do(func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO tickets (id, hall, day, series, number, doc_index, state, taken_at, queue_at, ended_at)
				SELECT gen_random_uuid(), 'x' || n % 50, date '2026-01-01' + n % 300, 'B', n, int4send(n), 'done', now(), now(), now() FROM generate_series(1, 20000) n
				ON CONFLICT DO NOTHING`); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `ANALYZE tickets`); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `EXPLAIN `+query)
			if err != nil {
				return err
			}
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if !strings.Contains(strings.Join(plan, "\n"), index) {
				t.Errorf("%s is not used:\n%s", index, strings.Join(plan, "\n"))
			}
			return err
		})
	}
}
