package doc

import "strings"

// Color is red, green, blue.
type Color struct{ R, G, B uint8 }

// Colours of papers.
var (
	Black = Color{}
	Grey  = Color{90, 96, 106}
	Red   = Color{179, 32, 42}
)

// Span is a stretch of text of one look.
type Span struct {
	Text  string
	Bold  bool
	Under bool // underlined, as filled-in blanks of contracts are
	Color Color
}

// T is plain text, B bold, U underlined.
func T(s string) Span { return Span{Text: s} }

// B is bold text.
func B(s string) Span { return Span{Text: s, Bold: true} }

// U is underlined text: what was filled in.
func U(s string) Span { return Span{Text: s, Under: true} }

// Align says where a line stands in its box.
type Align int

// The alignments. Justified fills the line to both edges where the spacing stays invisible.
const (
	Start Align = iota
	Center
	End
	Justified
)

// Style is the look of a paragraph.
type Style struct {
	Size   float64 // type size; 0 is 10.5, the 五号 of official papers
	Lead   float64 // line height as a multiple of the size; 0 is 1.6
	Align  Align
	Sans   bool
	Bold   bool
	Indent float64 // of the first line, in ems
	Hang   float64 // of the other lines, in ems
	Color  Color
	Before float64 // white above
	After  float64 // white below
}

func (s Style) size() float64 {
	if s.Size == 0 {
		return 10.5
	}
	return s.Size
}

func (s Style) height() float64 {
	if s.Lead == 0 {
		return 1.6 * s.size()
	}
	return s.Lead * s.size()
}

// glyph is one character with the face that draws it.
type glyph struct {
	r     rune
	face  *face
	w     float64 // points
	under bool
	color Color
}

// shape turns spans into glyphs; a newline stays a glyph without a face. Line breaks of other kinds and tabs become
// what they mean; control characters are dropped.
func (b *Builder) shape(spans []Span, st Style) []glyph {
	var out []glyph
	for _, sp := range spans {
		want := b.fonts.main[btoi(st.Sans)][btoi(st.Bold || sp.Bold)]
		color := sp.Color
		if color == Black {
			color = st.Color
		}
		for _, r := range strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(sp.Text) {
			if r == '\n' {
				out = append(out, glyph{r: '\n'})
				continue
			}
			if r < ' ' || r == 0x7f {
				continue
			}
			fc, ok := b.fonts.find(want, r)
			if !ok {
				b.gaps[r] = true
				fc, r = want, geta
			}
			out = append(out, glyph{r: r, face: fc, w: fc.advance(r) * st.size() / 1000, under: sp.Under, color: color})
		}
	}
	return out
}

func btoi(v bool) int {
	if v {
		return 1
	}
	return 0
}
