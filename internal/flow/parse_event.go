package flow

import "slices"

// triggers are the event definitions that each kind of event may have; the empty one is none at all.
var triggers = map[Kind][]TriggerKind{
	KindStart:    {TriggerNone, TriggerMessage, TriggerSignal, TriggerTimer, TriggerError},
	KindEnd:      {TriggerNone, TriggerMessage, TriggerSignal, TriggerError, TriggerTerminate},
	KindCatch:    {TriggerMessage, TriggerSignal, TriggerTimer},
	KindThrow:    {TriggerNone, TriggerMessage, TriggerSignal},
	KindBoundary: {TriggerMessage, TriggerSignal, TriggerTimer, TriggerError},
}

// event reads the children of an event.
func (p *parser) event(pn *parsedNode) {
	e, n := pn.from, pn.node
	if e.attr("isInterrupting") == "false" || e.attr("cancelActivity") == "false" {
		n.Interrupting = false
	}
	defined := false
	for _, c := range e.children {
		kind, isTrigger := definitionKinds[c.name]
		switch {
		case c.is("documentation"), c.is("incoming"), c.is("outgoing"):
		case c.is("extensionElements"):
			p.extensions(pn, c)
		case c.space == nsModel && isTrigger && defined:
			p.problem(e, "一个事件只能有一个定义")
		case c.space == nsModel && isTrigger:
			defined = true
			n.Trigger = p.trigger(c, kind)
		default:
			p.unsupported(c)
		}
	}
	if !slices.Contains(triggers[n.Kind], n.Trigger.Kind) {
		p.problem(e, "%s 不支持这种定义：%q", e.name, n.Trigger.Kind)
	}
	if n.Trigger.Kind == TriggerError && !n.Interrupting {
		p.problem(e, "错误事件必须中断")
	}
	if n.Trigger.Kind == TriggerMessage {
		n.Attr["message"] = n.Trigger.Name
	}
}

var definitionKinds = map[string]TriggerKind{
	"messageEventDefinition":   TriggerMessage,
	"signalEventDefinition":    TriggerSignal,
	"timerEventDefinition":     TriggerTimer,
	"errorEventDefinition":     TriggerError,
	"terminateEventDefinition": TriggerTerminate,
}

// trigger reads an event definition.
func (p *parser) trigger(e *element, kind TriggerKind) Trigger {
	t := Trigger{Kind: kind}
	switch kind {
	case TriggerMessage:
		p.allow(e, "id messageRef")
		t.Name = p.reference(e, p.messages, e.attr("messageRef"))
	case TriggerSignal:
		p.allow(e, "id signalRef")
		t.Name = p.reference(e, p.signals, e.attr("signalRef"))
	case TriggerError:
		p.allow(e, "id errorRef")
		if ref := e.attr("errorRef"); ref != "" {
			t.Name = p.reference(e, p.codes, ref)
		}
	case TriggerTimer:
		return p.timer(e)
	case TriggerTerminate:
		p.allow(e, "id")
	}
	for _, c := range e.children {
		p.unsupported(c)
	}
	return t
}

// timer reads a fixed duration. A date is an expression, kept as text until the data is known.
func (p *parser) timer(e *element) Trigger {
	p.allow(e, "id yc:calendar")
	t := Trigger{Kind: TriggerTimer}
	working := false
	switch in := e.attrNS(Namespace, "calendar"); in {
	case "", "working":
		working = in == "working"
	default:
		p.problem(e, "yc:calendar 只能是 working")
	}
	given := 0
	for _, c := range e.children {
		given++
		p.allow(c, "id xsi:type")
		switch {
		case c.is("timeDuration"):
			limit, err := parseDuration(c.text, working)
			if err != nil {
				p.problem(c, "时长 %q 应写作 P15D、PT4H 这样", c.text)
			}
			t.Limit = limit
		case c.is("timeDate"):
			t.date = &expression{source: c.text}
		default:
			p.unsupported(c)
		}
	}
	if given != 1 {
		p.problem(e, "定时器要有一个 timeDuration 或 timeDate")
	}
	return t
}
