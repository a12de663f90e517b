package board

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Scenario is a set of faults with their times.
type Scenario struct {
	Name  string `json:"name"`
	Title string `json:"title"` // Chinese
	Says  string `json:"says"`  // Chinese, what happens
	Seed  uint64 `json:"seed"`  // that its times were drawn with
	Steps []Step `json:"steps"`
}

// Step is a fault of a scenario. Its times are spans of simulated time from the start of the scenario.
type Step struct {
	From  time.Duration `json:"from"`
	Lasts time.Duration `json:"lasts"`
	Fault Fault         `json:"fault"`
}

// Running is a scenario that was started.
type Running struct {
	Scenario
	Since time.Time `json:"since"`
	Ends  time.Time `json:"ends"`
	Spans []span    `json:"spans"` // when each step holds
}

// span is a stretch of the machine's time.
type span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// inForce lists the faults of a scenario that hold at a time.
func (r Running) inForce(now time.Time) []Fault {
	var out []Fault
	for i, sp := range r.Spans {
		if !now.Before(sp.From) && now.Before(sp.Until) {
			f := r.Steps[i].Fault
			f.Until = sp.Until
			out = append(out, f)
		}
	}
	return out
}

// Start plays a scenario from now on; one of the same name that is being played begins anew.
func (s *Faults) Start(sc Scenario) (Running, error) {
	r := Running{Scenario: sc, Since: s.board.Now()}
	if len(sc.Steps) == 0 {
		return r, errors.New("scenario without steps")
	}
	for _, st := range sc.Steps {
		if err := st.Fault.Bad(); err != nil {
			return r, fmt.Errorf("scenario %s: %w", sc.Name, err)
		}
		sp := span{r.Since.Add(s.board.Shorten(st.From)), r.Since.Add(s.board.Shorten(st.From + st.Lasts))}
		r.Spans = append(r.Spans, sp)
	}
	r.Ends = slices.MaxFunc(r.Spans, func(a, b span) int { return cmp.Compare(a.Until.UnixNano(), b.Until.UnixNano()) }).Until
	return r, s.running.Put(sc.Name, r)
}

// Stop ends a scenario, or with "" all of them.
func (s *Faults) Stop(name string) error {
	for _, r := range s.running.List() {
		if name == "" || r.Name == name {
			if err := s.running.Delete(r.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// Running lists the scenarios that are being played.
func (s *Faults) Running() []Running {
	now := s.board.Now()
	return slices.DeleteFunc(s.running.List(), func(r Running) bool { return !now.Before(r.Ends) })
}

// InForce lists the faults of scenarios that hold now.
func (s *Faults) InForce() []Fault {
	out := []Fault{}
	for _, r := range s.running.List() {
		out = append(out, r.inForce(s.board.Now())...)
	}
	return out
}
