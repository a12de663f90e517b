package flow

import (
	"maps"
	"slices"
)

// openScope adds a scope and gives its id.
func (m *machine) openScope(s Scope) ID {
	s.ID = m.next()
	m.Scopes = append(m.Scopes, s)
	return s.ID
}

// openBody begins a sub-process: its data, its event sub-processes, a token on its start.
func (m *machine) openBody(s Scope, n *Node) error {
	if init := n.Body.initial(); init != nil {
		maps.Copy(init, s.Vars)
		s.Vars = init
	}
	id := m.openScope(s)
	if err := m.armSubs(id, n.Body); err != nil {
		return err
	}
	m.put(id, n.Body.starts()[0], "")
	return nil
}

// closeScope ends a scope in which nothing moves or waits any more, and lets the one around it go on.
func (m *machine) closeScope(id ID) error {
	for _, t := range m.Tokens {
		if t.Scope == id {
			return nil
		}
	}
	for _, s := range m.Scopes {
		if s.Parent == id {
			return nil
		}
	}
	if m.scope(id) == nil { // a signal on the way ended it
		return nil
	}
	sc := *m.scope(id)
	if sc.Parent == 0 {
		m.finish()
		return nil
	}
	env := m.env(id)
	m.removeScope(id)
	parent := m.scope(sc.Parent)
	switch {
	case parent.Loop != nil:
		return m.closeInstance(parent.ID, env)
	case sc.Token != 0:
		return m.finishActivity(sc.Token)
	}
	m.out = append(m.out, Passed{Node: m.def.nodes[sc.Node]})
	return m.closeScope(parent.ID)
}

// clear cancels everything inside a scope; the scope itself stays.
func (m *machine) clear(id ID) {
	var tokens, scopes []ID
	for _, t := range m.Tokens {
		if t.Scope == id {
			tokens = append(tokens, t.ID)
		}
	}
	for _, t := range tokens {
		m.clearToken(t)
		m.drop(t)
	}
	for _, s := range m.Scopes {
		if s.Parent == id {
			scopes = append(scopes, s.ID)
		}
	}
	for _, s := range scopes {
		m.removeScope(s)
	}
	m.disarm(func(t Timer) bool { return t.Scope == id })
}

// clearToken cancels what a token waits for: its work, its timers, the scope that it opened.
func (m *machine) clearToken(id ID) {
	m.cancelWorks(func(w WorkEntry) bool { return w.Token == id })
	m.disarm(func(t Timer) bool { return t.Token == id })
	for _, s := range m.Scopes {
		if s.Token == id {
			m.removeScope(s.ID)
			break
		}
	}
}

// removeScope cancels a scope and everything inside.
func (m *machine) removeScope(id ID) {
	m.clear(id)
	m.Scopes = slices.DeleteFunc(m.Scopes, func(s Scope) bool { return s.ID == id })
}

// raise throws an error outwards from a scope until an event sub-process or a boundary event catches it.
func (m *machine) raise(scope ID, code string) error {
	for past := false; ; {
		sc := *m.scope(scope)
		body := m.body(sc)
		if body != nil && !past && !sc.Interrupted {
			if sub := catchingSub(body, code); sub != nil {
				return m.beginSub(scope, sub)
			}
		}
		switch {
		case sc.Parent == 0:
			return ErrUncaught
		case sc.Token != 0:
			if b := catchingBoundary(m.def.nodes[sc.Node], code); b != nil {
				return m.interrupt(sc.Token, b)
			}
		}
		past = body != nil && body.Node != nil && body.Node.eventSub
		scope = sc.Parent
	}
}

// body is what a scope runs; nil for a multi-instance and for one instance of a task.
func (m *machine) body(sc Scope) *Body {
	switch {
	case sc.Loop != nil:
		return nil
	case sc.Parent == 0:
		return m.def.Root
	}
	return m.def.nodes[sc.Node].Body
}

// interrupt takes a token off its activity, which is cancelled, and on from the boundary event.
func (m *machine) interrupt(tok ID, boundary *Node) error {
	m.clearToken(tok)
	return m.leave(tok, boundary)
}

// beginSub begins an event sub-process; an interrupting one cancels everything else in its scope.
func (m *machine) beginSub(scope ID, sub *Node) error {
	start := sub.Body.starts()[0]
	if start.Interrupting {
		m.clear(scope)
		m.scope(scope).Interrupted = true
	}
	return m.openBody(Scope{Parent: scope, Node: sub.ID}, sub)
}

// env is all data that a scope sees: its own over that of the scopes around it.
func (m *machine) env(id ID) Vars {
	sc := m.scope(id)
	if sc.Parent == 0 {
		return sc.Vars
	}
	outer := m.env(sc.Parent)
	if len(sc.Vars) == 0 {
		return outer
	}
	env := maps.Clone(outer)
	if env == nil {
		env = Vars{}
	}
	maps.Copy(env, sc.Vars)
	return env
}

// set stores a value in the innermost scope that declares the name.
func (m *machine) set(scope ID, name string, value any) error {
	for sc := m.scope(scope); sc != nil; sc = m.scope(sc.Parent) {
		body := m.body(*sc)
		if body == nil {
			continue
		}
		t, ok := body.declared(name)
		if !ok {
			continue
		}
		v, ok := t.coerce(value)
		if !ok {
			return &DataError{Name: name, Want: t}
		}
		sc.Vars = sc.Vars.with(name, v)
		return nil
	}
	return &DataError{Name: name}
}

// setAll stores data from outside, in the order of the names, so that the first problem is always the same one.
func (m *machine) setAll(scope ID, data Vars) error {
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if err := m.set(scope, name, data[name]); err != nil {
			return err
		}
	}
	return nil
}

// assign runs assignments of the definition one after the other.
func (m *machine) assign(scope ID, n *Node, sets []assignment) error {
	for _, a := range sets {
		v, err := a.to.eval(n.ID, m.env(scope))
		if err != nil {
			return err
		}
		if err := m.set(scope, a.name, v); err != nil {
			return err
		}
	}
	return nil
}
