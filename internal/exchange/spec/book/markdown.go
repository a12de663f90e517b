package book

import (
	"regexp"
	"strings"
)

// parseMarkdown reads the part of Markdown that the documents are written in: headings, paragraphs, lists, tables, fenced examples;
// code, bold and links within a line.
func parseMarkdown(source string) []Block {
	m := markdown{lines: strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n")}
	for m.at < len(m.lines) {
		m.next()
	}
	m.flush()
	return m.blocks
}

type markdown struct {
	lines  []string
	at     int
	para   []string
	blocks []Block
}

var (
	headingLine  = regexp.MustCompile(`^(#{1,6}) +(.+)$`)
	bulletLine   = regexp.MustCompile(`^ *[-*] +(.+)$`)
	numberedLine = regexp.MustCompile(`^ *[0-9]+\. +(.+)$`)
)

func (m *markdown) next() {
	line := m.lines[m.at]
	switch {
	case strings.HasPrefix(line, "```"):
		m.flush()
		m.fence()
	case strings.TrimSpace(line) == "":
		m.flush()
		m.at++
	case headingLine.MatchString(line):
		m.flush()
		h := headingLine.FindStringSubmatch(line)
		m.blocks = append(m.blocks, Heading{Level: len(h[1]), Text: inline(h[2]).String()})
		m.at++
	case strings.HasPrefix(line, "|"):
		m.flush()
		m.table()
	case bulletLine.MatchString(line):
		m.flush()
		m.list(bulletLine, false)
	case numberedLine.MatchString(line):
		m.flush()
		m.list(numberedLine, true)
	default:
		m.para = append(m.para, strings.TrimSpace(line))
		m.at++
	}
}

func (m *markdown) flush() {
	if len(m.para) > 0 {
		m.blocks = append(m.blocks, Para{inline(join(m.para))})
		m.para = nil
	}
}

// join puts the lines of a paragraph together: with a space between words of Latin letters only.
func join(lines []string) string {
	out := lines[0]
	for _, l := range lines[1:] {
		if end := out[len(out)-1]; end < 0x80 && l[0] < 0x80 {
			out += " "
		}
		out += l
	}
	return out
}

func (m *markdown) fence() {
	m.at++
	start := m.at
	for m.at < len(m.lines) && !strings.HasPrefix(m.lines[m.at], "```") {
		m.at++
	}
	m.blocks = append(m.blocks, Code{strings.Join(m.lines[start:m.at], "\n")})
	m.at++
}

// list reads items of one kind; a line that is indented goes on with the item above it.
func (m *markdown) list(item *regexp.Regexp, numbered bool) {
	var items []string
	for ; m.at < len(m.lines); m.at++ {
		line := m.lines[m.at]
		found := item.FindStringSubmatch(line)
		switch {
		case found != nil:
			items = append(items, found[1])
			continue
		case strings.HasPrefix(line, "  ") && strings.TrimSpace(line) != "":
			items[len(items)-1] = join([]string{items[len(items)-1], strings.TrimSpace(line)})
			continue
		}
		break
	}
	l := List{Numbered: numbered}
	for _, i := range items {
		l.Items = append(l.Items, inline(i))
	}
	m.blocks = append(m.blocks, l)
}

func (m *markdown) table() {
	var t Table
	for ; m.at < len(m.lines) && strings.HasPrefix(m.lines[m.at], "|"); m.at++ {
		cells := cells(m.lines[m.at])
		switch {
		case t.Head == nil:
			for _, c := range cells {
				t.Head = append(t.Head, inline(c).String())
			}
		case strings.Trim(strings.Join(cells, ""), ":- ") == "":
		default:
			row := Row{}
			for _, c := range cells {
				row.Cells = append(row.Cells, inline(c))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	t.Widths = natural(t)
	m.blocks = append(m.blocks, t)
}

// cells splits a row of a table; a bar in code is kept by a backslash.
func cells(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, bar)
	parts := strings.Split(strings.Trim(line, "|"), "|")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.TrimSpace(p), bar, "|")
	}
	return parts
}

// natural gives each column a share by its longest cell, within reason.
func natural(t Table) []float64 {
	out := make([]float64, len(t.Head))
	for i, h := range t.Head {
		out[i] = measure(h)
		for _, r := range t.Rows {
			if i < len(r.Cells) {
				out[i] = max(out[i], measure(r.Cells[i].String()))
			}
		}
		out[i] = min(max(out[i], 5), 24)
	}
	return out
}

// measure is about how wide a text is, in Han.
func measure(s string) float64 {
	w := 0.0
	for _, r := range s {
		if w += 0.55; r >= 0x2e80 {
			w += 0.45
		}
	}
	return w
}

var inlineMark = regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*|\\[([^\\]]+)\\]\\(([^)]+)\\)")

// inline reads the marks within a line. Links to other files of the folder keep their words only: a guide stands alone.
func inline(s string) Text {
	var out Text
	for s != "" {
		m := inlineMark.FindStringSubmatchIndex(s)
		if m == nil {
			return append(out, Span{Text: s})
		}
		if m[0] > 0 {
			out = append(out, Span{Text: s[:m[0]]})
		}
		switch {
		case m[2] >= 0:
			out = append(out, Span{Text: s[m[2]:m[3]], Code: true})
		case m[4] >= 0:
			for _, span := range inline(s[m[4]:m[5]]) {
				span.Bold = true
				out = append(out, span)
			}
		default:
			out = append(out, Span{Text: s[m[6]:m[7]]})
		}
		s = s[m[1]:]
	}
	return out
}
