package doc

import "github.com/signintech/gopdf"

// Para sets a paragraph across the whole width, over as many pages as it needs. Newlines in spans begin new lines.
func (b *Builder) Para(st Style, spans ...Span) {
	b.Space(st.Before)
	lines := b.lines(spans, st, b.Width())
	h := st.height()
	for i, l := range lines {
		// A page neither begins with the last line of a paragraph nor ends with its first.
		keep := 1
		if len(lines) > 2 && (i == 0 || i == len(lines)-2) {
			keep = 2
		}
		b.Need(float64(keep) * h)
		x := b.Left()
		if i == 0 {
			x += st.Indent * st.size()
		} else {
			x += st.Hang * st.size()
		}
		b.drawLine(l, st, rect{x, b.y, b.Right() - x, h})
		b.y += h
	}
	b.Space(st.After)
}

// Height is the height that Para would take without page breaks.
func (b *Builder) Height(st Style, spans ...Span) float64 {
	return st.Before + float64(len(b.lines(spans, st, b.Width())))*st.height() + st.After
}

// TextWidth is the width of spans on one line.
func (b *Builder) TextWidth(st Style, spans ...Span) float64 { return sum(b.shape(spans, st)) }

// Text sets spans in a box of width w whose upper left corner is x, y from the page's, wrapped, without touching the
// flow of the page, and returns the height used.
func (b *Builder) Text(st Style, x, y, w float64, spans ...Span) float64 {
	h := st.height()
	for i, l := range b.lines(spans, st, w) {
		b.drawLine(l, st, rect{x, y + float64(i)*h, w, h})
	}
	return float64(len(b.lines(spans, st, w))) * h
}

// lines wraps spans for a box of width w.
func (b *Builder) lines(spans []Span, st Style, w float64) []line {
	lines, ok := wrap(b.shape(spans, st), w, st.Indent*st.size(), st.Hang*st.size())
	if !ok {
		b.fail(ErrNarrow)
	}
	return lines
}

// drawLine sets one line in its box. Runs of one face, colour and underline are one text operation each.
func (b *Builder) drawLine(l line, st Style, box rect) {
	size := st.size()
	x, space := box.x, 0.0
	free := box.w - l.width
	switch st.Align {
	case Center:
		x += free / 2
	case End:
		x += free
	case Justified:
		if n := len(l.glyphs) - 1; !l.last && n > 0 {
			// More than an eighth of an em between characters would be seen, and read as a space by machines.
			space = min(free/float64(n), size/8)
		}
	}
	base := box.y + (box.h-size)/2 + 0.88*size
	for gs := l.glyphs; len(gs) > 0; {
		n := 1
		for n < len(gs) && gs[n].face == gs[0].face && gs[n].color == gs[0].color && gs[n].under == gs[0].under {
			n++
		}
		w := sum(gs[:n]) + space*float64(n)
		b.drawRun(gs[:n], x, base, size, space)
		if gs[0].under {
			b.HLine(x, base+0.16*size, w-space, 0.5, gs[0].color)
		}
		if b.trace != nil {
			ink := w
			if n == len(gs) {
				ink -= space
			}
			b.trace(rect{x, box.y, ink, box.h}, box)
		}
		x += w
		gs = gs[n:]
	}
}

// drawRun writes glyphs of one face with the baseline at base.
func (b *Builder) drawRun(gs []glyph, x, base, size, space float64) {
	if !b.use(gs[0].face, size) {
		return
	}
	text := make([]rune, len(gs))
	for i, g := range gs {
		text[i] = g.r
	}
	b.fail(b.pdf.SetCharSpacing(space))
	b.pdf.SetTextColor(gs[0].color.R, gs[0].color.G, gs[0].color.B)
	b.pdf.SetXY(x, base)
	b.fail(b.pdf.Text(string(text)))
}

// use selects a face, adding it to the file when it is used for the first time.
func (b *Builder) use(fc *face, size float64) bool {
	if b.faces[fc.family] == nil {
		if err := b.pdf.AddTTFFontFromFontContainer(fc.family, b.fonts.container); err != nil {
			b.fail(err)
			return false
		}
		b.faces[fc.family] = fc
	}
	err := b.pdf.SetFont(fc.family, "", size)
	b.fail(err)
	return err == nil
}

// hair is the width of a table's rule.
const hair = 0.5

// HLine draws a horizontal rule of width w and the given thickness at y.
func (b *Builder) HLine(x, y, w, thick float64, c Color) {
	b.pdf.SetStrokeColor(c.R, c.G, c.B)
	b.pdf.SetLineWidth(thick)
	b.pdf.Line(x, y, x+w, y)
}

// Box strokes a rectangle.
func (b *Builder) Box(x, y, w, h, thick float64, c Color) {
	b.pdf.SetStrokeColor(c.R, c.G, c.B)
	b.pdf.SetLineWidth(thick)
	b.pdf.RectFromUpperLeftWithStyle(x, y, w, h, "D")
}

// fill paints a rectangle.
func (b *Builder) fill(x, y, w, h float64, c Color) {
	b.pdf.SetFillColor(c.R, c.G, c.B)
	b.pdf.RectFromUpperLeftWithStyle(x, y, w, h, "F")
}

// Link makes an area of the page lead to url.
func (b *Builder) Link(url string, x, y, w, h float64) { b.pdf.AddExternalLink(url, x, y, w, h) }

// polyline strokes points.
func (b *Builder) polyline(points []gopdf.Point) {
	for i := 1; i < len(points); i++ {
		b.pdf.Line(points[i-1].X, points[i-1].Y, points[i].X, points[i].Y)
	}
}
