package pay

import (
	"cmp"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/sim/board"
)

// What is wrong with a request for a statement, or with what an operator does to one.
var (
	ErrNotReady = errors.New("the day is not over, and its statement not made")
	ErrEmpty    = errors.New("nothing happened on the day: it has no statement")
	ErrTwist    = errors.New("a falsified line needs a day, a number, and one of drop, amount and add; amount and add a positive amount")
	ErrNoLine   = errors.New("the statement has no line of this number")
)

// Entry is a line of a day's statement: a payment, or a refund of one.
type Entry struct {
	Refund    bool      `json:"refund,omitempty"`
	Number    string    `json:"number"`    // the merchant's: of the order or of the refund
	Reference string    `json:"reference"` // the channel's number of it
	Amount    land.Fen  `json:"amount"`
	At        time.Time `json:"at"`
	Order     Order     `json:"-"` // that was paid
}

// Twist falsifies one line of a statement.
type Twist struct {
	Day       land.Date `json:"day"`
	Number    string    `json:"number"` // the merchant's, of an order or a refund
	Do        string    `json:"do"`     // drop: leaves it out; amount: states another; add: invents a payment
	Amount    land.Fen  `json:"amount,omitempty"`
	Reference string    `json:"reference,omitempty"` // of what is invented
}

// statements is what an operator does to the statements of a channel, and the tickets for files that wait to be fetched.
type statements struct {
	twists *board.Table[Twist]
	closed *board.Table[land.Date]

	mu      sync.Mutex // guards tickets
	tickets map[string]ticket
}

type ticket struct {
	day  land.Date
	ends time.Time
}

func openStatements(b *board.Board, channel string) (*statements, error) {
	s := &statements{tickets: map[string]ticket{}}
	var err error
	if s.twists, err = board.OpenTable[Twist](b, channel+"-twists"); err != nil {
		return nil, err
	}
	s.closed, err = board.OpenTable[land.Date](b, channel+"-closed")
	return s, err
}

// Statement lists what happened on a day, in the order of time. Errors: ErrNotReady before the day is over, unless an operator
// closed it; ErrEmpty when nothing happened on a day that nobody closed.
func (l *Ledger) Statement(day land.Date) ([]Entry, error) {
	_, closed := l.statements.closed.Get(string(day))
	if !closed && land.DateOf(l.board.Now()) <= day {
		return nil, ErrNotReady
	}
	lines := l.twist(day, l.movements(day))
	if len(lines) == 0 && !closed {
		return nil, ErrEmpty
	}
	return lines, nil
}

func (l *Ledger) movements(day land.Date) []Entry {
	lines := []Entry{}
	for _, o := range l.List() {
		if o.Reference != "" && land.DateOf(o.PaidAt) == day {
			lines = append(lines, Entry{Number: o.Number, Reference: o.Reference, Amount: o.Amount, At: o.PaidAt, Order: o})
		}
		for _, r := range o.Refunds {
			if land.DateOf(r.At) == day {
				lines = append(lines, Entry{Refund: true, Number: r.Number, Reference: r.Reference, Amount: r.Amount, At: r.At, Order: o})
			}
		}
	}
	slices.SortFunc(lines, func(a, b Entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Number, b.Number)) })
	return lines
}

func (l *Ledger) twist(day land.Date, lines []Entry) []Entry {
	for _, t := range l.Twists(day) {
		i := slices.IndexFunc(lines, func(e Entry) bool { return e.Number == t.Number })
		switch {
		case t.Do == "add":
			at := day.Time().Add(12 * time.Hour)
			lines = append(lines, Entry{Number: t.Number, Reference: t.Reference, Amount: t.Amount, At: at,
				Order: Order{Number: t.Number, Reference: t.Reference, Amount: t.Amount, Subject: "不动产登记", PaidAt: at}})
		case i < 0: // the order was refunded or paid on another day
		case t.Do == "drop":
			lines = slices.Delete(lines, i, i+1)
		default:
			lines[i].Amount = t.Amount
		}
	}
	return lines
}

// Twists lists what is falsified in the statement of a day; of every day where that is empty.
func (l *Ledger) Twists(day land.Date) []Twist {
	out := []Twist{}
	for _, t := range l.statements.twists.List() {
		if day == "" || t.Day == day {
			out = append(out, t)
		}
	}
	return out
}

// Restore makes the statement of a day true again.
func (l *Ledger) Restore(day land.Date) error {
	for _, t := range l.Twists(day) {
		if err := l.statements.twists.Delete(string(t.Day) + " " + t.Number); err != nil {
			return err
		}
	}
	return nil
}

// CloseDay has the statement of a day made now, of what happened so far; what happens later the same day is added to it.
func (l *Ledger) CloseDay(day land.Date) error {
	if !day.Valid() {
		return ErrTwist
	}
	return l.statements.closed.Put(string(day), day)
}

// Falsify makes one line of a day's statement wrong, in place of what was falsified in it before. Errors: ErrTwist, ErrNoLine.
func (d *Desk) Falsify(t Twist) (Twist, error) {
	invents := t.Do == "add"
	if !t.Day.Valid() || t.Number == "" || !slices.Contains([]string{"drop", "amount", "add"}, t.Do) || t.Do != "drop" && t.Amount <= 0 {
		return t, ErrTwist
	}
	stands := slices.ContainsFunc(d.Ledger.movements(t.Day), func(e Entry) bool { return e.Number == t.Number })
	if stands == invents {
		return t, ErrNoLine
	}
	if t.Reference = ""; invents {
		t.Reference = d.channel.Reference(t.Day.Time().Add(12 * time.Hour))
	}
	return t, d.Ledger.statements.twists.Put(string(t.Day)+" "+t.Number, t)
}

// ticketLasts is how long the address of a file is good.
const ticketLasts = 5 * time.Minute

// Ticket lets the bearer fetch the file of a day for a while.
func (l *Ledger) Ticket(day land.Date) string {
	s := l.statements
	s.mu.Lock()
	defer s.mu.Unlock()
	now, token := l.board.Now(), rand.Text()
	for k, t := range s.tickets {
		if t.ends.Before(now) {
			delete(s.tickets, k)
		}
	}
	s.tickets[token] = ticket{day, now.Add(ticketLasts)}
	return token
}

// Redeem tells the day that a ticket is for.
func (l *Ledger) Redeem(token string) (land.Date, bool) {
	s := l.statements
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tickets[token]
	return t.day, ok && l.board.Now().Before(t.ends)
}
