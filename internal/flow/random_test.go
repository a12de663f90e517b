package flow

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Random well-formed flows under random events: the engine agrees with a model that knows no tokens, its states are
// sound, refused events change nothing, a replay of the history gives the same state, and every run can be brought to
// an end.
func TestRandomFlows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maker := &flowMaker{t: t, left: 25}
		b := maker.process()
		src := maker.bpmn(b)
		d, err := Parse(strings.NewReader(src))
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		p := &play{t: t, def: d, src: src, model: &model{}}
		p.step(StartEvent(nil))
		p.model.root = p.model.start(b)
		p.compare()
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			if p.state.Status != Running {
				break
			}
			p.random()
		}
		p.bringToEnd()
		again, err := Replay(d, p.history)
		if err != nil || p.encode(again) != p.encode(p.state) {
			t.Fatalf("replay gives %v\n%s\nwant\n%s", err, p.encode(again), p.encode(p.state))
		}
	})
}

// start begins the process. The root is known before it's entered, since it may end at once.
func (m *model) start(b *block) *live {
	m.root = &live{b: b, fired: map[int]bool{}}
	m.enter(m.root)
	return m.root
}

// play is one random run of engine and model side by side.
type play struct {
	t       *rapid.T
	def     *Definition
	src     string
	state   State
	history []Event
	model   *model
}

func (p *play) encode(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(raw)
}

// step applies an event that must be accepted, through JSON.
func (p *play) step(e Event) {
	before := p.encode(p.state)
	s, _, err := Step(p.def, p.state, e)
	if err != nil {
		p.t.Fatalf("%+v refused: %v\n%s", e, err, p.src)
	}
	if p.encode(p.state) != before {
		p.t.Fatalf("%+v changed the old state\n%s", e, p.src)
	}
	p.history = append(p.history, e)
	p.state = State{}
	if err := json.Unmarshal([]byte(p.encode(s)), &p.state); err != nil {
		p.t.Fatal(err)
	}
	if err := stateProblem(p.def, p.state); err != nil {
		p.t.Fatalf("after %+v: %v\n%s\n%s", e, err, p.encode(p.state), p.src)
	}
}

// refuse applies an event that must be refused, and must change nothing.
func (p *play) refuse(e Event, want error) {
	before := p.encode(p.state)
	s, commands, err := Step(p.def, p.state, e)
	if !errors.Is(err, want) || commands != nil || p.encode(s) != before {
		p.t.Fatalf("%+v gave %v and %v, want %v\n%s", e, err, commands, want, p.src)
	}
}

// compare wants the same works open, the same timers armed, and the same end.
func (p *play) compare() {
	var got, want []string
	for _, w := range p.state.Works {
		got = append(got, w.Node)
	}
	for _, l := range p.model.works() {
		want = append(want, l.b.id)
	}
	for _, tm := range p.state.Timers {
		got = append(got, "timer "+tm.Node)
	}
	for _, h := range p.model.waiting(TriggerTimer, "") {
		want = append(want, "timer "+h.id())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || (p.state.Status == Ended) != p.model.ended {
		p.t.Fatalf("engine (%s) waits for %v,\nmodel (ended %t) for %v\nhistory %s\n%s", p.state.Status, got, p.model.ended, want, p.encode(p.history), p.src)
	}
}

// random does one thing that may happen, or one that may not.
func (p *play) random() {
	switch rapid.IntRange(0, 9).Draw(p.t, "event") {
	case 0, 1, 2, 3:
		if n := len(p.state.Works); n > 0 {
			p.complete(rapid.IntRange(0, n-1).Draw(p.t, "work"), rapid.IntRange(0, 4).Draw(p.t, "c"))
		}
	case 4:
		if n := len(p.state.Works); n > 0 {
			p.failWork(rapid.IntRange(0, n-1).Draw(p.t, "work"))
		}
	case 5, 6:
		if n := len(p.state.Timers); n > 0 {
			p.fire(rapid.IntRange(0, n-1).Draw(p.t, "timer"))
		}
	case 7:
		p.message(rapid.SampledFrom([]string{"m1", "m2", "m3"}).Draw(p.t, "message"))
	case 8:
		c := rapid.IntRange(0, 4).Draw(p.t, "c")
		p.model.c = c
		p.step(SetEvent(map[string]any{"c": c}))
	default:
		p.refuse(CompleteEvent(p.state.Last+1, nil), ErrNoSuchWork)
		p.refuse(FailEvent(p.state.Last+1, "e1", nil), ErrNoSuchWork)
		p.refuse(TimerEvent(p.state.Last+1), ErrNoSuchTimer)
		p.refuse(MessageEvent("m9", nil), ErrNoCatch)
		p.refuse(StartEvent(nil), ErrStarted)
		p.refuse(Event{Kind: "dance"}, ErrEvent)
	}
	p.compare()
}

// nth counts how many of the same kind are before the i-th.
func nth(nodes []string, i int) (node string, k int) {
	for _, n := range nodes[:i] {
		if n == nodes[i] {
			k++
		}
	}
	return nodes[i], k
}

// workAt finds in the model the work that is the i-th of the engine.
func (p *play) workAt(i int) *live {
	var nodes []string
	for _, w := range p.state.Works {
		nodes = append(nodes, w.Node)
	}
	node, k := nth(nodes, i)
	for _, l := range p.model.works() {
		if l.b.id == node {
			if k == 0 {
				return l
			}
			k--
		}
	}
	p.t.Fatalf("the model has no work %s\n%s", node, p.src)
	return nil
}

func (p *play) complete(i, c int) {
	l := p.workAt(i)
	id := p.state.Works[i].ID
	p.step(CompleteEvent(id, map[string]any{"c": c}))
	p.model.c = c
	p.model.finish(l)
	if p.state.Status == Running {
		p.refuse(CompleteEvent(id, nil), ErrNoSuchWork)
	}
}

func (p *play) failWork(i int) {
	l := p.workAt(i)
	e := FailEvent(p.state.Works[i].ID, "e1", nil)
	if !p.model.raise(l) {
		p.refuse(e, ErrUncaught)
		return
	}
	p.step(e)
}

func (p *play) fire(i int) {
	var nodes []string
	for _, tm := range p.state.Timers {
		nodes = append(nodes, tm.Node)
	}
	node, k := nth(nodes, i)
	id := p.state.Timers[i].ID
	var at []holder
	for _, h := range p.model.waiting(TriggerTimer, "") {
		if h.id() == node {
			at = append(at, h)
		}
	}
	slices.SortStableFunc(at, func(a, b holder) int { return a.l.order - b.l.order })
	p.step(TimerEvent(id))
	p.model.happens(at[k])
	if p.state.Status == Running {
		p.refuse(TimerEvent(id), ErrNoSuchTimer)
	}
}

func (p *play) message(name string) {
	e := MessageEvent(name, nil)
	if len(p.model.waiting(TriggerMessage, name)) == 0 {
		p.refuse(e, ErrNoCatch)
		return
	}
	p.step(e)
	p.model.message(name)
}

// bringToEnd does what leads on until the instance is over.
func (p *play) bringToEnd() {
	for range 3000 {
		switch {
		case p.state.Status == Ended:
			p.refuse(MessageEvent("m1", nil), ErrEnded)
			return
		case len(p.state.Works) > 0:
			p.complete(0, 1)
		case len(p.model.waiting(TriggerMessage, "m1")) > 0:
			p.message("m1")
		case len(p.model.waiting(TriggerMessage, "m2")) > 0:
			p.message("m2")
		default:
			p.fire(0)
		}
		p.compare()
	}
	p.t.Fatalf("never ends: %s\n%s", p.encode(p.state), p.src)
}
