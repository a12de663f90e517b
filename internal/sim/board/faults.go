package board

import (
	"context"
	"encoding/json"
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

// Fault is a way in which a system misbehaves. It holds for one operation of one system, or for Any.
type Fault struct {
	System    string `json:"system"`
	Operation string `json:"operation"`

	LatencyMS      int     `json:"latencyMs,omitempty"`  // waits before each answer, in real milliseconds
	ErrorShare     float64 `json:"errorShare,omitempty"` // of requests answered 500, from 0 to 1
	Silent         bool    `json:"silent,omitempty"`     // requests hang until the caller gives up; late answers are never sent
	Duplicate      bool    `json:"duplicate,omitempty"`  // late answers and notices are sent twice
	Reorder        bool    `json:"reorder,omitempty"`    // a late answer is sent after the one that follows it
	WrongSignature bool    `json:"wrongSignature,omitempty"`
	Times          int     `json:"times,omitempty"` // how often it still happens; 0 means until it is cleared
}

// Bad reports a fault that cannot be.
func (f Fault) Bad() error {
	switch {
	case f.System == "":
		return errors.New("fault without a system")
	case f.Operation == "":
		return errors.New("fault without an operation")
	case f.LatencyMS < 0 || f.LatencyMS > 600_000:
		return errors.New("latencyMs is not within 0 and 600000")
	case f.ErrorShare < 0 || f.ErrorShare > 1:
		return errors.New("errorShare is not within 0 and 1")
	case f.Times < 0:
		return errors.New("times is negative")
	}
	return nil
}

func (f Fault) key() string { return f.System + " " + f.Operation }

// Decision is what a system is told to answer, instead of what its own rules would say.
type Decision struct {
	ID        string          `json:"id"`
	System    string          `json:"system"`
	Operation string          `json:"operation"`
	Case      string          `json:"case,omitempty"` // holds for this case only; empty means the next one
	Outcome   string          `json:"outcome"`        // word of the operation: pass, correct, refuse …
	Reason    string          `json:"reason,omitempty"`
	Detail    json.RawMessage `json:"detail,omitempty"` // what the operation needs beside: materials, amounts …
}

// Faults keeps what an operator has set.
type Faults struct {
	board     *Board
	faults    *Table[Fault]
	decisions *Table[Decision]

	mu  sync.Mutex // guards rng and the counting down of Times
	rng *rand.Rand
}

func openFaults(b *Board, seed uint64) (*Faults, error) {
	f, err := OpenTable[Fault](b, "faults")
	if err != nil {
		return nil, err
	}
	d, err := OpenTable[Decision](b, "decisions")
	if err != nil {
		return nil, err
	}
	return &Faults{board: b, faults: f, decisions: d, rng: rand.New(rand.NewPCG(seed, 1))}, nil
}

// Set puts a fault in place of the one that its system and operation have.
func (s *Faults) Set(f Fault) error {
	if err := f.Bad(); err != nil {
		return err
	}
	return s.faults.Put(f.key(), f)
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

// List returns the faults that are set.
func (s *Faults) List() []Fault { return s.faults.List() }

// covers lists what a fault or decision may call a system by, the most exact first: "registry/321202" is one of
// "registry", and of Any.
func covers(system string) []string {
	family, _, _ := strings.Cut(system, "/")
	return []string{system, family, Any}
}

// Peek returns the fault that the operation would suffer now, the most exact one first. No fault is the zero value.
func (s *Faults) Peek(system, operation string) Fault {
	for _, name := range covers(system) {
		for _, op := range []string{operation, Any} {
			if f, ok := s.faults.Get(name + " " + op); ok {
				return f
			}
		}
	}
	return Fault{}
}

// Strike is Peek for a fault that now happens: it is counted down, and its share of errors is drawn.
func (s *Faults) Strike(system, operation string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.Peek(system, operation)
	if f.System == "" {
		return f
	}
	return s.use(f)
}

func (s *Faults) use(f Fault) Fault {
	if err := s.countDown(f.key(), f); err != nil {
		s.board.Log.Error("fault is not counted", "system", f.System, "operation", f.Operation, "err", err)
	}
	if f.ErrorShare > 0 && s.rng.Float64() >= f.ErrorShare {
		f.ErrorShare = 0
	}
	return f
}

func (s *Faults) countDown(key string, f Fault) error {
	switch f.Times {
	case 0:
		return nil
	case 1:
		return s.faults.Delete(key)
	}
	f.Times--
	return s.faults.Put(key, f)
}

// Strikes is middleware for an operation: it delays, fails or swallows the request as its fault says, and
// otherwise passes it on with the fault in its context (see Struck).
func (s *Faults) Strikes(system, operation string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.Strike(system, operation)
		if f.Silent { // the server sees that a caller hung up only once the body is read
			_, _ = io.Copy(io.Discard, r.Body)
		}
		switch {
		case !f.Hold(r.Context()):
			return
		case f.ErrorShare > 0:
			http.Error(w, "simulated failure of "+system, http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), struckKey{}, f)))
	})
}

// Hold lets a request wait as the fault has it. False means that nobody waits for an answer any more.
func (f Fault) Hold(ctx context.Context) bool {
	if f.Silent {
		pause(ctx, 10*time.Minute) // longer than any caller's patience
		return false
	}
	return f.LatencyMS == 0 || pause(ctx, time.Duration(f.LatencyMS)*time.Millisecond)
}

type struckKey struct{}

// Struck is the fault of the request that ctx belongs to.
func Struck(ctx context.Context) Fault {
	f, _ := ctx.Value(struckKey{}).(Fault)
	return f
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

// Decide stores a decision for the next fitting question.
func (s *Faults) Decide(d Decision) error {
	if d.System == "" || d.Operation == "" || d.Outcome == "" {
		return fmt.Errorf("decision needs system, operation and outcome")
	}
	return s.decisions.Put(d.ID, d)
}

// Decisions lists those that are not used yet.
func (s *Faults) Decisions() []Decision { return s.decisions.List() }

// Cancel removes a decision that is not used yet.
func (s *Faults) Cancel(id string) error { return s.decisions.Delete(id) }

// Take uses up the oldest decision that fits, if there is one.
func (s *Faults) Take(system, operation, caseNo string) (Decision, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.decisions.Find(func(d Decision) bool {
		return slices.Contains(covers(system), d.System) && (d.Operation == operation || d.Operation == Any) &&
			(d.Case == "" || d.Case == caseNo)
	})
	if !ok {
		return Decision{}, false
	}
	if err := s.decisions.Delete(d.ID); err != nil {
		s.board.Log.Error("decision is not used up", "system", system, "operation", operation, "err", err)
	}
	return d, true
}
