package flow

import "slices"

// Wait is something in an instance that a message, signal or timer will move.
type Wait struct {
	Node  *Node // the event, or the receive task
	Token ID    // the token that waits; 0 for an event sub-process
	Scope ID
}

// Waits lists what an instance waits for beside its works, in the order in which a message reaches them: what stands
// on tokens, oldest first, then event sub-processes.
func Waits(d *Definition, s State) []Wait {
	m := &machine{def: d, State: s}
	return m.waits()
}

func (m *machine) waits() []Wait {
	if m.Status != Running {
		return nil
	}
	var list []Wait
	for _, t := range m.Tokens {
		n := m.def.nodes[t.Node]
		switch {
		case n.Kind == KindCatch:
			list = append(list, Wait{n, t.ID, t.Scope})
		case n.Kind == KindEventGateway:
			for _, s := range n.out {
				list = append(list, Wait{s.To, t.ID, t.Scope})
			}
		}
		if n.Kind == KindReceive && (n.Loop == nil || m.inLoop(t)) {
			list = append(list, Wait{n, t.ID, t.Scope})
		}
		if n.Kind.activity() && !m.inLoop(t) {
			for _, b := range n.boundary {
				list = append(list, Wait{b, t.ID, t.Scope})
			}
		}
	}
	for _, sc := range m.Scopes {
		if body := m.body(sc); body != nil && !sc.Interrupted {
			for _, sub := range body.eventSubs() {
				list = append(list, Wait{Node: sub.Body.starts()[0], Scope: sc.ID})
			}
		}
	}
	return list
}

// message tells a message to all who wait for it.
func (m *machine) message(e Event) error {
	heard, err := m.tell(TriggerMessage, e.Name, e.Data)
	if err != nil {
		return err
	}
	if !heard {
		return ErrNoCatch
	}
	return nil
}

// tell reaches everyone who waits at this moment; what comes to wait because of it is not reached.
func (m *machine) tell(kind TriggerKind, name string, data Vars) (heard bool, err error) {
	for _, w := range m.waits() {
		if !w.Node.catches(kind, name) || !m.stillWaits(w) {
			continue
		}
		heard = true
		if err := m.setAll(w.Scope, data); err != nil {
			return heard, err
		}
		if err := m.trigger(w); err != nil {
			return heard, err
		}
	}
	return heard, nil
}

// stillWaits tells whether nothing that came before has moved or cancelled the one who waits.
func (m *machine) stillWaits(w Wait) bool {
	if w.Token == 0 {
		sc := m.scope(w.Scope)
		return sc != nil && !sc.Interrupted
	}
	tok := m.token(w.Token)
	if tok == nil || slices.Contains(m.moved, w.Token) {
		return false
	}
	at := m.def.nodes[tok.Node]
	return at == w.Node || at == w.Node.Attached || at.Kind == KindEventGateway && w.Node.Kind == KindCatch
}

// trigger makes an event happen.
func (m *machine) trigger(w Wait) error {
	n := w.Node
	switch {
	case w.Token == 0:
		return m.beginSub(w.Scope, n.parent.Node)
	case n.Kind == KindReceive:
		m.Works = slices.DeleteFunc(m.Works, func(o WorkEntry) bool {
			if o.Token == w.Token {
				m.out = append(m.out, CancelWork{ID: o.ID, Node: n, Answered: true})
			}
			return o.Token == w.Token
		})
		return m.finishActivity(w.Token)
	case n.Kind == KindBoundary && !n.Interrupting:
		id := m.next()
		m.Tokens = append(m.Tokens, Token{ID: id, Scope: w.Scope, Node: n.ID})
		return m.leave(id, n)
	case n.Kind == KindBoundary:
		return m.interrupt(w.Token, n)
	}
	if at := m.def.nodes[m.token(w.Token).Node]; at.Kind == KindEventGateway {
		m.out = append(m.out, Passed{Node: at, Flows: []string{n.in[0].ID}})
	}
	m.clearToken(w.Token)
	return m.leave(w.Token, n)
}

// arm sets the timer of an event that waits for one.
func (m *machine) arm(tok ID, n *Node) error {
	return m.armTimer(Timer{Node: n.ID, Token: tok}, m.token(tok).Scope, n)
}

// armSubs sets the timers of the event sub-processes in a body.
func (m *machine) armSubs(scope ID, b *Body) error {
	for _, sub := range b.eventSubs() {
		start := sub.Body.starts()[0]
		if err := m.armTimer(Timer{Node: start.ID, Scope: scope}, scope, start); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) armTimer(t Timer, scope ID, n *Node) error {
	if n.Trigger.Kind != TriggerTimer {
		return nil
	}
	cmd := SetTimer{Node: n, Limit: n.Trigger.Limit}
	if n.Trigger.date != nil {
		v, err := n.Trigger.date.eval(n.ID, m.env(scope))
		if err != nil {
			return err
		}
		cmd.At, _ = v.(string)
	}
	t.ID = m.next()
	cmd.ID = t.ID
	m.Timers = append(m.Timers, t)
	m.out = append(m.out, cmd)
	return nil
}

// disarm takes timers back.
func (m *machine) disarm(which func(Timer) bool) {
	m.Timers = slices.DeleteFunc(m.Timers, func(t Timer) bool {
		if which(t) {
			m.out = append(m.out, CancelTimer{ID: t.ID})
			return true
		}
		return false
	})
}

// fire makes a timer's event happen, once.
func (m *machine) fire(id ID) error {
	t := m.timer(id)
	if t == nil {
		return ErrNoSuchTimer
	}
	w := Wait{Node: m.def.nodes[t.Node], Token: t.Token, Scope: t.Scope}
	if w.Token != 0 {
		w.Scope = m.token(w.Token).Scope
	}
	m.Timers = slices.DeleteFunc(m.Timers, func(o Timer) bool { return o.ID == id })
	return m.trigger(w)
}
