package flow

import (
	"cmp"
	"slices"
)

// model runs blocks in another way than the engine does: as a tree of what is under way, with no tokens, flows or
// gateways. After each event both must have the same works open.
type model struct {
	c     int
	made  int
	root  *live
	ended bool
}

// live is a block under way.
type live struct {
	b     *block
	up    *live // the block around it; nil for the process, side paths and event sub-processes
	scope *live // the process or sub-process it runs in
	kids  []*live
	pos   int
	left  int
	order int // of coming to be
	dead  bool

	over   bool    // sub: its own way is at the end
	sides  []*live // sub: paths of non-interrupting events, and event sub-processes
	beside bool    // this is such a path
	taken  bool    // sub: an interrupting event sub-process took over; guard, event: an event took over
	fired  map[int]bool
}

func (m *model) begin(b *block, up, scope *live) *live {
	m.made++
	l := &live{b: b, up: up, scope: scope, order: m.made, fired: map[int]bool{}}
	if up != nil {
		up.kids = append(up.kids, l)
	}
	m.enter(l)
	return l
}

// all begins several blocks inside l; one of them may end l while the others have not begun.
func (m *model) all(l *live, list []*block, scope *live) {
	l.left = len(list)
	for _, k := range list {
		if l.dead {
			return
		}
		m.begin(k, l, scope)
	}
}

func (m *model) enter(l *live) {
	b := l.b
	switch b.kind {
	case "send":
		m.finish(l)
	case "seq", "loop", "guard":
		m.begin(b.kids[0], l, l.scope)
	case "xor":
		m.begin(b.kids[min(m.c, len(b.kids)-1)], l, l.scope)
	case "and":
		m.all(l, b.kids, l.scope)
	case "or":
		var open []*block
		for i, k := range b.kids[:len(b.kids)-1] {
			if m.c&(1<<i) != 0 {
				open = append(open, k)
			}
		}
		if len(open) == 0 {
			open = b.kids[len(b.kids)-1:]
		}
		m.all(l, open, l.scope)
	case "raise":
		if m.c == 3 {
			m.raise(l)
			return
		}
		m.finish(l)
	case "sub":
		m.begin(b.kids[0], l, l)
	case "mi":
		l.left = b.items
		if b.items == 0 {
			m.finish(l)
			return
		}
		for i := 0; i < b.items && !l.dead && (i == 0 || !b.inRow); i++ {
			m.begin(b.kids[0], l, l.scope)
		}
	}
}

// finish takes a block out of what is under way, and goes on with what comes after it.
func (m *model) finish(l *live) {
	l.dead = true
	if l.beside {
		l.scope.sides = slices.DeleteFunc(l.scope.sides, func(s *live) bool { return s == l })
		m.closeScope(l.scope)
		return
	}
	up := l.up
	if up == nil {
		m.ended = true
		return
	}
	up.kids = slices.DeleteFunc(up.kids, func(k *live) bool { return k == l })
	switch up.b.kind {
	case "seq":
		if up.pos++; up.pos < len(up.b.kids) {
			m.begin(up.b.kids[up.pos], up, up.scope)
			return
		}
		m.finish(up)
	case "and", "or":
		if up.left--; up.left == 0 {
			m.finish(up)
		}
	case "loop":
		if m.c == 0 {
			m.begin(up.b.kids[0], up, up.scope)
			return
		}
		m.finish(up)
	case "sub":
		up.over = true
		m.closeScope(up)
	case "mi":
		up.left--
		switch {
		case up.left == 0 || up.b.until && m.c == 2:
			kill(up)
			m.finish(up)
		case up.b.inRow:
			m.begin(up.b.kids[0], up, up.scope)
		}
	default:
		m.finish(up)
	}
}

func (m *model) closeScope(s *live) {
	if !s.dead && s.over && len(s.sides) == 0 {
		m.finish(s)
	}
}

func kill(l *live) {
	l.dead = true
	for _, k := range append(l.kids, l.sides...) {
		kill(k)
	}
	l.kids, l.sides = nil, nil
}

// raise throws e1 outwards from a block; false when nobody catches it.
func (m *model) raise(l *live) bool {
	for at := l; at != nil; {
		if at.b.kind == "guard" && !at.taken {
			for i, g := range at.b.guards {
				if g.kind == TriggerError {
					m.takeOver(at, i)
					return true
				}
			}
		}
		if at.beside {
			at = at.scope
			continue
		}
		at = at.up
	}
	return false
}

// takeOver makes an event of a guard, an event choice or a sub happen.
func (m *model) takeOver(l *live, i int) {
	if l.b.kind == "sub" {
		m.beginSub(l, l.b.subs[i])
		return
	}
	g := l.b.guards[i]
	if !g.stops {
		l.fired[i] = true
		m.beside(l.scope, g.path)
		return
	}
	for _, k := range l.kids {
		kill(k)
	}
	l.kids, l.taken = nil, true
	m.begin(g.path, l, l.scope)
}

func (m *model) beginSub(l *live, g *guard) {
	if g.stops {
		for _, k := range append(l.kids, l.sides...) {
			kill(k)
		}
		l.kids, l.sides, l.taken, l.over = nil, nil, true, true
	}
	// The event sub-process is a scope of its own.
	m.beside(l, &block{kind: "sub", id: g.id, kids: []*block{g.path}})
}

// beside starts a path that runs beside the way of a scope.
func (m *model) beside(scope *live, b *block) {
	m.made++
	l := &live{b: b, scope: scope, order: m.made, beside: true, fired: map[int]bool{}}
	scope.sides = append(scope.sides, l)
	m.enter(l)
}

// walk visits everything under way, what is outside before what is inside.
func (m *model) walk(l *live, visit func(*live)) {
	visit(l)
	for _, k := range l.kids {
		m.walk(k, visit)
	}
	for _, k := range l.sides {
		m.walk(k, visit)
	}
}

// works are the tasks that wait, oldest first.
func (m *model) works() []*live {
	var list []*live
	if m.ended {
		return nil
	}
	m.walk(m.root, func(l *live) {
		if k := l.b.kind; k == "user" || k == "service" || k == "receive" {
			list = append(list, l)
		}
	})
	slices.SortFunc(list, func(a, b *live) int { return cmp.Compare(a.order, b.order) })
	return list
}

// holder is a place where an event may happen.
type holder struct {
	l *live
	i int // event of a guard, choice or sub; -1: the message of a receive task
}

func (h holder) id() string {
	if h.i < 0 {
		return h.l.b.id
	}
	return h.l.b.guards[h.i].id
}

// waiting lists where an event of the kind and name may happen now.
func (m *model) waiting(kind TriggerKind, name string) []holder {
	var list, subs []holder
	if m.ended {
		return nil
	}
	m.walk(m.root, func(l *live) {
		if l.b.kind == "receive" && kind == TriggerMessage && l.b.msg == name {
			list = append(list, holder{l, -1})
		}
		for i, g := range l.b.guards {
			spent := kind == TriggerTimer && l.fired[i]
			if g.kind == kind && g.name == name && !l.taken && !spent {
				list = append(list, holder{l, i})
			}
		}
		for i, g := range l.b.subs {
			if g.kind == kind && g.name == name && !l.taken {
				subs = append(subs, holder{l, i})
			}
		}
	})
	return append(list, subs...)
}

// happens makes an event happen where it was waited for.
func (m *model) happens(h holder) {
	if h.i < 0 {
		m.finish(h.l)
		return
	}
	m.takeOver(h.l, h.i)
}

// message reaches all who wait for it now and still wait when their turn comes.
func (m *model) message(name string) bool {
	list := m.waiting(TriggerMessage, name)
	for _, h := range list {
		if !h.l.dead && !(h.i >= 0 && h.l.taken) {
			m.happens(h)
		}
	}
	return len(list) > 0
}
