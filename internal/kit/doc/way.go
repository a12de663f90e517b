package doc

import "github.com/signintech/gopdf"

// Anchor names the present place of the page, for Goto.
func (b *Builder) Anchor(name string) {
	b.pdf.SetXY(b.Left(), b.y)
	b.pdf.SetAnchor(name)
}

// Goto makes an area of the page lead to an Anchor, which may come later.
func (b *Builder) Goto(name string, x, y, w, h float64) { b.pdf.AddInternalLink(name, x, y, w, h) }

// Arrow draws a horizontal arrow at y from one place to the other.
func (b *Builder) Arrow(from, to, y float64, c Color) {
	const head = 5.0
	back := -head
	if to < from {
		back = head
	}
	b.HLine(min(from, to), y, max(from, to)-min(from, to), 0.8, c)
	b.polyline([]gopdf.Point{{X: to + back, Y: y - head/2}, {X: to, Y: y}, {X: to + back, Y: y + head/2}})
}

// Down goes down by h, at the top of a page too, below what was set there without touching the flow.
func (b *Builder) Down(h float64) { b.y += h }
