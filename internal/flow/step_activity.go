package flow

import (
	"maps"
	"slices"
)

// enter begins an activity: its boundary events stand ready, then it is done once or for each item.
func (m *machine) enter(tok Token, n *Node) error {
	if m.inLoop(tok) { // one instance of a task; its boundary stands around all of them
		return m.open(tok, n)
	}
	for _, b := range n.boundary {
		if err := m.arm(tok.ID, b); err != nil {
			return err
		}
	}
	switch {
	case n.Loop != nil:
		return m.beginLoop(tok, n)
	case n.Kind == KindSub:
		return m.openBody(Scope{Parent: tok.Scope, Node: n.ID, Token: tok.ID}, n)
	}
	return m.open(tok, n)
}

// inLoop tells whether the token is an instance inside a multi-instance task, not the one that waits for all.
func (m *machine) inLoop(tok Token) bool { return m.scope(tok.Scope).Node == tok.Node }

// open begins a task. Rules and sends are done at once.
func (m *machine) open(tok Token, n *Node) error {
	env := m.env(tok.Scope)
	if n.Kind == KindRule {
		if err := m.decide(tok.Scope, n, env); err != nil {
			return err
		}
		return m.finishActivity(tok.ID)
	}
	attr, err := n.attributesFor(env)
	if err != nil {
		return err
	}
	id := m.next()
	m.out = append(m.out, OpenWork{ID: id, Node: n, Kind: n.Kind.workKind(), Attr: attr, Vars: env})
	if n.Kind == KindSend {
		return m.finishActivity(tok.ID)
	}
	m.Works = append(m.Works, WorkEntry{ID: id, Token: tok.ID, Node: n.ID})
	return nil
}

// attributesFor evaluates the attributes that are expressions.
func (n *Node) attributesFor(env Vars) (map[string]string, error) {
	if len(n.attrs) == 0 {
		return n.Attr, nil
	}
	m := maps.Clone(n.Attr)
	for name, x := range n.attrs {
		v, err := x.eval(n.ID, env)
		if err != nil {
			return nil, err
		}
		s, _ := v.(string)
		m[name] = s
	}
	return m, nil
}

// decide runs the first rule that holds; where none does, nothing is set.
func (m *machine) decide(scope ID, n *Node, env Vars) error {
	for _, r := range n.rules {
		ok, err := r.when.test(n.ID, env)
		if err != nil {
			return err
		}
		if ok {
			return m.assign(scope, n, r.sets)
		}
	}
	return nil
}

// finishActivity goes past an activity whose work is done.
func (m *machine) finishActivity(id ID) error {
	tok := *m.token(id)
	n := m.def.nodes[tok.Node]
	if m.inLoop(tok) {
		m.drop(id)
		return m.closeScope(tok.Scope)
	}
	m.disarm(func(t Timer) bool { return t.Token == id })
	if err := m.relieve(tok.Scope, n); err != nil {
		return err
	}
	return m.leave(id, n)
}

// relieve ends the works that only watched the activity that is finished now.
func (m *machine) relieve(scope ID, n *Node) error {
	var watching []WorkEntry
	for _, w := range m.Works {
		if m.def.nodes[w.Node].Attr["about"] == n.ID && m.token(w.Token).Scope == scope {
			watching = append(watching, w)
		}
	}
	for _, w := range watching {
		m.cancelWorks(func(o WorkEntry) bool { return o.ID == w.ID })
		if err := m.finishActivity(w.Token); err != nil {
			return err
		}
	}
	return nil
}

// send hands the message of a throwing event to the host.
func (m *machine) send(tok Token, n *Node) {
	if n.Trigger.Kind == TriggerMessage {
		m.out = append(m.out, OpenWork{ID: m.next(), Node: n, Kind: WorkSend, Attr: n.Attr, Vars: m.env(tok.Scope)})
	}
}

// end takes a token to the end of its way.
func (m *machine) end(tok Token, n *Node) error {
	if err := m.assign(tok.Scope, n, n.sets); err != nil {
		return err
	}
	m.send(tok, n)
	m.drop(tok.ID)
	m.out = append(m.out, Passed{Node: n})
	m.last = n.ID
	switch n.Trigger.Kind {
	case TriggerError:
		return m.raise(tok.Scope, n.Trigger.Name)
	case TriggerTerminate:
		m.clear(tok.Scope)
	}
	if err := m.signal(n); err != nil {
		return err
	}
	return m.closeScope(tok.Scope)
}

// signal tells the signal of a throwing event to everyone in the instance who waits for it, if anyone does.
func (m *machine) signal(n *Node) error {
	if n.Trigger.Kind != TriggerSignal {
		return nil
	}
	_, err := m.tell(TriggerSignal, n.Trigger.Name, nil)
	return err
}

// beginLoop opens the scope of a multi-instance and its first instances.
func (m *machine) beginLoop(tok Token, n *Node) error {
	v, err := n.Loop.collection.eval(n.ID, m.env(tok.Scope))
	if err != nil {
		return err
	}
	items, ok := TypeList.coerce(v)
	if !ok {
		return &DataError{Name: n.Loop.collection.source, Want: TypeList}
	}
	list := items.([]any)
	if len(list) == 0 {
		return m.finishActivity(tok.ID)
	}
	loop := m.openScope(Scope{Parent: tok.Scope, Node: n.ID, Token: tok.ID, Loop: &LoopState{Items: list}})
	for range list {
		if err := m.beginNext(loop, n); err != nil {
			return err
		}
		if n.Loop.Sequential {
			break
		}
	}
	return nil
}

// beginNext begins the instance for the next item.
func (m *machine) beginNext(loop ID, n *Node) error {
	l := *m.scope(loop).Loop
	vars := Vars{n.Loop.Item: l.Items[l.Next], "loopIndex": int64(l.Next)}
	l.Next++
	m.scope(loop).Loop = &l
	if n.Kind == KindSub {
		return m.openBody(Scope{Parent: loop, Node: n.ID, Vars: vars}, n)
	}
	m.put(m.openScope(Scope{Parent: loop, Node: n.ID, Vars: vars}), n, "")
	return nil
}

// closeInstance counts an instance of a multi-instance as done, and goes on or ends the whole.
func (m *machine) closeInstance(loop ID, env Vars) error {
	sc := m.scope(loop)
	l := *sc.Loop
	l.Done++
	sc.Loop = &l
	tok, n := sc.Token, m.def.nodes[sc.Node]
	enough := l.Done == len(l.Items)
	if n.Loop.until != nil && !enough {
		var err error
		env = env.with("loopDone", int64(l.Done)).with("loopTotal", int64(len(l.Items)))
		if enough, err = n.Loop.until.test(n.ID, env); err != nil {
			return err
		}
	}
	switch {
	case enough:
		m.removeScope(loop)
		return m.finishActivity(tok)
	case n.Loop.Sequential:
		return m.beginNext(loop, n)
	}
	return nil
}

// cancelWorks takes works back.
func (m *machine) cancelWorks(which func(WorkEntry) bool) {
	m.Works = slices.DeleteFunc(m.Works, func(w WorkEntry) bool {
		if which(w) {
			m.out = append(m.out, CancelWork{ID: w.ID, Node: m.def.nodes[w.Node]})
			return true
		}
		return false
	})
}
