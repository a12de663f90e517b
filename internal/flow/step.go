package flow

import (
	"fmt"
	"maps"
	"slices"
)

// maxMoves bounds how far one event may move tokens; a drawing that needs more loops without waiting.
const maxMoves = 20_000

// Step applies one event to an instance and moves its tokens until each of them waits. It gives the new state and what
// the world must do, in order. The same definition, state and event always give the same result; neither is changed.
// An event that does not fit (a work that is not open, an unknown message, data that is not declared) is refused
// with a typed error, and the state comes back as it was.
func Step(d *Definition, s State, e Event) (State, []Command, error) {
	m := &machine{def: d, State: s.clone()}
	if err := m.apply(e); err != nil {
		return s, nil, err
	}
	if err := m.settle(); err != nil {
		return s, nil, err
	}
	return m.State, m.out, nil
}

// machine is one step under way.
type machine struct {
	State
	def   *Definition
	out   []Command
	moved []ID // tokens that came to a node and have not acted there yet
	moves int
	last  string // end event that was passed last
}

func (m *machine) apply(e Event) error {
	switch {
	case e.Kind == EventStart:
		return m.start(e)
	case m.Status == "":
		return ErrNotStarted
	case m.Status == Ended:
		return ErrEnded
	}
	switch e.Kind {
	case EventComplete:
		return m.complete(e)
	case EventFail:
		return m.fail(e)
	case EventTimer:
		return m.fire(e.Timer)
	case EventMessage:
		return m.message(e)
	case EventSet:
		return m.setAll(m.Scopes[0].ID, e.Data)
	case EventCancel:
		m.last = EndCancelled
		m.finish()
		return nil
	}
	return fmt.Errorf("%w: %q", ErrEvent, e.Kind)
}

// start opens the process scope and puts a token on the start event.
func (m *machine) start(e Event) error {
	if m.Status != "" {
		return ErrStarted
	}
	var at *Node
	starts := m.def.Root.starts()
	for _, n := range starts {
		if n.Trigger.Name == e.Name || e.Name == "" && len(starts) == 1 {
			at = n
		}
	}
	if at == nil {
		return fmt.Errorf("%w: message %q", ErrNoStart, e.Name)
	}
	m.Status = Running
	root := m.openScope(Scope{Vars: m.def.Root.initial()})
	if err := m.armSubs(root, m.def.Root); err != nil {
		return err
	}
	if err := m.setAll(root, e.Data); err != nil {
		return err
	}
	m.put(root, at, "")
	return nil
}

// initial are the values of declared data before anything is set.
func (b *Body) initial() Vars {
	if len(b.Data) == 0 {
		return nil
	}
	v := make(Vars, len(b.Data))
	for _, d := range b.Data {
		v[d.Name] = d.Default
	}
	return v
}

// complete finishes a work with its outcome and data.
func (m *machine) complete(e Event) error {
	w := m.work(e.Work)
	if w == nil {
		return ErrNoSuchWork
	}
	n, tok := m.def.nodes[w.Node], w.Token
	if err := m.take(n, m.token(tok).Scope, e.Data); err != nil {
		return err
	}
	m.Works = slices.DeleteFunc(m.Works, func(o WorkEntry) bool { return o.ID == e.Work })
	return m.finishActivity(tok)
}

// take stores what a work gave: its outcome under the name that the task says, the rest under its own.
func (m *machine) take(n *Node, scope ID, data Vars) error {
	given, ok := data["outcome"]
	outcome, isString := given.(string)
	if (ok && !isString) || !n.accepts(outcome) {
		return &OutcomeError{Node: n.ID, Got: fmt.Sprint(given), Want: n.Outcomes}
	}
	if ok {
		data = maps.Clone(data)
		delete(data, "outcome")
		into := n.Attr["outcome"]
		if into == "" {
			into = "outcome"
		}
		data[into] = outcome
	}
	return m.setAll(scope, data)
}

// fail ends a work with an error code, which must be caught.
func (m *machine) fail(e Event) error {
	w := m.work(e.Work)
	if w == nil {
		return ErrNoSuchWork
	}
	n, tok := m.def.nodes[w.Node], *m.token(w.Token)
	if err := m.setAll(tok.Scope, e.Data); err != nil {
		return err
	}
	m.Works = slices.DeleteFunc(m.Works, func(o WorkEntry) bool { return o.ID == e.Work })
	if b := catchingBoundary(n, e.Name); b != nil && n.Loop == nil {
		return m.interrupt(tok.ID, b)
	}
	return m.raise(tok.Scope, e.Name)
}

// finish ends the instance. The scope of the process stays, so that its data can be read.
func (m *machine) finish() {
	m.clear(m.Scopes[0].ID)
	m.Status, m.End = Ended, m.last
	m.out = append(m.out, End{ID: m.End})
}

func (m *machine) next() ID {
	m.Last++
	return m.Last
}
