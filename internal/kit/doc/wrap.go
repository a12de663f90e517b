package doc

import (
	"strings"
	"unicode"
)

// line is what stands on one line; last marks the end of a paragraph, which is not justified.
type line struct {
	glyphs []glyph
	width  float64
	last   bool
}

// nbsp is the space that holds its neighbours together.
const nbsp = '\u00a0'

// Characters that may not begin or end a line (GB/T 15834).
const (
	noStart = "，。、；：？！）》】」』〉〕］｝”’…—～·,.;:?!)]}%％‰℃㎡°"
	noEnd   = "（《【「『〈〔［｛“‘([{￥$"
)

// wrap breaks glyphs into lines of at most width, the first shortened by indent, the others by hang. Han may break
// anywhere the rules of punctuation allow; Latin words and numbers stay whole unless longer than a line.
// It reports false when a single glyph is wider than the line.
func wrap(gs []glyph, width, indent, hang float64) ([]line, bool) {
	var (
		out   []line
		cur   line
		avail = width - indent
		ok    = true
	)
	flush := func(last bool) {
		cur.trim()
		cur.last = last
		out = append(out, cur)
		cur, avail = line{}, width-hang
	}
	for len(gs) > 0 {
		if gs[0].r == '\n' {
			flush(true)
			gs = gs[1:]
			continue
		}
		n := chunk(gs)
		w := sum(gs[:n])
		for cur.width+w > avail+slack {
			if len(cur.glyphs) > 0 {
				flush(false)
				if gs[0].r == ' ' { // the space that a line broke at
					gs, n, w = gs[1:], n-1, w-gs[0].w
				}
				continue
			}
			// Longer than a whole line: break it where the line ends.
			n, w = fit(gs[:n], avail)
			if n == 0 {
				ok = false
				n, w = 1, gs[0].w
				break
			}
		}
		cur.glyphs = append(cur.glyphs, gs[:n]...)
		cur.width += w
		gs = gs[n:]
	}
	flush(true)
	return out, ok
}

// slack forgives rounding when a line fits exactly.
const slack = 0.01

// chunk is the number of glyphs from the start that may not be torn apart.
func chunk(gs []glyph) int {
	n := 1
	for n < len(gs) && !mayBreak(gs[n-1].r, gs[n].r) {
		n++
	}
	return n
}

func mayBreak(a, b rune) bool {
	if a == nbsp || b == nbsp {
		return false
	}
	if b == '\n' || b == ' ' {
		return true
	}
	if strings.ContainsRune(noStart, b) || strings.ContainsRune(noEnd, a) {
		return false
	}
	if a == ' ' {
		return true
	}
	return !(inWord(a) && inWord(b))
}

// inWord says whether r belongs to a run that is read as one: letters and digits of Latin, and what joins them.
func inWord(r rune) bool {
	if r > unicode.MaxLatin1 {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_/+*#@&=.,:'%", r)
}

func fit(gs []glyph, width float64) (int, float64) {
	w := 0.0
	for i, g := range gs {
		if w+g.w > width+slack {
			return i, w
		}
		w += g.w
	}
	return len(gs), w
}

func sum(gs []glyph) float64 {
	w := 0.0
	for _, g := range gs {
		w += g.w
	}
	return w
}

// trim drops spaces at the end of a line.
func (l *line) trim() {
	for n := len(l.glyphs); n > 0 && l.glyphs[n-1].r == ' '; n = len(l.glyphs) {
		l.width -= l.glyphs[n-1].w
		l.glyphs = l.glyphs[:n-1]
	}
}
