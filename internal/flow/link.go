package flow

import (
	"cmp"
	"maps"
	"reflect"
	"strings"
)

// link connects the nodes of a body by its sequence flows, boundary events and defaults.
func (p *parser) link(pb *parsedBody) {
	flows := map[string]*Sequence{}
	for _, e := range pb.flows {
		s := &Sequence{ID: e.attr("id"), Name: e.attr("name"), Line: e.line}
		s.From = p.end(pb, e, "sourceRef")
		s.To = p.end(pb, e, "targetRef")
		if s.From == nil || s.To == nil {
			continue
		}
		p.conditionSource(e, s)
		s.From.out = append(s.From.out, s)
		s.To.in = append(s.To.in, s)
		flows[s.ID] = s
		pb.body.flows = append(pb.body.flows, s)
	}
	for _, pn := range pb.nodes {
		p.attach(pb, pn)
		p.linkDefault(pn, flows)
		p.checkMentions(pn, flows)
		p.watch(pb, pn)
	}
}

// end finds the node that one end of a flow is at; it must be in the same body.
func (p *parser) end(pb *parsedBody, e *element, attr string) *Node {
	n := p.def.nodes[e.attr(attr)]
	if n == nil || n.parent != pb.body {
		p.gap(e, "%s %q 不在同一流程或子流程里", attr, e.attr(attr))
		return nil
	}
	return n
}

// conditionSource keeps the condition's text until the data is known.
func (p *parser) conditionSource(e *element, s *Sequence) {
	for _, c := range e.children {
		switch {
		case c.is("documentation"):
		case c.is("conditionExpression") && s.condition == nil:
			p.allow(c, "id xsi:type")
			s.condition = &expression{source: c.text}
		default:
			p.unsupported(c)
		}
	}
}

func (p *parser) attach(pb *parsedBody, pn *parsedNode) {
	if pn.node.Kind != KindBoundary {
		return
	}
	ref := pn.from.attr("attachedToRef")
	host := p.def.nodes[ref]
	switch {
	case host == nil || host.parent != pb.body || !host.Kind.activity() || host.eventSub:
		p.gap(pn.from, "附着的 %q 不是同一流程里的活动", ref)
	case host.Kind == KindSend || host.Kind == KindRule:
		p.gap(pn.from, "发送任务和规则任务立即完成，不能附着事件")
	default:
		pn.node.Attached = host
		host.boundary = append(host.boundary, pn.node)
	}
}

func (p *parser) linkDefault(pn *parsedNode, flows map[string]*Sequence) {
	ref := pn.from.attr("default")
	if ref == "" {
		return
	}
	s := flows[ref]
	if s == nil || s.From != pn.node {
		p.gap(pn.from, "默认流 %q 不从这里出发", ref)
		return
	}
	pn.node.otherway = s
}

// checkMentions compares incoming and outgoing, where a tool wrote them, with the flows.
func (p *parser) checkMentions(pn *parsedNode, flows map[string]*Sequence) {
	for _, c := range pn.from.children {
		if !c.is("incoming") && !c.is("outgoing") {
			continue
		}
		s := flows[c.text]
		if s == nil || c.is("incoming") && s.To != pn.node || c.is("outgoing") && s.From != pn.node {
			p.problem(pn.from, "%s 提到的连线 %q 不接在这里", c.name, c.text)
		}
	}
}

// watch checks the attributes that name another node.
func (p *parser) watch(pb *parsedBody, pn *parsedNode) {
	if id := pn.node.Attr["about"]; id != "" {
		if n := p.def.nodes[id]; n == nil || n.parent != pb.body || !n.Kind.activity() {
			p.problem(pn.from, "yc:about 的 %q 不是同一流程里的活动", id)
		}
	}
	for _, id := range strings.Fields(pn.node.Attr["notBy"]) {
		if n := p.def.nodes[id]; n == nil || n.Kind != KindUser {
			p.problem(pn.from, "yc:notBy 的 %q 不是用户任务", id)
		}
	}
}

// compileBody compiles everything in a body that is an expression. Bodies come in the order outer before inner.
func (p *parser) compileBody(pb *parsedBody) {
	b := pb.body
	b.names = map[string]DataType{}
	if b.parent != nil {
		maps.Copy(b.names, b.parent.names)
	}
	if b.Node != nil {
		maps.Copy(b.names, loopNames(b.Node))
	}
	for _, d := range b.Data {
		b.names[d.Name] = d.Type
	}
	for _, s := range b.flows {
		s.condition = p.compileAt(s.Line, s.ID, s.condition, b.names, reflect.Bool)
	}
	for _, pn := range pb.nodes {
		p.compileNode(pn)
	}
}

// loopNames are what each instance of a multi-instance sees beside the data around it.
func loopNames(n *Node) map[string]DataType {
	if n.Loop == nil {
		return nil
	}
	return map[string]DataType{n.Loop.Item: typeAny, "loopIndex": TypeInt}
}

// namesAt are the names that the attributes, rules and assignments of a node may use.
func (n *Node) namesAt() map[string]DataType {
	if n.Loop == nil {
		return n.parent.names
	}
	names := maps.Clone(n.parent.names)
	maps.Copy(names, loopNames(n))
	return names
}

func (p *parser) compileNode(pn *parsedNode) {
	n := pn.node
	names := n.namesAt()
	n.Trigger.date = p.compileAt(n.Line, n.ID, n.Trigger.date, names, reflect.String)
	for name, value := range n.Attr {
		if source, isExpr := strings.CutPrefix(value, "="); isExpr && n.Kind.task() {
			if n.attrs == nil {
				n.attrs = map[string]*expression{}
			}
			n.attrs[name] = p.compileAt(n.Line, n.ID, &expression{source: source}, names, reflect.String)
		}
	}
	if n.Loop != nil {
		n.Loop.collection = p.compileAt(n.Line, n.ID, n.Loop.collection, n.parent.names, reflect.Slice)
		until := maps.Clone(names)
		until["loopDone"], until["loopTotal"] = TypeInt, TypeInt
		n.Loop.until = p.compileAt(n.Line, n.ID, n.Loop.until, until, reflect.Bool)
	}
	if into := cmp.Or(n.Attr["outcome"], "outcome"); len(n.Outcomes) > 0 && names[into] != TypeString {
		p.problem(pn.from, "结果存入的数据 %q 没有声明为 string", into)
	}
	n.sets = p.assignments(pn.sets, names)
	for _, e := range pn.rules {
		p.allow(e, "when")
		r := rule{when: p.compileAt(e.line, n.ID, &expression{source: e.attr("when")}, names, reflect.Bool)}
		r.sets = p.assignments(e.children, names)
		n.rules = append(n.rules, r)
	}
	if n.Kind == KindRule && len(pn.rules) == 0 {
		p.problem(pn.from, "规则任务没有 yc:rule")
	}
}

func (p *parser) assignments(list []*element, names map[string]DataType) []assignment {
	var sets []assignment
	for _, e := range list {
		if e.space != Namespace || e.name != "set" {
			p.unsupported(e)
			continue
		}
		p.allow(e, "name to")
		name := e.attr("name")
		t, ok := names[name]
		if !ok || t == typeAny {
			p.problem(e, "yc:set 的数据 %q 没有声明", name)
			continue
		}
		to := p.compileAt(e.line, e.label(), &expression{source: e.attr("to")}, names, t.kind())
		sets = append(sets, assignment{name: name, typ: t, to: to})
	}
	return sets
}

// compileAt compiles an expression that is there. One that's wrong is noted, and stays uncompiled in its place.
func (p *parser) compileAt(line int, id string, x *expression, names map[string]DataType, want reflect.Kind) *expression {
	if x == nil {
		return nil
	}
	c, err := compile(x.source, names, want)
	if err != nil {
		p.add(line, id, "%s", err)
		return x
	}
	return c
}
