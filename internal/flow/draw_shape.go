package flow

import "math"

// shape draws what stands on the frames: tasks, events, gateways, notes.
func (p *pen) shape(s shape) {
	switch {
	case s.node == nil && s.kind == "textAnnotation":
		p.note(s)
	case s.node == nil || s.node.Kind == KindSub && !s.closed:
	case s.node.Kind.activity():
		p.task(s)
	case s.node.Kind.gateway():
		p.gateway(s)
	default:
		p.event(s)
	}
}

func (p *pen) note(s shape) {
	b := s.box
	p.stroke(inkFaint, "1.5", point{b.x + 12, b.y}, point{b.x, b.y}, point{b.x, b.y + b.h}, point{b.x + 12, b.y + b.h})
	p.words(wrap(s.text, b.w-16), b.x+b.w/2, b.y+b.h/2, "12", inkFaint)
}

func (p *pen) task(s shape) {
	line, fill, width := p.ink(s.id)
	b := s.box
	p.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="6" fill="%s" stroke="%s" stroke-width="%s"/>`+"\n",
		num(b.x), num(b.y), num(b.w), num(b.h), fill, line, width)
	p.words(wrap(s.text, b.w-16), b.x+b.w/2, b.y+b.h/2+4, "14", inkText)
	p.taskSign(s.node.Kind, b.x+6, b.y+6)
	if s.node.Loop != nil {
		p.loop(s.node.Loop, b)
	}
	if p.marks.Done[s.id] && p.marks.Tokens[s.id] == 0 {
		p.stroke(inkDone, "2", point{b.x + b.w - 17, b.y + 11}, point{b.x + b.w - 13, b.y + 15}, point{b.x + b.w - 6, b.y + 7})
	}
	p.count(s.id, b)
}

// taskSign draws the sign of the kind of task, 14 × 12, in the upper left corner.
func (p *pen) taskSign(k Kind, x, y float64) {
	switch k {
	case KindUser:
		p.add(`<circle cx="%s" cy="%s" r="3" stroke="%s"/>`, num(x+7), num(y+4), inkLine)
		p.add(`<path d="M%s %sc0-7 12-7 12 0" stroke="%s"/>`+"\n", num(x+1), num(y+13), inkLine)
	case KindService:
		p.add(`<circle cx="%s" cy="%s" r="5" stroke="%s" stroke-dasharray="2.2 1.7" stroke-width="2"/>`, num(x+6), num(y+6), inkLine)
		p.add(`<circle cx="%s" cy="%s" r="2.5" stroke="%s"/>`+"\n", num(x+6), num(y+6), inkLine)
	case KindSend:
		p.envelope(x, y, 14, 10, inkLine, inkLine, fillNone)
	case KindReceive:
		p.envelope(x, y, 14, 10, inkLine, fillNone, inkLine)
	case KindRule:
		p.add(`<rect x="%s" y="%s" width="14" height="10" stroke="%s"/>`, num(x), num(y), inkLine)
		p.stroke(inkLine, "1", point{x, y + 4}, point{x + 14, y + 4})
		p.stroke(inkLine, "1", point{x + 5, y}, point{x + 5, y + 10})
	}
}

// envelope is filled for what is thrown and empty for what is caught.
func (p *pen) envelope(x, y, w, h float64, line, fill, flap string) {
	p.add(`<rect x="%s" y="%s" width="%s" height="%s" stroke="%s" fill="%s"/>`, num(x), num(y), num(w), num(h), line, fill)
	p.stroke(flap, "1", point{x, y}, point{x + w/2, y + h*0.55}, point{x + w, y})
}

func (p *pen) gateway(s shape) {
	line, fill, width := p.ink(s.id)
	b := s.box
	cx, cy := b.x+b.w/2, b.y+b.h/2
	p.add(`<path d="M%s %sL%s %sL%s %sL%s %sZ" fill="%s" stroke="%s" stroke-width="%s"/>`+"\n",
		num(cx), num(b.y), num(b.x+b.w), num(cy), num(cx), num(b.y+b.h), num(b.x), num(cy), fill, line, width)
	switch s.node.Kind {
	case KindExclusive:
		p.stroke(line, "2.5", point{cx - 6, cy - 7}, point{cx + 6, cy + 7})
		p.stroke(line, "2.5", point{cx + 6, cy - 7}, point{cx - 6, cy + 7})
	case KindParallel:
		p.stroke(line, "2.5", point{cx - 9, cy}, point{cx + 9, cy})
		p.stroke(line, "2.5", point{cx, cy - 9}, point{cx, cy + 9})
	case KindInclusive:
		p.add(`<circle cx="%s" cy="%s" r="9" stroke="%s" stroke-width="2.5"/>`+"\n", num(cx), num(cy), line)
	case KindEventGateway:
		p.add(`<circle cx="%s" cy="%s" r="12" stroke="%s"/>`, num(cx), num(cy), line)
		p.pentagon(cx, cy, 8, line, "none")
	}
	p.label(s)
	p.count(s.id, b)
}

func (p *pen) pentagon(cx, cy, r float64, line, fill string) {
	points := make([]point, 5)
	for i := range points {
		a := -math.Pi/2 + float64(i)*2*math.Pi/5
		points[i] = point{cx + r*math.Cos(a), cy + r*math.Sin(a)}
	}
	p.add(`<path d="%sZ" stroke="%s" fill="%s"/>`+"\n", way(points), line, fill)
}

func (p *pen) event(s shape) {
	line, fill, width := p.ink(s.id)
	b, n := s.box, s.node
	cx, cy, r := b.x+b.w/2, b.y+b.h/2, b.w/2
	if n.Kind == KindEnd {
		width = "3.5"
	}
	dash := ""
	if !n.Interrupting {
		dash = ` stroke-dasharray="4 3"`
	}
	p.add(`<circle cx="%s" cy="%s" r="%s" fill="%s" stroke="%s" stroke-width="%s"%s/>`+"\n", num(cx), num(cy), num(r), fill, line, width, dash)
	if n.Kind == KindBoundary || n.Kind == KindCatch || n.Kind == KindThrow {
		p.add(`<circle cx="%s" cy="%s" r="%s" stroke="%s"%s/>`+"\n", num(cx), num(cy), num(r-3), line, dash)
	}
	p.eventSign(n, cx, cy, line)
	p.label(s)
	p.count(s.id, b)
}

// eventSign draws what an event is about; thrown ones are filled.
func (p *pen) eventSign(n *Node, cx, cy float64, line string) {
	fill := "none"
	if n.Kind == KindEnd || n.Kind == KindThrow {
		fill = line
	}
	switch n.Trigger.Kind {
	case TriggerMessage:
		if fill == "none" {
			p.envelope(cx-8, cy-5.5, 16, 11, line, "none", line)
			return
		}
		p.envelope(cx-8, cy-5.5, 16, 11, line, line, fillNone)
	case TriggerTimer:
		p.add(`<circle cx="%s" cy="%s" r="9" stroke="%s"/>`, num(cx), num(cy), line)
		p.stroke(line, "1.5", point{cx, cy - 6}, point{cx, cy}, point{cx + 5, cy})
	case TriggerError:
		points := []point{{cx - 8, cy + 7}, {cx - 3, cy - 6}, {cx + 3, cy + 1}, {cx + 8, cy - 8}, {cx + 3, cy + 7}, {cx - 3, cy}}
		p.add(`<path d="%sZ" stroke="%s" fill="%s"/>`+"\n", way(points), line, fill)
	case TriggerSignal:
		p.add(`<path d="%sZ" stroke="%s" fill="%s"/>`+"\n", way([]point{{cx, cy - 8}, {cx + 8, cy + 6}, {cx - 8, cy + 6}}), line, fill)
	case TriggerTerminate:
		p.add(`<circle cx="%s" cy="%s" r="9" fill="%s"/>`+"\n", num(cx), num(cy), line)
	}
}

// label writes the name of an event or gateway in its place, else below.
func (p *pen) label(s shape) {
	if s.text == "" {
		return
	}
	if l := s.label; l != nil {
		p.words(wrap(s.text, l.w), l.x+l.w/2, l.y+l.h/2, "12", inkText)
		return
	}
	lines := wrap(s.text, 110)
	p.words(lines, s.box.x+s.box.w/2, s.box.y+s.box.h+6+8*float64(len(lines)), "12", inkText)
}
