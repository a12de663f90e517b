package book

import (
	"context"
	_ "embed" // the style of a guide that stands alone
	"io"
	"strconv"
)

// style of a guide that stands alone. On our own pages the sheet of kit/web does the same.
//
//go:embed guide.css
var style string

// WriteHTML writes the guide as one page that needs no other file.
func (g *Guide) WriteHTML(ctx context.Context, w io.Writer) error { return file(g).Render(ctx, w) }

// Link gives the address that a Ref leads to; "" for none.
type Link func(ref string) string

// Within leads to what the guide itself holds.
func (g *Guide) Within() Link {
	ids := map[string]bool{}
	for _, block := range g.Blocks {
		switch b := block.(type) {
		case Heading:
			ids[b.ID] = true
		case Table:
			for _, row := range b.Rows {
				ids[row.ID] = true
			}
		}
	}
	return func(ref string) string {
		if ref == "" || !ids[ref] {
			return ""
		}
		return "#" + ref
	}
}

// chapter is a part of the contents.
type chapter struct {
	Heading
	Sections []Heading
}

func (g *Guide) chapters() []chapter {
	var out []chapter
	for _, block := range g.Blocks {
		h, ok := block.(Heading)
		switch {
		case !ok || h.ID == "":
		case h.Level == 1:
			out = append(out, chapter{Heading: h})
		case h.Level == 2:
			last := &out[len(out)-1]
			last.Sections = append(last.Sections, h)
		}
	}
	return out
}

// depth is the class of a first cell that is indented.
func depth(n int) string {
	if n == 0 {
		return ""
	}
	return "d" + strconv.Itoa(min(n, 6))
}

// Measures of the drawing of Lanes.
const (
	laneStep  = 46
	laneHead  = 44
	laneWidth = 720
	laneSide  = 150
)

func laneY(i int) int { return laneHead + 14 + i*laneStep }

func num(n int) string { return strconv.Itoa(n) }

// arrow is the line of a step and its head.
func arrow(i int, toLeft bool) string {
	y := num(laneY(i) + 10)
	from, to, back := laneSide/2+2, laneWidth-laneSide/2-2, -7
	if toLeft {
		from, to, back = to, from, 7
	}
	return "M" + num(from) + " " + y + "H" + num(to) + "M" + num(to+back) + " " + num(laneY(i)+6) + "L" + num(to) + " " + y + "L" + num(to+back) + " " + num(laneY(i)+14)
}
