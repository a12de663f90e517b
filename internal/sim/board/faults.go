package board

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Any stands for every system or every operation in a fault.
const Any = "*"

// Fault is a way in which a system misbehaves. It holds for one operation of one system, or for Any; until it happened Times times, until
// its span is over, or until it is cleared.
type Fault struct {
	System    string `json:"system"`
	Operation string `json:"operation"`

	Latency    Latency   `json:"latency,omitzero"`     // waits before each answer; late answers leave so much later
	Defects    []Defect  `json:"defects,omitempty"`    // what is wrong with messages
	Share      float64   `json:"share,omitempty"`      // of messages that have the defects, up to 1; 0 means all
	Times      int       `json:"times,omitempty"`      // how often it still happens; 0 means any number
	ForMinutes float64   `json:"forMinutes,omitempty"` // simulated time for which it holds; 0 means no limit
	Until      time.Time `json:"until,omitzero"`       // when that is over, set by Set
}

// Bad reports a fault that cannot be.
func (f Fault) Bad() error {
	switch {
	case f.System == "":
		return errors.New("fault without a system")
	case f.Operation == "":
		return errors.New("fault without an operation")
	case f.Share < 0 || f.Share > 1:
		return errors.New("share is not within 0 and 1")
	case f.Times < 0:
		return errors.New("times is negative")
	case f.ForMinutes < 0:
		return errors.New("forMinutes is negative")
	}
	for _, d := range f.Defects {
		if _, known := d.Info(); !known {
			return fmt.Errorf("no defect %q", d)
		}
	}
	return f.Latency.bad()
}

// Has tells whether messages have a defect.
func (f Fault) Has(d Defect) bool { return slices.Contains(f.Defects, d) }

func (f Fault) key() string { return f.System + " " + f.Operation }

// over tells whether the span of a fault has passed.
func (f Fault) over(now time.Time) bool { return !f.Until.IsZero() && !now.Before(f.Until) }

// Blow is a fault as it happens to one message.
type Blow struct {
	Delay   time.Duration
	Defects []Defect
}

// Has tells whether the message has a defect.
func (b Blow) Has(d Defect) bool { return slices.Contains(b.Defects, d) }

// Faults keeps what an operator has set.
type Faults struct {
	board     *Board
	faults    *Table[Fault]
	decisions *Table[Decision]
	running   *Table[Running] // scenarios, by name

	mu  sync.Mutex // guards rng and the counting down of Times
	rng *rand.Rand
}

func openFaults(b *Board, seed uint64) (*Faults, error) {
	s := &Faults{board: b, rng: rand.New(rand.NewPCG(seed, 1))}
	var err error
	if s.faults, err = OpenTable[Fault](b, "faults"); err != nil {
		return nil, err
	}
	if s.decisions, err = OpenTable[Decision](b, "decisions"); err != nil {
		return nil, err
	}
	s.running, err = OpenTable[Running](b, "scenarios")
	return s, err
}

// Set puts a fault in place of the one that its system and operation have, and returns it as it stands.
func (s *Faults) Set(f Fault) (Fault, error) {
	if err := f.Bad(); err != nil {
		return f, err
	}
	f.Defects, f.Until = slices.Clone(f.Defects), time.Time{}
	if f.ForMinutes > 0 {
		f.Until = s.board.Now().Add(s.board.Shorten(time.Duration(f.ForMinutes * float64(time.Minute))))
	}
	return f, s.faults.Put(f.key(), f)
}

// Clear takes the fault of a system and operation away; two empty words clear all.
func (s *Faults) Clear(system, operation string) error {
	for _, f := range s.faults.List() {
		if system == "" || f.System == system && (operation == "" || f.Operation == operation) {
			if err := s.faults.Delete(f.key()); err != nil {
				return err
			}
		}
	}
	return nil
}

// List returns the faults that are set and not over. Those of scenarios are not among them.
func (s *Faults) List() []Fault {
	now := s.board.Now()
	return slices.DeleteFunc(s.faults.List(), func(f Fault) bool { return f.over(now) })
}

// covers lists what a fault or decision may call a system by, the most exact first: "registry/321202" is one of
// "registry", and of Any.
func covers(system string) []string {
	family, _, _ := strings.Cut(system, "/")
	return []string{system, family, Any}
}

// Peek returns the fault that the operation would suffer now: the most exact one that is set, else the most exact one of a
// scenario. No fault is the zero value.
func (s *Faults) Peek(system, operation string) Fault {
	now := s.board.Now()
	var played []Fault
	for _, r := range s.running.List() {
		played = append(played, r.inForce(now)...)
	}
	for _, find := range []func(key string) (Fault, bool){
		s.faults.Get,
		func(key string) (Fault, bool) {
			i := slices.IndexFunc(played, func(f Fault) bool { return f.key() == key })
			if i < 0 {
				return Fault{}, false
			}
			return played[i], true
		},
	} {
		for _, name := range covers(system) {
			for _, op := range []string{operation, Any} {
				if f, ok := find(name + " " + op); ok && !f.over(now) {
					return f
				}
			}
		}
	}
	return Fault{}
}

// Strike is what happens to a message of an operation at a moment: the fault's share and delay are drawn, and if anything
// happens it is counted down.
func (s *Faults) Strike(system, operation string, at Moment) Blow {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.Peek(system, operation)
	var b Blow
	for _, d := range f.Defects {
		if info, _ := d.Info(); info.at&at != 0 {
			b.Defects = append(b.Defects, d)
		}
	}
	if len(b.Defects) > 0 && f.Share > 0 && s.rng.Float64() >= f.Share {
		b.Defects = nil
	}
	if at != Sending && !f.Latency.zero() { // what leaves was delayed when it was queued
		b.Delay = f.Latency.draw(s.rng)
	}
	if b.Delay > 0 || len(b.Defects) > 0 {
		if err := s.countDown(f); err != nil {
			s.board.Log.Error("fault is not counted", "system", f.System, "operation", f.Operation, "err", err)
		}
	}
	return b
}

func (s *Faults) countDown(f Fault) error {
	switch f.Times {
	case 0:
		return nil
	case 1:
		return s.faults.Delete(f.key())
	}
	f.Times--
	return s.faults.Put(f.key(), f)
}

// Strikes is middleware for an operation: it delays, fails, swallows or spoils the request as its fault says, and
// otherwise passes it on with what happens in its context (see Struck).
func (s *Faults) Strikes(system, operation string, next http.Handler) http.Handler {
	return Spoiling(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := s.Strike(system, operation, Answering)
		if b.Has(Silent) { // the server sees that a caller hung up only once the body is read
			_, _ = io.Copy(io.Discard, r.Body)
		}
		switch {
		case !b.Hold(r.Context()):
			return
		case b.Has(Fails):
			http.Error(w, "simulated failure of "+system, http.StatusInternalServerError)
			return
		}
		Spoil(r.Context(), b)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), struckKey{}, b)))
	}))
}

// Hold lets a request wait as it is struck. False means that nobody waits for an answer any more.
func (b Blow) Hold(ctx context.Context) bool {
	if b.Has(Silent) {
		pause(ctx, longest) // longer than any caller's patience
		return false
	}
	return b.Delay == 0 || pause(ctx, b.Delay)
}

type struckKey struct{}

// Struck is what happens to the request that ctx belongs to.
func Struck(ctx context.Context) Blow {
	b, _ := ctx.Value(struckKey{}).(Blow)
	return b
}

// pause waits; false means that ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
