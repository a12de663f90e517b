package flow

import (
	"maps"
	"slices"
)

// Kind is the BPMN element that a node is.
type Kind string

// The kinds of nodes that the engine runs.
const (
	KindStart        Kind = "startEvent"
	KindEnd          Kind = "endEvent"
	KindCatch        Kind = "intermediateCatchEvent"
	KindThrow        Kind = "intermediateThrowEvent"
	KindBoundary     Kind = "boundaryEvent"
	KindUser         Kind = "userTask"
	KindService      Kind = "serviceTask"
	KindSend         Kind = "sendTask"
	KindReceive      Kind = "receiveTask"
	KindRule         Kind = "businessRuleTask"
	KindExclusive    Kind = "exclusiveGateway"
	KindParallel     Kind = "parallelGateway"
	KindInclusive    Kind = "inclusiveGateway"
	KindEventGateway Kind = "eventBasedGateway"
	KindSub          Kind = "subProcess"
)

// task tells whether the node is an atomic activity.
func (k Kind) task() bool {
	return k == KindUser || k == KindService || k == KindSend || k == KindReceive || k == KindRule
}

// activity tells whether boundary events and loops may stand on the node.
func (k Kind) activity() bool { return k.task() || k == KindSub }

// event tells whether the node is drawn as a circle.
func (k Kind) event() bool {
	return k == KindStart || k == KindEnd || k == KindCatch || k == KindThrow || k == KindBoundary
}

func (k Kind) gateway() bool {
	return k == KindExclusive || k == KindParallel || k == KindInclusive || k == KindEventGateway
}

// TriggerKind is what an event is about.
type TriggerKind string

// The triggers of events.
const (
	TriggerNone      TriggerKind = ""
	TriggerMessage   TriggerKind = "message"
	TriggerSignal    TriggerKind = "signal"
	TriggerTimer     TriggerKind = "timer"
	TriggerError     TriggerKind = "error"
	TriggerTerminate TriggerKind = "terminate"
)

// Trigger is what makes an event happen, or what it throws.
type Trigger struct {
	Kind TriggerKind
	// Name of the message or signal, or code of the error; an empty code catches every error.
	Name string
	// Limit of a timer with a fixed duration.
	Limit Limit
	// date of a timer that stands on a point in time (RFC 3339), given by the data.
	date *expression
}

// Node is one element through which tokens move.
type Node struct {
	ID, Name string
	Kind     Kind
	Line     int
	// Attr are our attributes, those of the enclosing sub-processes and process included. A value that begins with "="
	// is an expression until the work opens.
	Attr map[string]string
	// Outcomes that a task may end with; empty: none is asked.
	Outcomes []string
	// Trigger of an event, or the message of a send or receive task.
	Trigger Trigger
	// Interrupting events stop what they stand on.
	Interrupting bool
	// Attached is the activity that a boundary event stands on.
	Attached *Node
	// Body is what is inside a sub-process.
	Body *Body
	// Loop is set on a multi-instance activity.
	Loop *Loop

	parent   *Body
	in, out  []*Sequence
	otherway *Sequence // the default flow
	boundary []*Node
	rules    []rule
	sets     []assignment
	attrs    map[string]*expression
	eventSub bool
}

// Sequence is a sequence flow.
type Sequence struct {
	ID, Name string
	Line     int
	From, To *Node

	condition *expression
}

// Loop is how an activity is done once for each item of a collection.
type Loop struct {
	Sequential bool
	// Item is the name under which each instance sees its item; loopIndex is its number from 0.
	Item string

	collection *expression
	until      *expression
}

// Body holds the elements of a process or sub-process, and declares its data.
type Body struct {
	// Node is the sub-process; nil for the process itself.
	Node  *Node
	Nodes []*Node
	Data  []Data

	parent *Body
	flows  []*Sequence
	names  map[string]DataType // everything that expressions inside may use
}

type rule struct {
	when *expression
	sets []assignment
}

type assignment struct {
	name string
	typ  DataType
	to   *expression
}

// Definition is a checked process, ready to be stepped. It is never changed, and safe for concurrent use.
type Definition struct {
	// ID and Name of the process.
	ID, Name string
	// Digest of the source in hex: the version that instances stay on.
	Digest string
	// Source is the XML that was parsed.
	Source []byte
	Root   *Body

	nodes   map[string]*Node
	joins   map[*Node]map[*Sequence]map[*Node]bool // inclusive gateway → flow into it → nodes that may still send a token there
	drawing drawing
}

// Node finds an element by its id.
func (d *Definition) Node(id string) (*Node, bool) {
	n, ok := d.nodes[id]
	return n, ok
}

// Nodes lists all elements, sub-processes before what is in them.
func (d *Definition) Nodes() []*Node {
	return d.Root.all(nil)
}

func (b *Body) all(list []*Node) []*Node {
	for _, n := range b.Nodes {
		list = append(list, n)
		if n.Body != nil {
			list = n.Body.all(list)
		}
	}
	return list
}

// starts are the start events of the body.
func (b *Body) starts() []*Node {
	return b.filter(func(n *Node) bool { return n.Kind == KindStart })
}

// eventSubs are the event sub-processes that stand ready in the body.
func (b *Body) eventSubs() []*Node {
	return b.filter(func(n *Node) bool { return n.eventSub })
}

func (b *Body) filter(keep func(*Node) bool) []*Node {
	var list []*Node
	for _, n := range b.Nodes {
		if keep(n) {
			list = append(list, n)
		}
	}
	return list
}

// declared finds the type of a name declared in this very body.
func (b *Body) declared(name string) (DataType, bool) {
	for _, d := range b.Data {
		if d.Name == name {
			return d.Type, true
		}
	}
	return "", false
}

// loopAround is the innermost multi-instance that the node is, or is in; nil where there is none.
func (n *Node) loopAround() *Loop {
	for ; n != nil; n = n.parent.Node {
		if n.Loop != nil {
			return n.Loop
		}
	}
	return nil
}

// fixed are the attributes that are no expressions.
func (n *Node) fixed() map[string]string {
	m := maps.Clone(n.Attr)
	for name := range n.attrs {
		delete(m, name)
	}
	return m
}

// accepts tells whether the task has the outcome.
func (n *Node) accepts(outcome string) bool {
	return len(n.Outcomes) == 0 || slices.Contains(n.Outcomes, outcome)
}

// catches tells whether the node waits for what a trigger of that kind and name throws.
func (n *Node) catches(kind TriggerKind, name string) bool {
	return n.Trigger.Kind == kind && (n.Trigger.Name == name || kind == TriggerError && n.Trigger.Name == "")
}
