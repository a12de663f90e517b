package book

import "yichuang/internal/exchange/spec"

// Block is a piece of a guide: Heading, Para, List, Table, Code or Lanes.
type Block any

// Text is a line of spans.
type Text []Span

// Span is a stretch of text. Ref leads to the Heading or row with that ID.
type Span struct {
	Text       string
	Bold, Code bool
	Ref        string
}

// Heading begins a part (level 1), a section (2) or something smaller (3).
type Heading struct {
	Level int
	ID    string
	Text  string
}

// Para is a paragraph.
type Para struct{ Text Text }

// List is points, with numbers where their order counts.
type List struct {
	Items    []Text
	Numbered bool
}

// Table is rows below a head. Widths are shares of the paper's width.
type Table struct {
	Caption string
	Head    []string
	Widths  []float64
	Rows    []Row
}

// Row is a row of a Table. Depth indents its first cell.
type Row struct {
	ID    string
	Depth int
	Cells []Text
}

// Code is an example to be taken letter by letter.
type Code struct{ Text string }

// Lanes is a drawing of what passes between two sides, from top to bottom.
type Lanes struct {
	Left, Right string
	Steps       []Step
}

// Step is one message of Lanes and its answer.
type Step struct {
	Operation spec.Operation
	Title     string
	ToLeft    bool   // sent by the right side
	Answer    string // what comes back at once
}

// say is a text without marks.
func say(s string) Text { return Text{{Text: s}} }

// code is a text to be taken letter by letter.
func code(s string) Text { return Text{{Text: s, Code: true}} }

// String is the text without its marks.
func (t Text) String() string {
	s := ""
	for _, span := range t {
		s += span.Text
	}
	return s
}
