package board

import (
	"encoding/json"
	"fmt"
	"slices"
)

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
