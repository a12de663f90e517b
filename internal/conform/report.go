package conform

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"yichuang/internal/exchange/spec"
)

// Report is what a run found, a line per rule and operation.
type Report struct {
	Role    string
	Dialect Dialect
	Target  string
	App     string // the counterpart's
	Began   time.Time
	Ended   time.Time
	Missing []spec.Info // operations of the role that the counterpart does not provide
	Lines   []Line
}

// Line is the finding of one rule for one operation.
type Line struct {
	Rule      Rule
	Operation spec.Info
	Finding
}

// Count tells how many lines have a verdict.
func (r *Report) Count(v Verdict) int { return len(r.with(v)) }

func (r *Report) with(v Verdict) []Line {
	return slices.DeleteFunc(slices.Clone(r.Lines), func(l Line) bool { return l.Verdict != v })
}

// OK tells whether nothing failed.
func (r *Report) OK() bool { return r.Count(Fail) == 0 }

// Conclusion is the run in a sentence, in Chinese.
func (r *Report) Conclusion() string {
	text := "符合规范"
	if !r.OK() {
		text = fmt.Sprintf("不符合规范：%d 处", r.Count(Fail))
	}
	if n := r.Count(Skip); n > 0 {
		text += fmt.Sprintf("；%d 项未检", n)
	}
	if n := len(r.Missing); n > 0 {
		text += fmt.Sprintf("；%d 个操作没有提供", n)
	}
	return text + fmt.Sprintf("；%d 项通过", r.Count(Pass))
}

// WriteTable writes a table for a terminal: what failed and what was not checked, with all also what passed.
func (r *Report) WriteTable(w io.Writer, all bool) error {
	rows := [][]string{{"规则", "操作", "结果", "应为", "实际"}}
	for _, l := range r.Lines {
		if all || l.Verdict != Pass {
			rows = append(rows, []string{l.Rule.ID, string(l.Operation.Operation), l.Verdict.Title(), printable(l.Want), printable(l.Got)})
		}
	}
	var b strings.Builder
	if len(rows) > 1 {
		align(&b, rows)
	}
	fmt.Fprintln(&b, r.Conclusion())
	_, err := io.WriteString(w, b.String())
	return err
}

// printable keeps what a counterpart wrote from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}

// align pads cells to the width that they have in a terminal; the last column runs on.
func align(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-columns(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
}

// columns is how wide a terminal shows a text: Chinese letters and full-width marks take two columns.
func columns(text string) int {
	n := 0
	for _, r := range text {
		if n++; r >= 0x2e80 {
			n++
		}
	}
	return n
}

//go:embed report.html
var page string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"when": func(t time.Time) string { return t.Format("2006-01-02 15:04:05") },
}).Parse(page))

// Defect is a rule that was broken, with the lines that show it.
type Defect struct {
	Rule  Rule
	Lines []Line
}

// Defects lists the rules that were broken, as a vendor would mend them: by rule.
func (r *Report) Defects() []Defect { return byRule(r.with(Fail)) }

// Unchecked lists the rules that could not be checked somewhere.
func (r *Report) Unchecked() []Defect { return byRule(r.with(Skip)) }

func byRule(lines []Line) []Defect {
	var out []Defect
	for _, l := range lines {
		i := slices.IndexFunc(out, func(d Defect) bool { return d.Rule.ID == l.Rule.ID })
		if i < 0 {
			i, out = len(out), append(out, Defect{Rule: l.Rule})
		}
		out[i].Lines = append(out[i].Lines, l)
	}
	return out
}

// Row is an operation with the count of its verdicts, for the overview.
type Row struct {
	Operation          spec.Info
	Passed, Failed, No int
}

// Overview has a row per operation, in the order of the run.
func (r *Report) Overview() []Row {
	var out []Row
	for _, l := range r.Lines {
		i := slices.IndexFunc(out, func(row Row) bool { return row.Operation.Operation == l.Operation.Operation })
		if i < 0 {
			i, out = len(out), append(out, Row{Operation: l.Operation})
		}
		switch l.Verdict {
		case Pass:
			out[i].Passed++
		case Fail:
			out[i].Failed++
		case Skip:
			out[i].No++
		}
	}
	return out
}

// WriteHTML writes the report as one page that needs no other file.
func (r *Report) WriteHTML(w io.Writer) error { return reportPage.Execute(w, r) }
