package papers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// paper is a document in the making: a builder with the habits of official papers.
type paper struct {
	*doc.Builder
	stamp   Stamp
	kind    Kind
	heading *heading // set with what follows it, so that it never ends a page
}

type heading struct {
	style doc.Style
	text  string
}

// Para sets a paragraph, under its heading if one waits.
func (p *paper) Para(st doc.Style, spans ...doc.Span) {
	p.begin(min(p.Height(st, spans...), 2*st.Size*1.7))
	p.Builder.Para(st, spans...)
}

// Table sets a table, under its heading if one waits.
func (p *paper) Table(t doc.Table) {
	p.begin(p.Opening(t))
	p.Builder.Table(t)
}

// begin sets the waiting heading where it and what follows have room together.
func (p *paper) begin(follows float64) {
	if h := p.heading; h != nil {
		p.heading = nil
		p.Need(p.Height(h.style, doc.T(h.text)) + follows)
		p.Builder.Para(h.style, doc.T(h.text))
	}
}

// The looks of official papers: 小二 for the heading, 五号 for the text.
var (
	headStyle  = doc.Style{Size: 19, Lead: 1.4, Bold: true, Align: doc.Center}
	partStyle  = doc.Style{Size: 11, Lead: 1.6, Bold: true, Before: 7, After: 2}
	textStyle  = doc.Style{Size: 10.5, Lead: 1.65, Align: doc.Justified, Indent: 2}
	plainStyle = doc.Style{Size: 10.5, Lead: 1.65, Align: doc.Justified}
	itemStyle  = doc.Style{Size: 10.5, Lead: 1.6, Align: doc.Justified, Hang: 1.5}
	noteStyle  = doc.Style{Size: 9, Lead: 1.55, Color: doc.Grey, Before: 4}
)

const qrSize = 24 * doc.MM

func begin(fonts *doc.Fonts, k Kind, s Stamp) *paper {
	set := doc.Setup{
		Title:   k.Label() + " " + s.Number,
		Subject: k.Label(),
		Author:  s.Office.Name,
		At:      s.At.In(clock.Shanghai()),
		Margin:  doc.Margin{Top: 22 * doc.MM, Right: 22 * doc.MM, Bottom: 24 * doc.MM, Left: 22 * doc.MM},
		Footer:  doc.Line{Left: "核验码 " + s.Code.Grouped() + "　" + s.URL},
		Number:  true,
	}
	if k == TitleKind || k == ProofKind {
		set.Frame = doc.Certificate
		set.Margin = doc.Margin{Top: 24 * doc.MM, Right: 25 * doc.MM, Bottom: 27 * doc.MM, Left: 25 * doc.MM}
	}
	return &paper{Builder: fonts.Begin(set), stamp: s, kind: k}
}

// head sets the heading, the QR code beside it, and the lines of numbers under it.
func (p *paper) head(lines ...string) {
	top := p.Y()
	p.qr(p.Right()-qrSize+2*doc.MM, top-5*doc.MM)
	p.Space(3 * doc.MM)
	p.Para(headStyle, doc.T(p.kind.Label()))
	p.Space(4)
	for _, l := range lines {
		p.Para(doc.Style{Size: 9.5, Lead: 1.55}, doc.T(l))
	}
	p.Space(3)
	if low := top + qrSize + 1*doc.MM; p.Y() < low {
		p.Space(low - p.Y())
	}
	p.HLine(p.Left(), p.Y(), p.Width(), 1, doc.Black)
	p.Space(8)
}

// qr draws the code that leads to the page of verification.
func (p *paper) qr(x, y float64) {
	p.QR(p.stamp.URL, x, y, qrSize)
	p.Link(p.stamp.URL, x, y, qrSize, qrSize)
	p.Text(doc.Style{Size: 7.5, Align: doc.Center, Color: doc.Grey}, x, y+qrSize-7, qrSize, doc.T("扫码核验真伪"))
}

// numberLine is the line under the heading of a notice.
func (p *paper) numberLine(caseNo land.CaseNumber) []string {
	lines := []string{"编　　号　" + p.stamp.Number}
	if caseNo != "" {
		lines = append(lines, "办件编号　"+string(caseNo))
	}
	return append(lines, "日　　期　"+chineseDate(p.stamp.At))
}

// part begins a numbered part: 一、…
func (p *paper) part(title string) { p.heading = &heading{partStyle, title} }

// say sets a paragraph of plain text.
func (p *paper) say(spans ...doc.Span) { p.Para(textStyle, spans...) }

// points sets numbered sentences: 1. … 2. …
func (p *paper) points(items ...string) {
	for i, s := range items {
		p.Para(itemStyle, doc.T(strconv.Itoa(i+1)+". "+s))
	}
}

// fact is a label with its value in a form.
type fact struct{ label, value string }

// facts sets a form of labels and values, two pairs a row; a long value takes the whole row, one without value is left out.
func (p *paper) facts(fs ...fact) {
	fs = slices.DeleteFunc(fs, func(f fact) bool { return f.value == "" })
	t := doc.Table{Cols: []doc.Col{{Width: 17, Label: true, Align: doc.Center}, {Width: 33}, {Width: 17, Label: true, Align: doc.Center}, {Width: 33}}}
	room := p.Width()*0.33 - 11
	long := func(f fact) bool {
		return strings.Contains(f.value, "\n") || p.TextWidth(doc.Style{Size: 10}, doc.T(f.value)) > room
	}
	for i := 0; i < len(fs); i++ {
		if i+1 < len(fs) && !long(fs[i]) && !long(fs[i+1]) {
			t.Rows = append(t.Rows, doc.Strings(fs[i].label, fs[i].value, fs[i+1].label, fs[i+1].value))
			i++
			continue
		}
		t.Rows = append(t.Rows, doc.Row{doc.Plain(fs[i].label), doc.Wide(3, doc.T(fs[i].value))})
	}
	p.Table(t)
}

// sealed sets the issuing office and the date at the right, with its seal across them.
func (p *paper) sealed(line string) {
	const seal = 40 * doc.MM
	p.Need(seal + 4)
	p.Space(10)
	st := doc.Style{Size: 11, Lead: 1.8, Align: doc.Center}
	w := max(p.TextWidth(st, doc.T(p.stamp.Office.Name)), 46*doc.MM) + 8
	x, y := p.Right()-w, p.Y()
	mid := y + seal/2
	p.Seal(doc.Seal{Name: p.stamp.Office.Name, Line: line}, x+w/2, mid-2, seal)
	p.Text(st, x, mid-st.Size*1.8, w, doc.T(p.stamp.Office.Name)) // over the seal, as ink shows through it
	p.Text(st, x, mid, w, doc.T(chineseDate(p.stamp.At)))
	p.Space(seal)
}

// basis sets the law that the document stands on.
func (p *paper) basis(laws ...string) {
	p.part("依据")
	p.Para(plainStyle, doc.T(strings.Join(laws, "；")+"。"))
}

// chineseDate is 2026 年 11 月 24 日 in Shanghai.
func chineseDate(t time.Time) string { return land.DateOf(t).Chinese() }

// chineseTime is 2026 年 11 月 24 日 17:00 in Shanghai.
func chineseTime(t time.Time) string {
	return chineseDate(t) + " " + t.In(clock.Shanghai()).Format("15:04")
}

// deadline is a time by which something is due; midnight is said as the end of the day before.
func deadline(t time.Time) string {
	if at := t.In(clock.Shanghai()); at.Hour() == 0 && at.Minute() == 0 {
		return chineseDate(at.AddDate(0, 0, -1)) + " 24:00"
	}
	return chineseTime(t)
}

// yuan is an amount as sentences have it.
func yuan(f land.Fen) string { return f.String() + " 元" }

// capital is an amount in figures and in capital numerals, as contracts have it.
func capital(f land.Fen) []doc.Span {
	return []doc.Span{doc.U("\u00a0" + f.String() + "\u00a0"), doc.T(" 元（大写："), doc.U("\u00a0" + f.Capital() + "\u00a0"), doc.T("）")}
}

// join puts names into one line: 甲、乙、丙.
func join(names []string) string { return strings.Join(names, "、") }
