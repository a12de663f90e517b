package doc

import (
	"fmt"
	"math"

	"github.com/signintech/gopdf"
)

// drawEdges writes header and footer of every page, once the number of pages is known.
func (b *Builder) drawEdges() {
	small := Style{Size: 8.5, Lead: 1.5, Color: Grey}
	for n := 1; n <= b.pages; n++ {
		if err := b.pdf.SetPage(n); err != nil {
			b.fail(err)
			return
		}
		if h := b.set.Header; h != (Line{}) {
			y := b.set.Margin.Top - 9*MM
			b.edge(small, y, h.Left, h.Right)
			b.HLine(b.Left(), y+15, b.Width(), hair, Grey)
		}
		foot := b.set.Footer
		if b.set.Number {
			foot.Right = fmt.Sprintf("第 %d 页 共 %d 页", n, b.pages)
		}
		b.edge(small, b.Bottom()+6*MM, foot.Left, foot.Right)
	}
}

// edge sets the two ends of a line that may not wrap: the left one gives way, cut by an ellipsis.
func (b *Builder) edge(st Style, y float64, left, right string) {
	rw := 0.0
	if right != "" {
		rw = b.TextWidth(st, T(right))
		b.Text(st, b.Right()-rw-1, y, rw+1, T(right))
	}
	room := b.Width() - rw - 12
	cut := []rune(left)
	for len(cut) > 0 && b.TextWidth(st, T(left)) > room {
		cut = cut[:len(cut)-1]
		left = string(cut) + "…"
	}
	if left != "" {
		b.Text(st, b.Left(), y, room+1, T(left))
	}
}

// drawMark writes the watermark across the page, before anything else, so that it lies behind the text.
func (b *Builder) drawMark() {
	st := Style{Size: 13, Sans: true, Color: Color{222, 226, 232}}
	gs := b.shape([]Span{T(b.set.Mark)}, st)
	if len(gs) == 0 {
		return
	}
	stepX, stepY := max(sum(gs)+60, 200), 110.0
	for row := 0; float64(row)*stepY < PageHeight+stepY; row++ {
		for x := -float64(row%2) * stepX / 2; x < PageWidth; x += stepX {
			y := float64(row) * stepY
			b.pdf.Rotate(24, x, y)
			b.drawMixed(gs, x, y, st.size())
			b.pdf.RotateReset()
		}
	}
}

// drawMixed writes glyphs of any faces one after the other.
func (b *Builder) drawMixed(gs []glyph, x, base, size float64) {
	for len(gs) > 0 {
		n := 1
		for n < len(gs) && gs[n].face == gs[0].face {
			n++
		}
		b.drawRun(gs[:n], x, base, size, 0)
		x += sum(gs[:n])
		gs = gs[n:]
	}
}

// Colours of a certificate's ornament.
var (
	frameInk = Color{150, 60, 52}
	wave     = Color{236, 226, 214}
)

// drawFrame draws the ornament of the page: waves first, then the rules, then the corners.
func (b *Builder) drawFrame() {
	if b.set.Frame != Certificate {
		return
	}
	const in, gap, waves = 11 * MM, 1.6 * MM, 64
	w, h := float64(PageWidth-2*in), float64(PageHeight-2*in)
	b.pdf.SetStrokeColor(wave.R, wave.G, wave.B)
	b.pdf.SetLineWidth(0.4)
	for k := range waves {
		b.drawWave(in+gap, in+gap+2+float64(k)*(h-2*gap-4)/(waves-1), w-2*gap, k)
	}
	b.Box(in, in, w, h, 1.8, frameInk)
	b.Box(in+gap, in+gap, w-2*gap, h-2*gap, 0.5, frameInk)
	for _, c := range [][2]float64{{in, in}, {in + w, in}, {in, in + h}, {in + w, in + h}} {
		b.drawCorner(c[0], c[1])
	}
}

// drawWave strokes one line of the guilloche across w. Neighbours are a third of a turn apart, so that they weave.
func (b *Builder) drawWave(x, y, w float64, k int) {
	const steps = 48
	points := make([]gopdf.Point, 0, steps+1)
	for i := 0; i <= steps; i++ {
		t := float64(i) / steps
		dy := 7 * math.Sin(2*math.Pi*(3*t+float64(k)/3)) * math.Sin(math.Pi*t)
		points = append(points, gopdf.Point{X: x + t*w, Y: y + dy})
	}
	b.polyline(points)
}

// drawCorner puts a square knot on a corner of the frame.
func (b *Builder) drawCorner(x, y float64) {
	const r = 3.2 * MM
	b.fill(x-r, y-r, 2*r, 2*r, Color{255, 255, 255})
	b.Box(x-r, y-r, 2*r, 2*r, 1.2, frameInk)
	b.Box(x-r/2, y-r/2, r, r, 0.6, frameInk)
	b.pdf.SetStrokeColor(frameInk.R, frameInk.G, frameInk.B)
	b.pdf.SetLineWidth(0.6)
	b.pdf.Line(x-r, y-r, x+r, y+r)
	b.pdf.Line(x-r, y+r, x+r, y-r)
}
