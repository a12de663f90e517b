package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// source wraps elements into a file with one process. Messages m1…m3, signals s1, s2 and errors e1, e2 are declared.
func source(inner string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:yc="https://yichuang.cn/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="defs" targetNamespace="https://yichuang.cn/test">
`)
	for _, name := range []string{"m1", "m2", "m3"} {
		fmt.Fprintf(&b, "<bpmn:message id=%q name=%q/>\n", "msg-"+name, name)
	}
	for _, name := range []string{"s1", "s2"} {
		fmt.Fprintf(&b, "<bpmn:signal id=%q name=%q/>\n", "sig-"+name, name)
	}
	for _, name := range []string{"e1", "e2"} {
		fmt.Fprintf(&b, "<bpmn:error id=%q errorCode=%q/>\n", "err-"+name, name)
	}
	fmt.Fprintf(&b, "<bpmn:process id=\"p\" isExecutable=\"true\">\n%s\n</bpmn:process>\n</bpmn:definitions>\n", inner)
	return b.String()
}

// flows writes sequence flows given as "a b" or "a b condition"; a name that begins with * is the default of its source.
func flows(list ...string) string {
	var b strings.Builder
	for _, s := range list {
		parts := strings.SplitN(s, " ", 3)
		fmt.Fprintf(&b, `<bpmn:sequenceFlow id="%s-%s" sourceRef=%q targetRef=%q>`, parts[0], parts[1], parts[0], parts[1])
		if len(parts) == 3 {
			fmt.Fprintf(&b, `<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">%s</bpmn:conditionExpression>`, escape(parts[2]))
		}
		b.WriteString("</bpmn:sequenceFlow>\n")
	}
	return b.String()
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// define parses a process that must be well.
func define(t testing.TB, inner ...string) *Definition {
	t.Helper()
	d, err := Parse(strings.NewReader(source(strings.Join(inner, "\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// driver plays an instance as a test tells it, and keeps its history.
type driver struct {
	t        testing.TB
	def      *Definition
	state    State
	history  []Event
	passed   []string
	sent     []string
	canceled []string
}

func drive(t testing.TB, d *Definition, data map[string]any) *driver {
	t.Helper()
	r := &driver{t: t, def: d}
	r.do(StartEvent(data))
	return r
}

// try applies an event and keeps the result when it's accepted. The state goes through JSON each time, as in the database.
func (r *driver) try(e Event) error {
	r.t.Helper()
	before := encode(r.t, r.state)
	s, commands, err := Step(r.def, r.state, e)
	if err != nil {
		if got := encode(r.t, s); got != before {
			r.t.Fatalf("refused event %+v changed the state:\n%s\n%s", e, before, got)
		}
		return err
	}
	if got := encode(r.t, r.state); got != before {
		r.t.Fatalf("event %+v changed the old state:\n%s\n%s", e, before, got)
	}
	r.history = append(r.history, e)
	r.state = State{}
	if err := json.Unmarshal([]byte(encode(r.t, s)), &r.state); err != nil {
		r.t.Fatal(err)
	}
	for _, c := range commands {
		switch c := c.(type) {
		case Passed:
			r.passed = append(r.passed, c.Node.ID)
		case OpenWork:
			if c.Kind == WorkSend {
				r.sent = append(r.sent, c.Node.ID)
			}
		case CancelWork:
			r.canceled = append(r.canceled, c.Node.ID)
		}
	}
	checkState(r.t, r.def, r.state)
	return nil
}

func (r *driver) do(e Event) {
	r.t.Helper()
	if err := r.try(e); err != nil {
		r.t.Fatalf("%+v: %v", e, err)
	}
}

// finish completes the oldest open work at a node.
func (r *driver) finish(node, outcome string, data ...any) {
	r.t.Helper()
	v := map[string]any{}
	if outcome != "" {
		v["outcome"] = outcome
	}
	for i := 0; i < len(data); i += 2 {
		v[data[i].(string)] = data[i+1]
	}
	r.do(CompleteEvent(r.workAt(node), v))
}

func (r *driver) workAt(node string) ID {
	r.t.Helper()
	for _, w := range r.state.Works {
		if w.Node == node {
			return w.ID
		}
	}
	r.t.Fatalf("no work at %s, only at %v", node, r.open())
	return 0
}

// fire fires the oldest timer of an event.
func (r *driver) fire(node string) {
	r.t.Helper()
	for _, tm := range r.state.Timers {
		if tm.Node == node {
			r.do(TimerEvent(tm.ID))
			return
		}
	}
	r.t.Fatalf("no timer at %s: %+v", node, r.state.Timers)
}

// open are the nodes of the open works, in order of opening.
func (r *driver) open() []string {
	nodes := []string{}
	for _, w := range r.state.Works {
		nodes = append(nodes, w.Node)
	}
	return nodes
}

func (r *driver) wantOpen(nodes ...string) {
	r.t.Helper()
	got := r.open()
	slices.Sort(got)
	slices.Sort(nodes)
	if !slices.Equal(got, nodes) {
		r.t.Fatalf("open works %v, want %v", got, nodes)
	}
}

func (r *driver) wantEnd(end string) {
	r.t.Helper()
	if r.state.Status != Ended || r.state.End != end {
		r.t.Fatalf("instance is %s by %q with %v open, want end %q", r.state.Status, r.state.End, r.open(), end)
	}
}

func encode(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checkState checks what holds between any two steps.
func checkState(t testing.TB, d *Definition, s State) {
	t.Helper()
	if err := stateProblem(d, s); err != nil {
		t.Fatalf("%v in %s", err, encode(t, s))
	}
}

func stateProblem(d *Definition, s State) error {
	ids := map[ID]bool{}
	fresh := func(id ID) error {
		if id <= 0 || id > s.Last || ids[id] {
			return fmt.Errorf("id %d is wrong or used twice", id)
		}
		ids[id] = true
		return nil
	}
	var errs []error
	at := map[ID]int{} // token → what it waits for
	for _, sc := range s.Scopes {
		errs = append(errs, fresh(sc.ID))
		if sc.Parent != 0 && s.scope(sc.Parent) == nil {
			errs = append(errs, fmt.Errorf("scope %d has lost its parent", sc.ID))
		}
		if sc.Token != 0 {
			at[sc.Token]++
		}
	}
	for _, w := range s.Works {
		errs = append(errs, fresh(w.ID))
		if tok := s.token(w.Token); tok == nil || tok.Node != w.Node {
			errs = append(errs, fmt.Errorf("work %d has lost its token", w.ID))
		}
		at[w.Token]++
	}
	for _, tm := range s.Timers {
		errs = append(errs, fresh(tm.ID))
		if tm.Token != 0 && s.token(tm.Token) == nil || tm.Scope != 0 && s.scope(tm.Scope) == nil {
			errs = append(errs, fmt.Errorf("timer %d has lost what it stands on", tm.ID))
		}
	}
	for _, tok := range s.Tokens {
		errs = append(errs, fresh(tok.ID))
		n, ok := d.Node(tok.Node)
		if !ok || s.scope(tok.Scope) == nil {
			errs = append(errs, fmt.Errorf("token %d is nowhere", tok.ID))
			continue
		}
		if n.Kind.activity() && at[tok.ID] != 1 {
			errs = append(errs, fmt.Errorf("token %d waits at %s for %d things", tok.ID, n.ID, at[tok.ID]))
		}
		if n.Kind == KindExclusive || n.Kind == KindStart || n.Kind == KindEnd || n.Kind == KindBoundary {
			errs = append(errs, fmt.Errorf("token %d rests at %s", tok.ID, n.ID))
		}
	}
	switch {
	case s.Status == Ended && (len(s.Tokens)+len(s.Works)+len(s.Timers) > 0 || len(s.Scopes) != 1):
		errs = append(errs, errors.New("ended with something left"))
	case s.Status == Running && len(s.Works) == 0 && len(Waits(d, s)) == 0:
		errs = append(errs, errors.New("runs, and waits for nothing"))
	}
	return errors.Join(errs...)
}
