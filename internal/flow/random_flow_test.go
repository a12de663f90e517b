package flow

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// block is a piece of a well-formed flow: one way in, one way out.
type block struct {
	kind   string // user, service, receive, send, seq, xor, and, or, loop, raise, guard, sub, mi, event
	id     string // of the node that waits
	kids   []*block
	guards []*guard // of a guard: the boundary events on kids[0]; of an event: its branches
	subs   []*guard // of a sub: its event sub-processes
	items  int      // of a mi
	inRow  bool     // of a mi: one after the other
	until  bool     // of a mi: enough when c is 2
	msg    string   // of a receive
}

// guard is an event that may take over, and where it leads.
type guard struct {
	id    string
	kind  TriggerKind
	name  string // of the message
	stops bool
	path  *block
}

// The data of a random flow is one number, c. An xor of n ways takes way c, else its last; an or takes the ways whose
// bit is set in c, else its last; a loop goes round while c is 0; a raise throws e1 when c is 3.

// flowMaker draws random flows and writes them as BPMN.
type flowMaker struct {
	t    *rapid.T
	ids  int
	left int // blocks that may still be made
}

func (m *flowMaker) id(prefix string) string {
	m.ids++
	return fmt.Sprintf("%s%d", prefix, m.ids)
}

func (m *flowMaker) draw(n int) int { return rapid.IntRange(0, n-1).Draw(m.t, "choice") }

func (m *flowMaker) yes() bool { return m.draw(2) == 1 }

// process draws a whole process, as a sub.
func (m *flowMaker) process() *block {
	return m.scope(2+m.draw(3), false)
}

func (m *flowMaker) scope(depth int, caught bool) *block {
	b := &block{kind: "sub", id: m.id("sub"), kids: []*block{m.seq(depth, caught)}}
	if m.draw(4) == 0 && m.left > 0 {
		b.subs = append(b.subs, &guard{id: m.id("on"), kind: TriggerMessage, name: "m3", stops: m.yes(), path: m.seq(depth-1, caught)})
	}
	return b
}

func (m *flowMaker) seq(depth int, caught bool) *block {
	b := &block{kind: "seq"}
	for range 1 + m.draw(3) {
		b.kids = append(b.kids, m.block(depth, caught))
	}
	return b
}

func (m *flowMaker) several(depth int, caught bool) []*block {
	var list []*block
	for range 2 + m.draw(2) {
		list = append(list, m.seq(depth-1, caught))
	}
	return list
}

func (m *flowMaker) task() *block {
	kind := []string{"user", "service", "receive"}[m.draw(3)]
	return &block{kind: kind, id: m.id(kind), msg: "m1"}
}

// block draws one block. caught tells whether an error thrown here finds a handler.
func (m *flowMaker) block(depth int, caught bool) *block {
	m.left--
	if depth <= 0 || m.left <= 0 {
		return m.task()
	}
	switch m.draw(12) {
	case 0, 1:
		return m.task()
	case 2:
		return &block{kind: "send", id: m.id("send")}
	case 3:
		return &block{kind: "xor", kids: m.several(depth, caught)}
	case 4:
		return &block{kind: "and", kids: m.several(depth, caught)}
	case 5:
		return &block{kind: "or", kids: m.several(depth, caught)}
	case 6:
		return &block{kind: "loop", kids: []*block{{kind: "seq", kids: []*block{m.task(), m.block(depth-1, caught)}}}}
	case 7:
		if caught {
			return &block{kind: "raise"}
		}
		return m.scope(depth-1, caught)
	case 8:
		return m.multi(depth)
	case 9:
		return m.event(depth, caught)
	}
	return m.guarded(depth, caught)
}

func (m *flowMaker) multi(depth int) *block {
	b := &block{kind: "mi", id: m.id("mi"), items: m.draw(4), inRow: m.yes(), until: m.yes()}
	if m.yes() {
		b.kids = []*block{{kind: "user", id: b.id}}
		return b
	}
	inner := &block{kind: "seq", kids: []*block{{kind: "user", id: m.id("user")}}}
	if depth > 1 && m.yes() {
		inner.kids = append(inner.kids, &block{kind: "xor", kids: []*block{{kind: "send", id: m.id("send")}, {kind: "user", id: m.id("user")}}})
	}
	b.kids = []*block{{kind: "sub", id: b.id, kids: []*block{inner}}}
	return b
}

func (m *flowMaker) event(depth int, caught bool) *block {
	b := &block{kind: "event", id: m.id("choice")}
	for _, g := range []guard{{kind: TriggerMessage, name: "m1"}, {kind: TriggerMessage, name: "m2"}, {kind: TriggerTimer}}[m.draw(2):] {
		g.id, g.stops, g.path = m.id("catch"), true, m.seq(depth-1, caught)
		b.guards = append(b.guards, &g)
	}
	return b
}

// guarded is an activity with boundary events.
func (m *flowMaker) guarded(depth int, caught bool) *block {
	b := &block{kind: "guard"}
	safe := m.yes()
	switch m.draw(3) {
	case 0:
		b.kids = []*block{m.task()}
	case 1:
		b.kids = []*block{m.multi(depth)}
	default:
		b.kids = []*block{m.scope(depth-1, caught || safe)}
	}
	add := func(kind TriggerKind, name string, stops bool) {
		b.guards = append(b.guards, &guard{id: m.id("at"), kind: kind, name: name, stops: stops, path: m.seq(depth-1, caught)})
	}
	if safe {
		add(TriggerError, "e1", true)
	}
	if m.yes() {
		add(TriggerTimer, "", m.yes())
	}
	if m.yes() {
		add(TriggerMessage, "m2", m.yes())
	}
	return b
}

// scribe writes blocks as the elements of one process or sub-process.
type scribe struct {
	maker *flowMaker
	out   strings.Builder
}

// flow connects two nodes and gives the flow's id.
func (s *scribe) flow(from, to, condition string) string {
	id := s.maker.id("f")
	fmt.Fprintf(&s.out, `<bpmn:sequenceFlow id=%q sourceRef=%q targetRef=%q>`, id, from, to)
	if condition != "" {
		fmt.Fprintf(&s.out, `<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">%s</bpmn:conditionExpression>`, escape(condition))
	}
	s.out.WriteString("</bpmn:sequenceFlow>\n")
	return id
}

func (s *scribe) node(tag, id, attrs, inner string) {
	fmt.Fprintf(&s.out, "<bpmn:%s id=%q %s>%s</bpmn:%s>\n", tag, id, attrs, inner, tag)
}

// body writes start, block and end.
func (s *scribe) body(b *block, start string) {
	id, end := s.maker.id("start"), s.maker.id("end")
	s.node("startEvent", id, "", start)
	s.flow(s.write(b, id), end, "")
	s.node("endEvent", end, "", "")
}

// inside writes what is within a sub-process, its event sub-processes included.
func (s *scribe) inside(b *block) string {
	inner := &scribe{maker: s.maker}
	inner.body(b.kids[0], "")
	for _, g := range b.subs {
		on := &scribe{maker: s.maker}
		id, end := s.maker.id("start"), s.maker.id("end")
		on.node("startEvent", id, fmt.Sprintf(`isInterrupting="%t"`, g.stops), trigger(g))
		on.flow(on.write(g.path, id), end, "")
		on.node("endEvent", end, "", "")
		inner.node("subProcess", g.id, `triggeredByEvent="true"`, on.out.String())
	}
	return inner.out.String()
}

func trigger(g *guard) string {
	switch g.kind {
	case TriggerMessage:
		return fmt.Sprintf(`<bpmn:messageEventDefinition messageRef="msg-%s"/>`, g.name)
	case TriggerError:
		return fmt.Sprintf(`<bpmn:errorEventDefinition errorRef="err-%s"/>`, g.name)
	}
	return `<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>`
}

// write adds a block after the node from, and gives the node it ends at.
func (s *scribe) write(b *block, from string) string {
	switch b.kind {
	case "seq":
		for _, k := range b.kids {
			from = s.write(k, from)
		}
		return from
	case "xor", "and", "or":
		return s.split(b, from)
	case "loop":
		top, exit := s.maker.id("top"), s.maker.id("exit")
		s.node("exclusiveGateway", top, "", "")
		s.flow(from, top, "")
		s.flow(s.write(b.kids[0], top), exit, "")
		s.flow(exit, top, "c == 0")
		on := s.maker.id("on")
		s.node("exclusiveGateway", exit, fmt.Sprintf("default=%q", s.flow(exit, on, "")), "")
		s.node("exclusiveGateway", on, "", "")
		return on
	case "raise":
		choice, bad, on := s.maker.id("choice"), s.maker.id("bad"), s.maker.id("on")
		s.flow(from, choice, "")
		s.flow(choice, bad, "c == 3")
		s.node("exclusiveGateway", choice, fmt.Sprintf("default=%q", s.flow(choice, on, "")), "")
		s.node("endEvent", bad, "", `<bpmn:errorEventDefinition errorRef="err-e1"/>`)
		s.node("exclusiveGateway", on, "", "")
		return on
	case "guard":
		return s.guarded(b, from)
	case "event":
		s.node("eventBasedGateway", b.id, "", "")
		s.flow(from, b.id, "")
		merge := s.maker.id("merge")
		s.node("exclusiveGateway", merge, "", "")
		for _, g := range b.guards {
			s.node("intermediateCatchEvent", g.id, "", trigger(g))
			s.flow(b.id, g.id, "")
			s.flow(s.write(g.path, g.id), merge, "")
		}
		return merge
	}
	s.activity(b)
	s.flow(from, b.id, "")
	return b.id
}

func (s *scribe) split(b *block, from string) string {
	tag := map[string]string{"xor": "exclusiveGateway", "and": "parallelGateway", "or": "inclusiveGateway"}[b.kind]
	open, closing := s.maker.id("open"), s.maker.id("close")
	s.flow(from, open, "")
	other := ""
	for i, k := range b.kids {
		// A gateway of its own at each way's head, so that the ways can be told apart whatever they hold.
		head := s.maker.id("way")
		s.node("exclusiveGateway", head, "", "")
		condition := fmt.Sprintf("c == %d", i)
		if b.kind == "or" {
			condition = fmt.Sprintf("bitand(c, %d) != 0", 1<<i)
		}
		if b.kind == "and" || i == len(b.kids)-1 {
			condition = ""
		}
		id := s.flow(open, head, condition)
		if b.kind != "and" && i == len(b.kids)-1 {
			other = fmt.Sprintf("default=%q", id)
		}
		s.flow(s.write(k, head), closing, "")
	}
	s.node(tag, open, other, "")
	s.node(tag, closing, "", "")
	return closing
}

func (s *scribe) guarded(b *block, from string) string {
	act := b.kids[0]
	s.activity(act)
	s.flow(from, act.id, "")
	merge := s.maker.id("merge")
	s.node("exclusiveGateway", merge, "", "")
	s.flow(act.id, merge, "")
	for _, g := range b.guards {
		s.node("boundaryEvent", g.id, fmt.Sprintf(`attachedToRef=%q cancelActivity="%t"`, act.id, g.stops), trigger(g))
		to := merge
		if !g.stops {
			to = s.maker.id("end")
			s.node("endEvent", to, "", "")
		}
		s.flow(s.write(g.path, g.id), to, "")
	}
	return merge
}

func (s *scribe) activity(b *block) {
	switch b.kind {
	case "receive":
		s.node("receiveTask", b.id, fmt.Sprintf(`messageRef="msg-%s"`, b.msg), "")
	case "sub":
		s.node("subProcess", b.id, "", s.inside(b))
	case "mi":
		loop := fmt.Sprintf(`<bpmn:multiInstanceLoopCharacteristics isSequential="%t" yc:collection="1..%d" yc:item="it">`, b.inRow, b.items)
		if b.until {
			loop += "<bpmn:completionCondition>c == 2</bpmn:completionCondition>"
		}
		loop += "</bpmn:multiInstanceLoopCharacteristics>"
		if b.kids[0].kind == "sub" {
			s.node("subProcess", b.id, "", loop+s.inside(b.kids[0]))
			return
		}
		s.node("userTask", b.id, "", loop)
	default:
		s.node(b.kind+"Task", b.id, "", "")
	}
}

// bpmn writes the whole file.
func (m *flowMaker) bpmn(b *block) string {
	s := &scribe{maker: m}
	return source(`<bpmn:extensionElements><yc:data name="c" type="int"/></bpmn:extensionElements>` + s.inside(b))
}
