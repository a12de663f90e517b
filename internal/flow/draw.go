package flow

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Marks say how far an instance is, for the drawing.
type Marks struct {
	Tokens map[string]int  // node → how many tokens wait there
	Done   map[string]bool // nodes and sequence flows that tokens have passed
}

// MarksOf shows where the tokens of a state are. Done comes from the history.
func MarksOf(s State) Marks {
	m := Marks{Tokens: map[string]int{}, Done: map[string]bool{}}
	for _, t := range s.Tokens {
		m.Tokens[t.Node]++
	}
	return m
}

// Colours of the drawing, those of the style sheet. Colour never stands alone: what is open also has a number and a
// thick line, what is done a tick.
const (
	inkLine  = "#48566a"
	inkText  = "#17212e"
	inkFaint = "#6f7c8f"
	inkNow   = "#0a4c9c"
	inkDone  = "#085a39"
	fillNone = "#ffffff"
	fillNow  = "#e9f1fb"
	fillDone = "#e4f4ec"
	fillSub  = "#fbfcfd"
	fontHan  = "PingFang SC,Hiragino Sans GB,Microsoft YaHei,Noto Sans CJK SC,Source Han Sans SC,SimSun,sans-serif"
)

// Draw writes the definition as an SVG image, with the marks of an instance. It uses presentation attributes only, so
// that it may stand in a page whose policy allows no inline style.
func Draw(w io.Writer, d *Definition, marks Marks) error {
	p := &pen{w: bufio.NewWriter(w), marks: marks}
	p.open(d)
	for _, s := range d.drawing.shapes { // frames first: all else stands on them
		if s.kind == "subProcess" || s.kind == "participant" || s.kind == "lane" {
			p.frame(s)
		}
	}
	for _, e := range d.drawing.edges {
		p.edge(e)
	}
	for _, s := range d.drawing.shapes {
		p.shape(s)
	}
	p.add("</svg>\n")
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("flow: draw: %w", err)
	}
	return nil
}

// pen writes elements; the buffer keeps the first error until it is flushed.
type pen struct {
	w     *bufio.Writer
	marks Marks
}

func (p *pen) add(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// num writes a coordinate with at most one decimal.
func num(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// text escapes what people wrote.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}

// open writes the head: the part of the plane that is drawn on, and the heads of arrows.
func (p *pen) open(d *Definition) {
	b := d.drawing.extent()
	p.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="%s %s %s %s" width="%s" height="%s" role="img" aria-label="%s流程图" font-family="%s" font-size="13" fill="none">`+"\n",
		num(b.x), num(b.y), num(b.w), num(b.h), num(b.w), num(b.h), text(d.Name), text(fontHan))
	p.add("<title>%s流程图</title>\n<defs>\n", text(d.Name))
	for _, head := range []struct{ id, colour string }{{"flow-head", inkLine}, {"flow-head-done", inkDone}} {
		p.add(`<marker id="%s" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 1L10 5L0 9Z" fill="%s"/></marker>`+"\n", head.id, head.colour)
	}
	p.add("</defs>\n")
}

// extent is everything that is drawn, with a margin.
func (g drawing) extent() box {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	grow := func(x, y float64) {
		x0, y0, x1, y1 = math.Min(x0, x), math.Min(y0, y), math.Max(x1, x), math.Max(y1, y)
	}
	around := func(b *box) {
		if b != nil {
			grow(b.x, b.y)
			grow(b.x+b.w, b.y+b.h)
		}
	}
	for _, s := range g.shapes {
		around(&s.box)
		around(s.label)
	}
	for _, e := range g.edges {
		around(e.label)
		for _, pt := range e.points {
			grow(pt.x, pt.y)
		}
	}
	if x0 > x1 {
		return box{0, 0, 100, 100}
	}
	const margin = 24
	return box{x0 - margin, y0 - margin, x1 - x0 + 2*margin, y1 - y0 + 2*margin}
}

// ink is how a node or flow is drawn by its mark: line, filling, width.
func (p *pen) ink(id string) (line, fill, width string) {
	switch {
	case p.marks.Tokens[id] > 0:
		return inkNow, fillNow, "3"
	case p.marks.Done[id]:
		return inkDone, fillDone, "1.5"
	}
	return inkLine, fillNone, "1.5"
}

// frame draws a sub-process, pool or lane.
func (p *pen) frame(s shape) {
	line, _, width := p.ink(s.id)
	dash, corner := "", "8"
	if s.node != nil && s.node.eventSub {
		dash = ` stroke-dasharray="3 4"`
	}
	if s.kind != "subProcess" {
		corner = "0"
	}
	b := s.box
	p.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="%s" fill="%s" stroke="%s" stroke-width="%s"%s/>`+"\n",
		num(b.x), num(b.y), num(b.w), num(b.h), corner, fillSub, line, width, dash)
	if s.vertical {
		p.add(`<text x="%s" y="%s" fill="%s" text-anchor="middle" transform="rotate(-90 %s %s)">%s</text>`+"\n",
			num(b.x+18), num(b.y+b.h/2), inkText, num(b.x+18), num(b.y+b.h/2), text(s.text))
		return
	}
	p.add(`<text x="%s" y="%s" fill="%s" font-size="15" font-weight="bold">%s</text>`+"\n", num(b.x+14), num(b.y+24), inkText, text(s.text))
	if s.node != nil && s.node.Loop != nil {
		p.loop(s.node.Loop, b)
	}
	p.count(s.id, b)
}

// loop draws the three strokes of a multi-instance at the lower edge.
func (p *pen) loop(l *Loop, b box) {
	for i := -1.0; i <= 1; i++ {
		x, y := b.x+b.w/2+i*4, b.y+b.h-12
		if l.Sequential {
			p.stroke(inkText, "1.5", point{b.x + b.w/2 - 6, y + 5 + i*4}, point{b.x + b.w/2 + 6, y + 5 + i*4})
			continue
		}
		p.stroke(inkText, "1.5", point{x, y}, point{x, y + 9})
	}
}

// stroke draws a line through points.
func (p *pen) stroke(line, width string, points ...point) {
	p.add(`<path d="%s" stroke="%s" stroke-width="%s"/>`+"\n", way(points), line, width)
}

func way(points []point) string {
	var b strings.Builder
	for i, pt := range points {
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		b.WriteString(verb + num(pt.x) + " " + num(pt.y))
	}
	return b.String()
}

// count shows how many tokens wait, in the upper right corner.
func (p *pen) count(id string, b box) {
	n := p.marks.Tokens[id]
	if n == 0 {
		return
	}
	p.add(`<circle cx="%s" cy="%s" r="10" fill="%s"/><text x="%s" y="%s" fill="#ffffff" font-size="12" font-weight="bold" text-anchor="middle">%d</text>`+"\n",
		num(b.x+b.w), num(b.y), inkNow, num(b.x+b.w), num(b.y+4), n)
}

// edge draws a sequence flow or the line to a note.
func (p *pen) edge(e edge) {
	line, head, width := inkLine, "flow-head", "1.5"
	if p.marks.Done[e.id] {
		line, head, width = inkDone, "flow-head-done", "2.5"
	}
	end := fmt.Sprintf(` marker-end="url(#%s)"`, head)
	if e.loose {
		end = ` stroke-dasharray="2 4"`
	}
	p.add(`<path d="%s" stroke="%s" stroke-width="%s" stroke-linejoin="round"%s/>`+"\n", way(e.points), line, width, end)
	if e.isOther {
		p.slash(e.points[0], e.points[1], line)
	}
	if e.text == "" {
		return
	}
	if e.label != nil {
		p.words(wrap(e.text, e.label.w), e.label.x+e.label.w/2, e.label.y+e.label.h/2, "12", inkText)
		return
	}
	a, b := e.points[0], e.points[1]
	p.words([]string{e.text}, (a.x+b.x)/2, (a.y+b.y)/2-10, "12", inkText)
}

// slash marks a default flow near its source.
func (p *pen) slash(from, to point, line string) {
	d := math.Hypot(to.x-from.x, to.y-from.y)
	if d < 16 {
		return
	}
	x, y := from.x+(to.x-from.x)/d*10, from.y+(to.y-from.y)/d*10
	p.stroke(line, "1.5", point{x - 4, y + 5}, point{x + 4, y - 5})
}

// words writes lines of text around a middle.
func (p *pen) words(lines []string, x, y float64, size, colour string) {
	px, _ := strconv.ParseFloat(size, 64)
	step := px * 1.35
	y += px*0.36 - step*float64(len(lines)-1)/2
	for i, s := range lines {
		p.add(`<text x="%s" y="%s" fill="%s" font-size="%s" text-anchor="middle">%s</text>`+"\n", num(x), num(y+step*float64(i)), colour, size, text(s))
	}
}

// wrap breaks text into lines no wider than w, counting 13 for a Han character and 7 for others.
func wrap(s string, w float64) []string {
	var lines []string
	line, used := "", 0.0
	for _, r := range s {
		need := 13.0
		if r < 0x2000 {
			need = 7
		}
		if used+need > w && line != "" {
			lines = append(lines, line)
			line, used = "", 0
		}
		line += string(r)
		used += need
	}
	return append(lines, line)
}
