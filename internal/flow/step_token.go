package flow

import "slices"

// put makes a new token that comes to a node.
func (m *machine) put(scope ID, n *Node, flow string) ID {
	id := m.next()
	m.Tokens = append(m.Tokens, Token{ID: id, Scope: scope, Node: n.ID, Flow: flow})
	m.moved = append(m.moved, id)
	return id
}

// drop takes a token away without anything else.
func (m *machine) drop(id ID) {
	m.Tokens = slices.DeleteFunc(m.Tokens, func(t Token) bool { return t.ID == id })
}

// settle lets every token act until all of them wait; then inclusive joins look whether anything may still come.
func (m *machine) settle() error {
	for m.Status == Running {
		if len(m.moved) == 0 {
			fired, err := m.joinInclusive()
			if err != nil {
				return err
			}
			if !fired {
				return nil
			}
			continue
		}
		if m.moves++; m.moves > maxMoves {
			return ErrRunaway
		}
		id := m.moved[0]
		m.moved = m.moved[1:]
		tok := m.token(id)
		if tok == nil { // cancelled on its way
			continue
		}
		if err := m.act(*tok, m.def.nodes[tok.Node]); err != nil {
			return err
		}
	}
	return nil
}

// act is what a token does at the node it came to.
func (m *machine) act(tok Token, n *Node) error {
	switch n.Kind {
	case KindStart:
		return m.leave(tok.ID, n)
	case KindEnd:
		return m.end(tok, n)
	case KindThrow:
		m.send(tok, n)
		if err := m.leave(tok.ID, n); err != nil {
			return err
		}
		return m.signal(n)
	case KindCatch:
		return m.arm(tok.ID, n)
	case KindEventGateway:
		for _, s := range n.out {
			if err := m.arm(tok.ID, s.To); err != nil {
				return err
			}
		}
		return nil
	case KindParallel:
		return m.joinParallel(tok, n)
	case KindInclusive:
		if len(n.in) > 1 {
			return nil // waits; settle looks when all else is still
		}
		return m.leave(tok.ID, n)
	case KindExclusive:
		return m.leave(tok.ID, n)
	}
	return m.enter(tok, n)
}

// leave takes a token past a node and on by the flows that are open.
func (m *machine) leave(id ID, n *Node) error {
	tok := *m.token(id)
	if err := m.assign(tok.Scope, n, n.sets); err != nil {
		return err
	}
	ways, err := m.ways(tok.Scope, n)
	if err != nil {
		return err
	}
	flows := make([]string, len(ways))
	for i, s := range ways {
		flows[i] = s.ID
	}
	m.out = append(m.out, Passed{Node: n, Flows: flows})
	t := m.token(id)
	t.Node, t.Flow = ways[0].To.ID, ways[0].ID
	m.moved = append(m.moved, id)
	for _, s := range ways[1:] {
		m.put(tok.Scope, s.To, s.ID)
	}
	return nil
}

// ways are the flows that a token takes out of a node: never none.
func (m *machine) ways(scope ID, n *Node) ([]*Sequence, error) {
	if n.otherway == nil || len(n.out) == 1 {
		return n.out, nil
	}
	env := m.env(scope)
	var open []*Sequence
	for _, s := range n.out {
		if s.condition == nil {
			continue
		}
		ok, err := s.condition.test(s.ID, env)
		if err != nil {
			return nil, err
		}
		if ok {
			open = append(open, s)
		}
		if ok && n.Kind == KindExclusive {
			return open, nil
		}
	}
	if len(open) == 0 {
		open = append(open, n.otherway)
	}
	return open, nil
}

// joinParallel holds the token until one has come by each flow, and then lets one of them go on for all.
func (m *machine) joinParallel(tok Token, n *Node) error {
	if len(n.in) < 2 {
		return m.leave(tok.ID, n)
	}
	var came []ID
	for _, s := range n.in {
		for _, t := range m.Tokens {
			if t.Scope == tok.Scope && t.Node == n.ID && t.Flow == s.ID {
				came = append(came, t.ID)
				break
			}
		}
	}
	if len(came) < len(n.in) {
		return nil
	}
	return m.merge(came, n)
}

// merge makes one token of several and sends it on.
func (m *machine) merge(came []ID, n *Node) error {
	for _, id := range came[1:] {
		m.drop(id)
	}
	m.moved = slices.DeleteFunc(m.moved, func(id ID) bool { return slices.Contains(came, id) })
	return m.leave(came[0], n)
}

// joinInclusive lets the first inclusive join go on to which no further token can come.
func (m *machine) joinInclusive() (bool, error) {
	for _, tok := range m.Tokens {
		n := m.def.nodes[tok.Node]
		from := m.def.joins[n]
		if from == nil {
			continue
		}
		filled := map[*Sequence]ID{}
		for _, t := range m.Tokens {
			for s := range from {
				if _, twice := filled[s]; !twice && t.Scope == tok.Scope && t.Node == n.ID && t.Flow == s.ID {
					filled[s] = t.ID
				}
			}
		}
		if m.mayCome(tok.Scope, n, from, filled) {
			continue
		}
		var came []ID
		for _, id := range filled {
			came = append(came, id)
		}
		slices.Sort(came)
		return true, m.merge(came, n)
	}
	return false, nil
}

// mayCome tells whether a token elsewhere in the scope can still come to the join by a flow that is empty, and not
// also by one that is filled.
func (m *machine) mayCome(scope ID, n *Node, from map[*Sequence]map[*Node]bool, filled map[*Sequence]ID) bool {
	for _, t := range m.Tokens {
		at := m.def.nodes[t.Node]
		if t.Scope != scope || at == n {
			continue
		}
		toEmpty, toFilled := false, false
		for s, nodes := range from {
			if _, is := filled[s]; is {
				toFilled = toFilled || nodes[at]
			} else {
				toEmpty = toEmpty || nodes[at]
			}
		}
		if toEmpty && !toFilled {
			return true
		}
	}
	return false
}
