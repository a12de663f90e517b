package flow

import (
	"math"
	"strconv"
)

// drawing is what the file says about where things are.
type drawing struct {
	shapes []shape
	edges  []edge
}

type box struct{ x, y, w, h float64 }

// shape is the place of a node, lane, pool or note.
type shape struct {
	id, text string
	kind     string // local name of the model element
	box      box
	label    *box
	node     *Node
	vertical bool // a pool or lane whose name stands upright
	closed   bool // a sub-process drawn without its inside
}

// edge is the way of a sequence flow or association.
type edge struct {
	id, text string
	points   []point
	label    *box
	loose    bool // an association
	isOther  bool // a default flow
	when     bool // a conditional flow
}

type point struct{ x, y float64 }

// draw reads the diagram. A file without one is run all the same; Draw then shows nothing of it.
func (p *parser) draw(root *element) {
	model := map[string]*element{}
	index(root, model)
	diagrams := 0
	for _, d := range root.children {
		if d.space != nsBPMN || d.name != "BPMNDiagram" {
			continue
		}
		diagrams++
		if diagrams > 1 {
			p.problem(d, "只支持一张图")
			return
		}
		for _, plane := range d.children {
			p.plane(plane, model)
		}
	}
}

// index finds the elements of the model by id.
func index(e *element, into map[string]*element) {
	for _, c := range e.children {
		if c.space == nsModel {
			into[c.attr("id")] = c
			index(c, into)
		}
	}
}

func (p *parser) plane(plane *element, model map[string]*element) {
	for _, e := range plane.children {
		of := model[e.attr("bpmnElement")]
		if of == nil {
			p.problem(e, "图里的 %q 在流程里没有", e.attr("bpmnElement"))
			continue
		}
		switch e.name {
		case "BPMNShape":
			p.shape(e, of)
		case "BPMNEdge":
			p.edge(e, of)
		default:
			p.unsupported(e)
		}
	}
}

func (p *parser) shape(e, of *element) {
	s := shape{id: of.attr("id"), text: of.attr("name"), kind: of.name, node: p.def.nodes[of.attr("id")]}
	s.vertical = (of.name == "participant" || of.name == "lane") && e.attr("isHorizontal") != "false"
	s.closed = of.name == "subProcess" && e.attr("isExpanded") == "false"
	if t := of.childNamed("text"); t != nil {
		s.text = t.text
	}
	for _, c := range e.children {
		switch {
		case c.space == nsDC && c.name == "Bounds":
			s.box = p.bounds(c)
		case c.space == nsBPMN && c.name == "BPMNLabel":
			s.label = p.labelBox(c)
		default:
			p.unsupported(c)
		}
	}
	p.def.drawing.shapes = append(p.def.drawing.shapes, s)
}

func (p *parser) edge(e, of *element) {
	g := edge{id: of.attr("id"), text: of.attr("name"), loose: of.name == "association"}
	g.when = of.childNamed("conditionExpression") != nil
	if n := p.def.nodes[of.attr("sourceRef")]; n != nil {
		g.isOther = n.otherway != nil && n.otherway.ID == g.id
		g.when = g.when && !n.Kind.gateway()
	}
	for _, c := range e.children {
		switch {
		case c.space == nsDI && c.name == "waypoint":
			g.points = append(g.points, point{p.coordinate(c, "x"), p.coordinate(c, "y")})
		case c.space == nsBPMN && c.name == "BPMNLabel":
			g.label = p.labelBox(c)
		default:
			p.unsupported(c)
		}
	}
	if len(g.points) < 2 {
		p.problem(e, "连线至少要有两个点")
		return
	}
	p.def.drawing.edges = append(p.def.drawing.edges, g)
}

func (p *parser) labelBox(e *element) *box {
	for _, c := range e.children {
		if c.space == nsDC && c.name == "Bounds" {
			b := p.bounds(c)
			return &b
		}
	}
	return nil
}

func (p *parser) bounds(e *element) box {
	return box{p.coordinate(e, "x"), p.coordinate(e, "y"), p.coordinate(e, "width"), p.coordinate(e, "height")}
}

// coordinate reads a number of the drawing; nothing real lies beyond a hundred thousand.
func (p *parser) coordinate(e *element, name string) float64 {
	f, err := strconv.ParseFloat(e.attr(name), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e5 {
		p.problem(e, "坐标 %s=%q 不是合理的数", name, e.attr(name))
		return 0
	}
	return f
}
