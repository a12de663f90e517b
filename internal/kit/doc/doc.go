// Package doc builds PDF papers: A4 pages of wrapped Chinese text, tables that continue on the next page, QR codes and
// round red seals, with every font embedded as a subset.
//
// In come text and measures; out come the bytes of a PDF, the same bytes for the same input. Fonts are parsed once
// (OpenFonts) and shared by all Builders. No character vanishes: one that no font has is drawn as 〓 and named in the
// error; no text leaves its cell: it is measured, wrapped, and carried to the next page. Lengths are points; use MM.
package doc

import (
	"errors"
	"fmt"
	"time"

	"github.com/signintech/gopdf"
)

// MM is a millimetre in points, the unit of every length here.
const MM = 72 / 25.4

// A4 in points.
const (
	PageWidth  = 210 * MM
	PageHeight = 297 * MM
)

// ErrNarrow means that a column or a page is too small for the text that was put there.
var ErrNarrow = errors.New("doc: no room for a single character")

// Setup is what holds for every page of a paper.
type Setup struct {
	Title   string // shown by viewers in their title bar
	Subject string
	Author  string
	At      time.Time // date of creation; the only time in the file

	Margin Margin
	Header Line   // above the text, with a thin rule; empty: none
	Footer Line   // below the text; the page number is added at its right end when Numbered
	Number bool   // print 第 n 页 共 m 页 at the right of the footer
	Mark   string // watermark in the page stream, behind everything; empty: none
	Frame  Frame
}

// Line is the text at the left and the right end of a header or footer.
type Line struct{ Left, Right string }

// Margin is the white around the text.
type Margin struct{ Top, Right, Bottom, Left float64 }

// Frame is the ornament around a page.
type Frame int

// The frames.
const (
	NoFrame     Frame = iota
	Certificate       // double rule with corners and a pale guilloche, as on certificates
)

// defaultMargin is 25 mm above and below, 22 mm at the sides.
var defaultMargin = Margin{Top: 25 * MM, Right: 22 * MM, Bottom: 25 * MM, Left: 22 * MM}

// Builder lays out one paper from top to bottom. It keeps the first error until Bytes. Not for concurrent use.
type Builder struct {
	fonts *Fonts
	set   Setup
	pdf   *gopdf.GoPdf
	faces map[string]*face // by family: those added to pdf
	pages int
	y     float64 // where the next thing goes, from the top of the page
	gaps  gaps
	err   error

	// trace, when set by a test, sees every run of glyphs that is drawn and the box that it belongs in.
	trace func(run rect, box rect)
}

// rect is an area of the page, y downwards.
type rect struct{ x, y, w, h float64 }

// Begin starts a paper on its first page.
func (f *Fonts) Begin(s Setup) *Builder {
	if s.Margin == (Margin{}) {
		s.Margin = defaultMargin
	}
	b := &Builder{fonts: f, set: s, pdf: &gopdf.GoPdf{}, faces: map[string]*face{}, gaps: gaps{}}
	b.pdf.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: PageWidth, H: PageHeight}})
	b.NewPage()
	return b
}

// NewPage goes to the top of a fresh page.
func (b *Builder) NewPage() {
	b.pdf.AddPage()
	b.pages++
	b.y = b.set.Margin.Top
	b.pdf.SetLineWidth(hair) // gives the page its content object, even when nothing is written on it
	b.drawFrame()
	b.drawMark()
}

// Y is where the next thing goes, from the top of the page.
func (b *Builder) Y() float64 { return b.y }

// Left, Right, Width and Bottom bound the text of a page.
func (b *Builder) Left() float64 { return b.set.Margin.Left }

// Right is the right edge of the text.
func (b *Builder) Right() float64 { return PageWidth - b.set.Margin.Right }

// Width is the width of the text.
func (b *Builder) Width() float64 { return b.Right() - b.Left() }

// Bottom is the lower edge of the text.
func (b *Builder) Bottom() float64 { return PageHeight - b.set.Margin.Bottom }

// Space leaves h blank. It does nothing at the top of a page other than the first, where white would look like a mistake.
func (b *Builder) Space(h float64) {
	if b.pages > 1 && b.y == b.set.Margin.Top {
		return
	}
	b.y += h
}

// Need goes to a new page unless h still fits on this one. It never leaves a page empty.
func (b *Builder) Need(h float64) {
	if b.y+h > b.Bottom() && b.y > b.set.Margin.Top {
		b.NewPage()
	}
}

// Pages is the number of pages so far.
func (b *Builder) Pages() int { return b.pages }

// Bytes finishes the paper. Characters that no font has come back as *MissingError together with the bytes, so that
// a caller can show a draft; every other error comes without.
func (b *Builder) Bytes() ([]byte, error) {
	b.drawEdges()
	if b.err != nil {
		return nil, b.err
	}
	raw, err := b.pdf.GetBytesPdfReturnErr()
	if err != nil {
		return nil, fmt.Errorf("doc: write: %w", err)
	}
	out, err := b.finish(raw)
	if err != nil {
		return nil, err
	}
	if len(b.gaps) > 0 {
		return out, &MissingError{Runes: b.gaps.sorted()}
	}
	return out, nil
}

// fail keeps the first error.
func (b *Builder) fail(err error) {
	if b.err == nil && err != nil {
		b.err = err
	}
}
