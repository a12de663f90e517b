package flow

import (
	"fmt"
	"math"
	"testing"
)

// A drawing that people can read: everything is there and inside what holds it, nothing lies on anything else, and no
// line runs through a box or a word.
func TestSaleDrawingIsTidy(t *testing.T) {
	d := sale(t)
	g := d.drawing
	places := map[string]shape{}
	for _, s := range g.shapes {
		places[s.id] = s
	}
	ways := map[string]edge{}
	for _, e := range g.edges {
		ways[e.id] = e
	}
	for _, n := range d.Nodes() {
		if _, ok := places[n.ID]; !ok {
			t.Errorf("%s is not drawn", n.ID)
		}
		for _, s := range n.out {
			if _, ok := ways[s.ID]; !ok {
				t.Errorf("%s is not drawn", s.ID)
			}
		}
		if n.Name == "" && n.Kind.task() {
			t.Errorf("%s has no name", n.ID)
		}
	}
	checkNesting(t, d, places)

	words := wordsOf(g)
	for i, a := range words {
		for _, b := range words[i+1:] {
			if a.box.shrink(1).meets(b.box.shrink(1)) {
				t.Errorf("words %q and %q lie on each other", a.text, b.text)
			}
		}
		for _, s := range g.shapes {
			if s.node.Kind != KindSub && a.box.shrink(1).meets(s.box) {
				t.Errorf("word %q lies on %s", a.text, s.id)
			}
		}
		for _, e := range g.edges {
			for _, seg := range e.segments() {
				if a.box.shrink(3).meets(seg) {
					t.Errorf("%s runs through the word %q", e.id, a.text)
				}
			}
		}
	}
	checkWays(t, d, g)
}

// checkNesting wants every node inside its sub-process and apart from its siblings.
func checkNesting(t *testing.T, d *Definition, places map[string]shape) {
	nodes := d.Nodes()
	for i, n := range nodes {
		b := places[n.ID].box
		if hold := n.parent.Node; hold != nil && n.Attached == nil {
			h := places[hold.ID].box
			if b.x < h.x+8 || b.y < h.y+8 || b.x+b.w > h.x+h.w-8 || b.y+b.h > h.y+h.h-8 {
				t.Errorf("%s sticks out of %s", n.ID, hold.ID)
			}
		}
		if n.Attached != nil {
			h := places[n.Attached.ID].box
			c := box{b.x + b.w/2, b.y + b.h/2, 0, 0}
			onEdge := c.x == h.x || c.x == h.x+h.w || c.y == h.y || c.y == h.y+h.h
			if !onEdge || !h.grow(1).meets(c.grow(1)) {
				t.Errorf("%s does not sit on the edge of %s", n.ID, n.Attached.ID)
			}
		}
		for _, m := range nodes[i+1:] {
			if m.parent == n.parent && m.Attached != n && n.Attached != m && b.grow(4).meets(places[m.ID].box) {
				t.Errorf("%s and %s lie on each other", n.ID, m.ID)
			}
		}
	}
}

// checkWays wants lines that begin and end at their nodes and run through no other.
func checkWays(t *testing.T, d *Definition, g drawing) {
	flows := map[string]*Sequence{}
	for _, n := range d.Nodes() {
		for _, s := range n.out {
			flows[s.ID] = s
		}
	}
	for _, e := range g.edges {
		s := flows[e.id]
		for i, seg := range e.segments() {
			if seg.w > 0 && seg.h > 0 {
				t.Errorf("%s runs aslant in segment %d", e.id, i)
			}
		}
		for _, p := range g.shapes {
			if p.node == s.From || p.node == s.To || p.node.Kind == KindSub && holds(p.node, s.From) || p.node == s.From.Attached {
				continue
			}
			for _, seg := range e.segments() {
				if seg.meets(p.box.shrink(1)) {
					t.Errorf("%s runs through %s", e.id, p.id)
				}
			}
		}
		for _, end := range []struct {
			at point
			n  *Node
		}{{e.points[0], s.From}, {e.points[len(e.points)-1], s.To}} {
			b := places(g, end.n.ID)
			if !b.grow(0.5).meets(box{end.at.x, end.at.y, 0, 0}.grow(0.5)) {
				t.Errorf("%s does not touch %s", e.id, end.n.ID)
			}
		}
	}
}

func places(g drawing, id string) box {
	for _, s := range g.shapes {
		if s.id == id {
			return s.box
		}
	}
	panic(fmt.Sprintf("no shape of %s", id))
}

// holds tells whether n is somewhere inside sub.
func holds(sub, n *Node) bool {
	for b := n.parent; b.Node != nil; b = b.parent {
		if b.Node == sub {
			return true
		}
	}
	return false
}

type word struct {
	text string
	box  box
}

// wordsOf lists all labels, and the titles of sub-processes.
func wordsOf(g drawing) []word {
	var list []word
	for _, s := range g.shapes {
		switch {
		case s.node.Kind == KindSub:
			list = append(list, word{s.text, box{s.box.x + 14, s.box.y + 10, 15 * float64(len([]rune(s.text))), 18}})
		case s.label != nil:
			list = append(list, word{s.text, *s.label})
		}
	}
	for _, e := range g.edges {
		if e.label != nil {
			list = append(list, word{e.text + " of " + e.id, *e.label})
		}
	}
	return list
}

func (e edge) segments() []box {
	var list []box
	for i := 1; i < len(e.points); i++ {
		a, b := e.points[i-1], e.points[i]
		list = append(list, box{math.Min(a.x, b.x), math.Min(a.y, b.y), math.Abs(a.x - b.x), math.Abs(a.y - b.y)})
	}
	return list
}

func (b box) grow(d float64) box   { return box{b.x - d, b.y - d, b.w + 2*d, b.h + 2*d} }
func (b box) shrink(d float64) box { return b.grow(-d) }

func (b box) meets(c box) bool {
	return b.x < c.x+c.w && c.x < b.x+b.w && b.y < c.y+c.h && c.y < b.y+b.h
}
