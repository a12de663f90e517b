package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one reason why a definition cannot be loaded. Message is for the admin who draws flows, in Chinese.
type Problem struct {
	Line    int    `json:"line"`
	Element string `json:"element"` // id of the element, or its name where it has none
	Message string `json:"message"`
}

// ParseError lists everything that is wrong with a definition, in the order of its lines.
type ParseError struct {
	Problems []Problem
}

func (e *ParseError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("line %d, %s: %s", p.Line, p.Element, p.Message)
	}
	return "flow: definition refused: " + strings.Join(lines, "; ")
}

// problems collects what is wrong while a definition is read.
type problems struct {
	list []Problem
}

func (p *problems) add(line int, element, format string, args ...any) {
	p.list = append(p.list, Problem{Line: line, Element: element, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &ParseError{Problems: p.list}
}
