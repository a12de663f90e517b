package flow

import (
	"slices"
	"strings"
)

// flowNodes are the elements that become nodes, with the BPMN attributes each may carry beside id and name.
var flowNodes = map[string]string{
	"startEvent":             "isInterrupting parallelMultiple",
	"endEvent":               "",
	"intermediateCatchEvent": "parallelMultiple",
	"intermediateThrowEvent": "",
	"boundaryEvent":          "attachedToRef cancelActivity parallelMultiple",
	"userTask":               "isForCompensation startQuantity completionQuantity",
	"serviceTask":            "isForCompensation startQuantity completionQuantity",
	"sendTask":               "isForCompensation startQuantity completionQuantity messageRef",
	"receiveTask":            "isForCompensation startQuantity completionQuantity messageRef instantiate",
	"businessRuleTask":       "isForCompensation startQuantity completionQuantity",
	"exclusiveGateway":       "gatewayDirection default",
	"parallelGateway":        "gatewayDirection",
	"inclusiveGateway":       "gatewayDirection default",
	"eventBasedGateway":      "gatewayDirection instantiate eventGatewayType",
	"subProcess":             "isForCompensation startQuantity completionQuantity triggeredByEvent",
}

// onlyValue are attributes that we know in one value alone.
var onlyValue = map[string]string{
	"isForCompensation":  "false",
	"startQuantity":      "1",
	"completionQuantity": "1",
	"parallelMultiple":   "false",
	"instantiate":        "false",
	"eventGatewayType":   "Exclusive",
	"isClosed":           "false",
	"isImmediate":        "true",
}

// allow checks the attributes of an element: no others than these, and none with a value that asks for more than the
// engine does. Our own are named with the prefix yc; yc:* leaves them to attributes.
func (p *parser) allow(e *element, names string) {
	known := strings.Fields(names)
	for _, a := range e.attrs {
		space, name := a.Name.Space, a.Name.Local
		switch {
		case space == "xmlns" || name == "xmlns":
		case space == Namespace && (slices.Contains(known, "yc:*") || slices.Contains(known, "yc:"+name)):
		case space == Namespace:
			p.problem(e, "不认识的属性 yc:%s", name)
		case space == nsXSI && slices.Contains(known, "xsi:"+name):
		case space != "":
			p.problem(e, "不认识的命名空间 %q 的属性 %s", space, name)
		case !slices.Contains(known, name):
			p.problem(e, "不支持的属性 %s", name)
		case onlyValue[name] != "" && onlyValue[name] != a.Value:
			p.problem(e, "不支持 %s=%q", name, a.Value)
		}
	}
}

// body reads the elements of a process or sub-process.
func (p *parser) body(e *element, node *Node, parent *Body) *Body {
	b := &Body{Node: node, parent: parent}
	pb := &parsedBody{body: b, from: e}
	p.bodies = append(p.bodies, pb)
	if node == nil {
		p.identify(e)
		p.allow(e, "id name isExecutable processType isClosed yc:*")
	}
	var inherited map[string]string
	if node != nil {
		inherited = node.Attr
	} else {
		inherited = p.attributes(e, true)
	}
	for _, c := range e.children {
		switch {
		case c.space != nsModel:
			p.unsupported(c)
		case c.name == "documentation", c.name == "incoming", c.name == "outgoing", c.name == "multiInstanceLoopCharacteristics":
			// read with the node itself
		case c.name == "extensionElements":
			p.declarations(b, c)
		case c.name == "sequenceFlow":
			p.identify(c)
			p.allow(c, "id name sourceRef targetRef isImmediate")
			pb.flows = append(pb.flows, c)
		case c.name == "textAnnotation", c.name == "association", c.name == "group":
			p.artifact(c)
		case c.name == "laneSet" && node == nil:
			p.laneSet(c)
		default:
			if _, known := flowNodes[c.name]; !known {
				p.unsupported(c)
				continue
			}
			n := p.node(c, b, inherited)
			b.Nodes = append(b.Nodes, n.node)
			pb.nodes = append(pb.nodes, n)
		}
	}
	return b
}

// node reads one element through which tokens move, and what is inside it.
func (p *parser) node(e *element, b *Body, inherited map[string]string) *parsedNode {
	p.identify(e)
	p.allow(e, "id name yc:* "+flowNodes[e.name])
	n := &Node{
		ID: e.attr("id"), Name: e.attr("name"), Kind: Kind(e.name), Line: e.line, parent: b, Interrupting: true,
		eventSub: e.attr("triggeredByEvent") == "true",
	}
	pn := &parsedNode{node: n, from: e}
	p.def.nodes[n.ID] = n
	n.Attr = inherit(inherited, p.attributes(e, n.Kind.activity()))
	n.Outcomes = strings.Fields(n.Attr["outcomes"])
	if n.Kind.activity() {
		p.loop(e, n)
	}
	switch {
	case n.Kind == KindSub:
		n.Body = p.body(e, n, b)
	case n.Kind.event():
		p.event(pn)
	default:
		p.taskParts(pn)
	}
	return pn
}

// taskParts reads the children of a task or gateway.
func (p *parser) taskParts(pn *parsedNode) {
	for _, c := range pn.from.children {
		switch {
		case c.is("documentation"), c.is("incoming"), c.is("outgoing"):
		case c.is("extensionElements"):
			p.extensions(pn, c)
		case c.is("multiInstanceLoopCharacteristics") && pn.node.Kind.activity():
		default:
			p.unsupported(c)
		}
	}
	if ref := pn.from.attr("messageRef"); ref != "" {
		pn.node.Trigger = Trigger{Kind: TriggerMessage, Name: p.reference(pn.from, p.messages, ref)}
	}
	if n := pn.node; n.Kind == KindReceive && n.Trigger.Name == "" {
		p.problem(pn.from, "接收任务没有指明消息（messageRef）")
	}
	if n := pn.node; n.Trigger.Name != "" {
		n.Attr["message"] = n.Trigger.Name
	}
}

// reference resolves the id of a message, signal or error.
func (p *parser) reference(e *element, names map[string]string, ref string) string {
	name, ok := names[ref]
	if !ok {
		p.problem(e, "引用的 %q 不存在", ref)
	}
	return name
}

// artifact reads what is only drawn.
func (p *parser) artifact(e *element) {
	p.identify(e)
	p.allow(e, "id name textFormat sourceRef targetRef associationDirection categoryValueRef")
}

// laneSet reads the lanes, which are only drawn.
func (p *parser) laneSet(e *element) {
	for _, c := range e.children {
		if !c.is("lane") {
			p.unsupported(c)
			continue
		}
		p.identify(c)
		p.allow(c, "id name")
	}
}
