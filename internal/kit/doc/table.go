package doc

import "math"

// Table is rows of cells under a head that is repeated on every page.
type Table struct {
	Cols []Col
	Head []Row // repeated; bold and tinted unless the cells say otherwise
	Rows []Row
	Size float64 // type size of the cells; 0 is 10
	Pad  float64 // white inside a cell, left and right; 0 is 5
	Tall float64 // least height of a row
	Line Color   // of the rules
	Sans bool
	Top  bool // cells begin at the upper edge of their row; else they stand in its middle
}

// Col is a column. Widths are shares: they are scaled to fill the page.
type Col struct {
	Width float64
	Align Align // of its cells, unless the cell has its own
	Label bool  // bold and tinted, as the left column of a form
	Again bool  // said again when a row goes on after a page break
}

// Row is the cells of a row from left to right.
type Row []Cell

// Cell is what stands in one or several columns of a row.
type Cell struct {
	Text  []Span
	Span  int    // columns it covers; 0 is 1
	Align *Align // nil: the column's
	Label bool   // bold and tinted
}

// Plain makes a cell of plain text.
func Plain(s string) Cell { return Cell{Text: []Span{T(s)}} }

// Label makes a bold, tinted cell.
func Label(s string) Cell { return Cell{Text: []Span{T(s)}, Label: true} }

// Wide makes a cell of plain text over n columns.
func Wide(n int, spans ...Span) Cell { return Cell{Text: spans, Span: n} }

// At sets the alignment of a cell.
func (c Cell) At(a Align) Cell {
	c.Align = &a
	return c
}

// Strings makes a row of plain cells.
func Strings(ss ...string) Row {
	row := make(Row, len(ss))
	for i, s := range ss {
		row[i] = Plain(s)
	}
	return row
}

var tint = Color{242, 244, 247}

// laidRow is a row whose cells are wrapped; it can be cut between lines.
type laidRow struct {
	cells []laidCell
	lead  float64 // height of a line
}

type laidCell struct {
	x, w  float64
	st    Style
	label bool
	again bool
	lines []line
}

// vpad is the white above and below the text of a cell.
const vpad = 4.0

func (r laidRow) height(tall float64) float64 {
	n := 1
	for _, c := range r.cells {
		n = max(n, len(c.lines))
	}
	return max(tall, float64(n)*r.lead+2*vpad)
}

// cut splits a row after n lines of each cell.
func (r laidRow) cut(n int) (head, rest laidRow) {
	head, rest = laidRow{lead: r.lead}, laidRow{lead: r.lead}
	for _, c := range r.cells {
		h, t := c, c
		k := min(n, len(c.lines))
		h.lines, t.lines = c.lines[:k], c.lines[k:]
		if c.again {
			t.lines = c.lines
		}
		head.cells, rest.cells = append(head.cells, h), append(rest.cells, t)
	}
	return head, rest
}

// Opening is the height that Table wants on one page to begin with: a short table whole, else its head and the start of
// its first row. A heading above a table needs its own height and this.
func (b *Builder) Opening(t Table) float64 {
	head, rows := b.layTable(t)
	return b.opening(t, head, rows)
}

func (b *Builder) opening(t Table, head, rows []laidRow) float64 {
	h := heights(t, head)
	if all := h + heights(t, rows); all < (b.Bottom()-b.set.Margin.Top)/4 || len(rows) == 0 {
		return all
	}
	return h + min(rows[0].height(t.Tall), 3*rows[0].lead+2*vpad)
}

func heights(t Table, rows []laidRow) float64 {
	h := 0.0
	for _, r := range rows {
		h += r.height(t.Tall)
	}
	return h
}

func (b *Builder) layTable(t Table) (head, rows []laidRow) {
	xs := b.columns(t.Cols)
	for _, r := range t.Head {
		head = append(head, b.layRow(t, xs, r, true))
	}
	for _, r := range t.Rows {
		rows = append(rows, b.layRow(t, xs, r, false))
	}
	return head, rows
}

// Table sets a table across the whole width. A short table stays on one page. A row goes to the next page whole while it is
// short; a long one is cut between its lines and goes on there. The head never stands alone at the foot of a page.
func (b *Builder) Table(t Table) {
	head, rows := b.layTable(t)
	b.Need(b.opening(t, head, rows))
	drawHead := func() {
		for _, r := range head {
			b.drawRow(t, r)
		}
	}
	drawHead()
	headHeight := heights(t, head)
	whole := (b.Bottom() - b.set.Margin.Top - headHeight) / 2 // rows up to half a page are not cut
	for _, r := range rows {
		for b.err == nil {
			free := b.Bottom() - b.y
			if r.height(t.Tall) <= free+slack {
				b.drawRow(t, r)
				break
			}
			n := int(math.Floor((free - 2*vpad) / r.lead))
			if r.height(t.Tall) > whole && n >= 2 {
				var part laidRow
				part, r = r.cut(n)
				b.drawRow(t, part)
			} else if b.y <= b.set.Margin.Top+headHeight+slack {
				b.fail(ErrNarrow) // not even two lines fit on a fresh page
			}
			b.NewPage()
			drawHead()
		}
	}
}

// columns are the left edges of the columns and the right edge of the last.
func (b *Builder) columns(cols []Col) []float64 {
	total := 0.0
	for _, c := range cols {
		total += c.Width
	}
	xs := []float64{b.Left()}
	for _, c := range cols {
		xs = append(xs, xs[len(xs)-1]+c.Width/total*b.Width())
	}
	return xs
}

func (b *Builder) layRow(t Table, xs []float64, row Row, head bool) laidRow {
	st := Style{Size: t.Size, Lead: 1.45, Sans: t.Sans}
	if st.Size == 0 {
		st.Size = 10
	}
	pad := t.Pad
	if pad == 0 {
		pad = 5
	}
	out := laidRow{lead: st.height()}
	col := 0
	for _, c := range row {
		n := max(1, c.Span)
		if col+n > len(t.Cols) {
			n = len(t.Cols) - col
		}
		if n <= 0 {
			break
		}
		x, w := xs[col], xs[col+n]-xs[col]
		label := head || c.Label || (n == 1 && t.Cols[col].Label)
		cst := st
		cst.Bold = label
		cst.Align = t.Cols[col].Align
		if head {
			cst.Align = Center
		}
		if c.Align != nil {
			cst.Align = *c.Align
		}
		out.cells = append(out.cells, laidCell{x: x + pad, w: w - 2*pad, st: cst, label: label, again: t.Cols[col].Again, lines: b.lines(c.Text, cst, w-2*pad)})
		col += n
	}
	return out
}

// drawRow sets a row at the present place, the text of each cell in the middle of its height unless the table says Top.
func (b *Builder) drawRow(t Table, r laidRow) {
	h := r.height(t.Tall)
	pad := t.Pad
	if pad == 0 {
		pad = 5
	}
	for _, c := range r.cells {
		if c.label {
			b.fill(c.x-pad, b.y, c.w+2*pad, h, tint)
		}
	}
	for _, c := range r.cells {
		b.Box(c.x-pad, b.y, c.w+2*pad, h, hair, t.Line)
		top := b.y + (h-float64(len(c.lines))*r.lead)/2
		if t.Top {
			top = b.y + vpad
		}
		for i, l := range c.lines {
			b.drawLine(l, c.st, rect{c.x, top + float64(i)*r.lead, c.w, r.lead})
		}
	}
	b.y += h
}
