package book

import (
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
)

// PDF sets the guide as a paper: a front, the contents with page numbers, then the text. The same guide gives the same bytes.
func (g *Guide) PDF(fonts *doc.Fonts) ([]byte, error) {
	draft := g.set(fonts, nil)
	if _, err := draft.Bytes(); err != nil {
		return nil, err
	}
	return g.set(fonts, draft.pages).Bytes()
}

// paper is a guide being set.
type paper struct {
	*doc.Builder
	pages map[string]int // page of each heading that has an ID
}

// Looks of the paper.
var (
	body    = doc.Style{Size: 10, Lead: 1.65, Sans: true, After: 4}
	contact = doc.Style{Size: 10, Lead: 1.9, Sans: true}
	line    = doc.Color{R: 200, G: 206, B: 214}
	ink     = doc.Color{R: 10, G: 76, B: 156}
)

// indent is the white before the name of a field that lies one object deeper.
const indent = "\u00a0\u00a0\u00a0"

// set lays the paper out. Without the pages of a first run the contents have room for the numbers only.
func (g *Guide) set(fonts *doc.Fonts, pages map[string]int) *paper {
	at, err := time.ParseInLocation(time.DateOnly, g.Date, clock.Shanghai())
	if err != nil {
		at = time.Time{}
	}
	p := &paper{pages: map[string]int{}, Builder: fonts.Begin(doc.Setup{Title: g.Title, Subject: g.Subtitle, Author: g.Subtitle, At: at, Number: true,
		Header: doc.Line{Left: g.Title, Right: "版本 " + g.Version}, Footer: doc.Line{Left: g.Subtitle}, Margin: doc.Margin{Top: 24 * doc.MM, Right: 18 * doc.MM, Bottom: 20 * doc.MM, Left: 18 * doc.MM}})}
	p.front(g)
	p.contents(g, pages)
	for i, block := range g.Blocks {
		p.Need(p.together(g.Blocks[i:]))
		p.block(block)
	}
	return p
}

func (p *paper) front(g *Guide) {
	p.Space(150)
	p.Para(doc.Style{Size: 26, Sans: true, Bold: true, Align: doc.Center, Lead: 1.5}, doc.T(g.Title))
	p.Para(doc.Style{Size: 13, Sans: true, Align: doc.Center, Color: doc.Grey, After: 60}, doc.T(g.Subtitle))
	t := doc.Table{Cols: []doc.Col{{Width: 22, Label: true}, {Width: 78}}, Size: 10.5, Sans: true, Line: line}
	for _, f := range g.Facts {
		t.Rows = append(t.Rows, doc.Row{{Text: spans(f[0])}, {Text: spans(f[1])}})
	}
	p.Table(t)
	p.NewPage()
}

// contents lists parts and sections with their pages.
func (p *paper) contents(g *Guide, pages map[string]int) {
	p.Para(doc.Style{Size: 18, Sans: true, Bold: true, After: 8}, doc.T("目录"))
	for _, block := range g.Blocks {
		h, ok := block.(Heading)
		if !ok || h.ID == "" || h.Level > 2 {
			continue
		}
		st, x := contact, p.Left()
		if h.Level == 1 {
			st.Bold = true
		} else {
			x += 18
		}
		height := st.Size * st.Lead
		p.Need(height)
		number := ""
		if n := pages[h.ID]; n > 0 {
			number = digits(n)
		}
		words := doc.T(h.Text)
		wide := p.TextWidth(st, words)
		p.Text(st, x, p.Y(), wide+1, words)
		p.Text(doc.Style{Size: st.Size, Lead: st.Lead, Sans: true, Align: doc.End}, p.Right()-30, p.Y(), 30, doc.T(number))
		if from := x + wide + 6; from < p.Right()-30 {
			p.HLine(from, p.Y()+height*0.62, p.Right()-28-from, 0.4, line)
		}
		p.Goto(h.ID, p.Left(), p.Y(), p.Width(), height)
		p.Down(height)
	}
}

func digits(n int) string {
	s := ""
	for ; n > 0; n /= 10 {
		s = string(rune('0'+n%10)) + s
	}
	return s
}

func (p *paper) block(block Block) {
	switch b := block.(type) {
	case Heading:
		p.heading(b)
	case Para:
		p.Para(body, spans(b.Text)...)
	case List:
		p.list(b)
	case Code:
		p.Space(2)
		p.Table(sample(b))
		p.Space(8)
	case Table:
		p.Space(2)
		p.Table(table(b))
		p.Space(10)
	case Lanes:
		p.lanes(b)
	}
}

// together is the height of what may not be torn apart at the start of blocks: headings and short words with the beginning of the
// table or the example that they announce; 0 where nothing is announced.
func (p *paper) together(blocks []Block) float64 {
	h := 0.0
	for _, block := range blocks {
		switch b := block.(type) {
		case Heading:
			h += p.Height(look(b), doc.T(b.Text))
		case Para:
			one := p.Height(body, spans(b.Text)...)
			if h += one; one > 50 {
				return h
			}
		case Table:
			return h + p.Opening(table(b)) + 2
		case Code:
			return h + p.Opening(sample(b)) + 2
		default:
			return h + 40
		}
	}
	return h
}

// sample is the box of an example.
func sample(c Code) doc.Table {
	return doc.Table{Cols: []doc.Col{{Width: 1}}, Rows: []doc.Row{{doc.Plain(c.Text)}}, Size: 8.5, Sans: true, Line: line, Top: true, Pad: 8}
}

// look is the style of a heading.
func look(h Heading) doc.Style {
	st := doc.Style{Sans: true, Bold: true, Lead: 1.4}
	switch h.Level {
	case 1:
		st.Size, st.After, st.Color = 18, 10, ink
	case 2:
		st.Size, st.Before, st.After = 14, 16, 6
	default:
		st.Size, st.Before, st.After = 11, 8, 3
	}
	return st
}

func (p *paper) heading(h Heading) {
	if h.Level == 1 {
		p.NewPage()
	}
	if h.ID != "" {
		p.pages[h.ID] = p.Pages()
		p.Anchor(h.ID)
	}
	p.Para(look(h), doc.T(h.Text))
}

func (p *paper) list(l List) {
	st := body
	st.After = 1
	for i, item := range l.Items {
		mark := "·　"
		st.Hang = 1.4
		if l.Numbered {
			mark, st.Hang = digits(i+1)+". ", 1.6
		}
		p.Para(st, append([]doc.Span{doc.T(mark)}, spans(item)...)...)
	}
	p.Space(4)
}

func table(b Table) doc.Table {
	t := doc.Table{Size: 8.5, Sans: true, Line: line, Top: true, Pad: 4}
	for i, w := range b.Widths {
		t.Cols = append(t.Cols, doc.Col{Width: w, Again: i == 0, Label: b.Head == nil && i == 0})
	}
	if b.Head != nil {
		t.Head = []doc.Row{doc.Strings(b.Head...)}
	}
	for _, row := range b.Rows {
		var cells doc.Row
		for i, c := range row.Cells {
			text := spans(c)
			if i == 0 && row.Depth > 0 {
				text = append([]doc.Span{doc.T(strings.Repeat(indent, row.Depth))}, text...)
			}
			cells = append(cells, doc.Cell{Text: text})
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// lanes draws what passes between two sides; the sides are named again on each page.
func (p *paper) lanes(l Lanes) {
	const step, head, wide = 30.0, 26.0, 110.0
	left, right := p.Left()+wide/2, p.Right()-wide/2
	sides := func() {
		st := doc.Style{Size: 10, Lead: 1.6, Sans: true, Bold: true, Align: doc.Center}
		for _, side := range []struct {
			x     float64
			words string
		}{{left, l.Left}, {right, l.Right}} {
			p.Box(side.x-wide/2, p.Y(), wide, 20, 0.8, ink)
			p.Text(st, side.x-wide/2, p.Y()+2, wide, doc.T(side.words))
		}
		p.Down(head)
	}
	p.Need(head + 3*step)
	sides()
	small := doc.Style{Size: 7.5, Lead: 1.4, Sans: true, Align: doc.Center, Color: doc.Grey}
	title := doc.Style{Size: 9, Lead: 1.4, Sans: true, Align: doc.Center}
	for _, s := range l.Steps {
		if p.Y()+step > p.Bottom() {
			p.NewPage()
			sides()
		}
		y := p.Y()
		p.Box(left, y-6, 0, step, 0.5, line)
		p.Box(right, y-6, 0, step, 0.5, line)
		p.Text(title, left, y-3, right-left, doc.T(s.Title))
		from, to := left+2, right-2
		if s.ToLeft {
			from, to = to, from
		}
		p.Arrow(from, to, y+11, ink)
		p.Text(small, left, y+12, right-left, doc.T(string(s.Operation)+"（"+s.Answer+"）"))
		p.Goto(operationID(s.Operation), left, y-3, right-left, step-4)
		p.Down(step)
	}
	p.Space(10)
}

func spans(t Text) []doc.Span {
	out := make([]doc.Span, len(t))
	for i, s := range t {
		out[i] = doc.Span{Text: s.Text, Bold: s.Bold}
	}
	return out
}
