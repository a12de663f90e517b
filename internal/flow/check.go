package flow

// check looks for drawings that could stop halfway: every element is reached, every path can come to an end, every
// choice has a way that is always open, every error has someone who catches it.
func (p *parser) check() {
	for _, pb := range p.bodies {
		b := pb.body
		p.checkStarts(pb)
		for _, n := range b.Nodes {
			p.checkNode(n)
		}
		p.checkPaths(b)
	}
	p.findJoins()
}

func (p *parser) wrong(n *Node, format string, args ...any) { p.add(n.Line, n.ID, format, args...) }

func (p *parser) checkStarts(pb *parsedBody) {
	starts := pb.body.starts()
	sub := pb.body.Node
	if sub != nil && len(starts) != 1 || len(starts) == 0 {
		p.problem(pb.from, "要有一个开始事件，现在有 %d 个", len(starts))
		return
	}
	seen := map[string]bool{}
	for _, s := range starts {
		k := s.Trigger.Kind
		switch {
		case sub == nil && k != TriggerNone && k != TriggerMessage:
			p.wrong(s, "流程只能由消息开始，或没有定义")
		case sub != nil && !sub.eventSub && k != TriggerNone:
			p.wrong(s, "嵌入子流程的开始事件不能有定义")
		case sub != nil && sub.eventSub && k == TriggerNone:
			p.wrong(s, "事件子流程的开始事件要有定义")
		case seen[s.Trigger.Name]:
			p.wrong(s, "两个开始事件等同一个消息")
		}
		seen[s.Trigger.Name] = true
	}
	if sub != nil && sub.eventSub && (len(sub.in) > 0 || len(sub.out) > 0 || sub.Loop != nil || len(sub.boundary) > 0) {
		p.wrong(sub, "事件子流程不能有连线、多实例或边界事件")
	}
}

// checkNode checks how many flows come and go, and which of them carry conditions.
func (p *parser) checkNode(n *Node) {
	switch {
	case n.eventSub:
		return
	case (n.Kind == KindStart || n.Kind == KindBoundary) && len(n.in) > 0:
		p.wrong(n, "不能有进入的连线")
	case n.Kind == KindEnd && len(n.out) > 0:
		p.wrong(n, "结束事件不能有出去的连线")
	case n.Kind != KindEnd && len(n.out) == 0:
		p.wrong(n, "没有出去的连线")
	case !n.Kind.gateway() && len(n.out) > 1:
		p.wrong(n, "只能有一条出去的连线，分支要用网关")
	case n.Kind == KindEventGateway:
		p.checkEventGateway(n)
	}
	p.checkConditions(n)
	if n.Kind == KindEnd && n.Trigger.Kind == TriggerError && !caught(n.parent, n.Trigger.Name) {
		p.wrong(n, "没有谁捕获错误 %q", n.Trigger.Name)
	}
}

func (p *parser) checkEventGateway(n *Node) {
	if len(n.out) < 2 {
		p.wrong(n, "事件网关至少要有两条出去的连线")
	}
	for _, s := range n.out {
		if s.To.Kind != KindCatch || len(s.To.in) != 1 {
			p.wrong(n, "事件网关只能连到只有它一条连线进入的中间捕获事件")
		}
	}
}

// checkConditions wants a condition on every way of a choice but the default, and nowhere else.
func (p *parser) checkConditions(n *Node) {
	choice := (n.Kind == KindExclusive || n.Kind == KindInclusive) && len(n.out) > 1
	if choice && n.otherway == nil {
		p.wrong(n, "分支没有默认流：条件都不成立时会停在这里")
	}
	for _, s := range n.out {
		conditional := choice && s != n.otherway
		switch {
		case conditional && s.condition == nil:
			p.add(s.Line, s.ID, "缺少条件")
		case !conditional && s.condition != nil:
			p.add(s.Line, s.ID, "这里不能有条件")
		}
	}
}

// caught tells whether an error thrown inside the body finds a handler on its way outwards. Out of an event sub-process
// an error goes past its siblings.
func caught(b *Body, code string) bool {
	for past := false; ; b = b.parent {
		switch {
		case !past && catchingSub(b, code) != nil:
			return true
		case b.Node == nil:
			return false
		case !b.Node.eventSub && catchingBoundary(b.Node, code) != nil:
			return true
		}
		past = b.Node.eventSub
	}
}

// catchingSub finds the event sub-process of the body for an error.
func catchingSub(b *Body, code string) *Node {
	for _, n := range b.eventSubs() {
		if s := n.Body.starts(); len(s) == 1 && s[0].catches(TriggerError, code) {
			return n
		}
	}
	return nil
}

// catchingBoundary finds the boundary event of the activity for an error; the exact code before the one for all.
func catchingBoundary(n *Node, code string) *Node {
	var all *Node
	for _, b := range n.boundary {
		if b.Trigger.Kind == TriggerError && b.Trigger.Name == code {
			return b
		}
		if b.catches(TriggerError, code) {
			all = b
		}
	}
	return all
}

// checkPaths looks for elements that no token comes to, and for such that no token leaves.
func (p *parser) checkPaths(b *Body) {
	forth := spread(b.filter(func(n *Node) bool { return n.Kind == KindStart || n.eventSub }), func(n *Node) []*Node {
		next := n.boundary
		for _, s := range n.out {
			next = append(next[:len(next):len(next)], s.To)
		}
		return next
	})
	back := spread(b.filter(func(n *Node) bool { return n.Kind == KindEnd || n.eventSub }), func(n *Node) []*Node {
		var before []*Node
		for _, s := range n.in {
			before = append(before, s.From)
		}
		return before
	})
	for _, n := range b.Nodes {
		switch {
		case !forth[n]:
			p.wrong(n, "从开始走不到这里")
		case !back[n]:
			p.wrong(n, "从这里走不到结束")
		}
	}
}

// spread finds everything that can be reached.
func spread(from []*Node, next func(*Node) []*Node) map[*Node]bool {
	seen := map[*Node]bool{}
	for len(from) > 0 {
		n := from[len(from)-1]
		from = from[:len(from)-1]
		if !seen[n] {
			seen[n] = true
			from = append(from, next(n)...)
		}
	}
	return seen
}

// findJoins works out for each joining inclusive gateway from which nodes a token may still come by each flow.
func (p *parser) findJoins() {
	p.def.joins = map[*Node]map[*Sequence]map[*Node]bool{}
	for _, n := range p.def.nodes {
		if n.Kind != KindInclusive || len(n.in) < 2 {
			continue
		}
		byFlow := map[*Sequence]map[*Node]bool{}
		for _, s := range n.in {
			byFlow[s] = spread([]*Node{s.From}, func(m *Node) []*Node {
				var before []*Node
				if m == n {
					return nil
				}
				if m.Attached != nil {
					before = append(before, m.Attached)
				}
				for _, f := range m.in {
					before = append(before, f.From)
				}
				return before
			})
			delete(byFlow[s], n)
		}
		p.def.joins[n] = byFlow
	}
}
