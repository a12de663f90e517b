package flow

import "slices"

// ID numbers scopes, tokens, works and timers inside one instance, from 1, in the order they came to be.
type ID int64

// Status tells whether an instance runs.
type Status string

// An instance that was not started has the empty status.
const (
	Running Status = "running"
	Ended   Status = "ended"
)

// State is one instance at rest: everything that the next step needs, as plain JSON. The lists are in the order of
// their ids. A State is never changed in place: Step gives a new one.
type State struct {
	Status Status      `json:"status,omitempty"`
	End    string      `json:"end,omitempty"` // id of the end event that finished it, or EndCancelled
	Last   ID          `json:"last"`          // last id given out
	Scopes []Scope     `json:"scopes,omitempty"`
	Tokens []Token     `json:"tokens,omitempty"`
	Works  []WorkEntry `json:"works,omitempty"`
	Timers []Timer     `json:"timers,omitempty"`
}

// EndCancelled is the end of an instance that was cancelled from outside.
const EndCancelled = "cancelled"

// Scope is a running process, sub-process or multi-instance, with the data it declares.
type Scope struct {
	ID     ID     `json:"id"`
	Parent ID     `json:"parent,omitempty"` // 0 for the process
	Node   string `json:"node,omitempty"`   // the activity; empty for the process
	// Token waits in the parent scope while this one runs; 0 for the process, event sub-processes and loop instances.
	Token ID         `json:"token,omitempty"`
	Vars  Vars       `json:"vars,omitempty"`
	Loop  *LoopState `json:"loop,omitempty"`
	// Interrupted: an interrupting event sub-process has taken over; no other may start.
	Interrupted bool `json:"interrupted,omitempty"`
}

// LoopState is how far a multi-instance is.
type LoopState struct {
	Items []any `json:"items"`
	Next  int   `json:"next"` // index of the first item not begun
	Done  int   `json:"done"`
}

// Token is a point of control. It rests at an activity that is open, at an event that is waited for, at an event-based
// gateway, or at a joining gateway by the flow it came on.
type Token struct {
	ID    ID     `json:"id"`
	Scope ID     `json:"scope"`
	Node  string `json:"node"`
	Flow  string `json:"flow,omitempty"`
}

// WorkEntry is a task that waits to be done.
type WorkEntry struct {
	ID    ID     `json:"id"`
	Token ID     `json:"token"`
	Node  string `json:"node"`
}

// Timer is armed for a waiting token, or for a scope's event sub-process.
type Timer struct {
	ID    ID     `json:"id"`
	Node  string `json:"node"`
	Token ID     `json:"token,omitempty"`
	Scope ID     `json:"scope,omitempty"`
}

// clone copies the lists; the maps in them are shared, and replaced rather than changed.
func (s State) clone() State {
	s.Scopes = slices.Clone(s.Scopes)
	s.Tokens = slices.Clone(s.Tokens)
	s.Works = slices.Clone(s.Works)
	s.Timers = slices.Clone(s.Timers)
	return s
}

func (s *State) scope(id ID) *Scope {
	for i := range s.Scopes {
		if s.Scopes[i].ID == id {
			return &s.Scopes[i]
		}
	}
	return nil
}

func (s *State) token(id ID) *Token {
	for i := range s.Tokens {
		if s.Tokens[i].ID == id {
			return &s.Tokens[i]
		}
	}
	return nil
}

func (s *State) work(id ID) *WorkEntry {
	for i := range s.Works {
		if s.Works[i].ID == id {
			return &s.Works[i]
		}
	}
	return nil
}

func (s *State) timer(id ID) *Timer {
	for i := range s.Timers {
		if s.Timers[i].ID == id {
			return &s.Timers[i]
		}
	}
	return nil
}

// Data are the values that the process itself declares.
func (s State) Data() Vars {
	if len(s.Scopes) == 0 {
		return nil
	}
	return s.Scopes[0].Vars
}
