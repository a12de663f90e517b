package doc

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"pgregory.net/rapid"

	"yichuang/internal/kit/doc/doctest"
)

var testFonts = sync.OnceValues(func() (*Fonts, error) { return OpenFonts() })

func fonts(t interface{ Fatal(...any) }) *Fonts {
	f, err := testFonts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// validate checks a file by the rules of the format.
func validate(t interface{ Fatalf(string, ...any) }, pdf []byte) {
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationStrict
	if err := api.Validate(bytes.NewReader(pdf), conf); err != nil {
		t.Fatalf("not a valid PDF: %v", err)
	}
}

// extract returns the text of a file, its pages joined.
func extract(t *testing.T, pdf []byte) string {
	t.Helper()
	pages, err := doctest.Pages(pdf)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(pages, "\n")
}

func sample(f *Fonts) *Builder {
	b := f.Begin(Setup{Title: "样张", Author: "泰州市", At: noon, Number: true, Header: Line{"左", "右"}, Footer: Line{Left: "编号 1"},
		Mark: "张* 0417", Frame: Certificate})
	b.Para(Style{Size: 18, Bold: true, Align: Center}, T("样张"))
	b.Para(Style{Indent: 2, Align: Justified}, T("成交价 "), U("1,280,000.00"), T(" 元，"), B("大写"), T("：壹佰贰拾捌万元整。"))
	b.QR("https://example.cn/v/0123456789ABCDEF", b.Left(), b.Y(), 30*MM)
	b.Seal(Seal{Name: "泰州市不动产登记中心", Line: "电子印章"}, b.Right()-70, b.Y()+60, 42*MM)
	b.Space(45 * MM)
	rows := make([]Row, 60)
	for i := range rows {
		rows[i] = Strings(fmt.Sprint(i+1), "买买提·阿不都热合曼", "9,999,999,999.99")
	}
	b.Table(Table{Cols: []Col{{Width: 1}, {Width: 4}, {Width: 2, Align: End}}, Head: []Row{Strings("序", "姓名", "金额")}, Rows: rows})
	return b
}

func TestSameInputSameBytes(t *testing.T) {
	f := fonts(t)
	want, err := sample(f).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	validate(t, want)
	var wg sync.WaitGroup
	for range 3 { // at the same time: the fonts are shared
		wg.Go(func() {
			got, err := sample(f).Bytes()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("another file from the same input (%v)", err)
			}
		})
	}
	wg.Wait()
}

func TestExtractedTextAndPages(t *testing.T) {
	b := sample(fonts(t))
	pdf, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := extract(t, pdf)
	if n := b.Pages(); n != 3 {
		t.Errorf("%d pages", n)
	}
	for _, want := range []string{"成交价 1,280,000.00 元，大写：壹佰贰拾捌万元整。", "第 1 页 共 3 页", "第 3 页 共 3 页", "60\t买买提·阿不都热合曼\t9,999,999,999.99"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "序\t姓名\t金额"); n != 3 {
		t.Errorf("the head of the table stands %d times on 3 pages", n)
	}
}

// TestAnotherReader compares what we read with what poppler reads, where the machine has it.
func TestAnotherReader(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not on this machine")
	}
	b := fonts(t).Begin(Setup{At: noon})
	b.Para(Style{Align: Justified}, T("成交价 "), U("1,280,000.00"), T(" 元。苏（2026）泰州市不动产权第0001234号，王䶮㙓。"))
	pdf, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "-raw", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := extract(t, pdf)
	if theirs := strings.TrimRight(string(out), "\n\f"); theirs != ours {
		t.Errorf("poppler reads %q, we %q", theirs, ours)
	}
}

func TestRareCharacters(t *testing.T) {
	f := fonts(t)
	const absent = '\U0010FFFD' // private use: no font has it
	b := f.Begin(Setup{At: noon})
	b.Para(Style{}, T("王"+string(absent)+"明"))
	pdf, err := b.Bytes()
	var missing *MissingError
	if !errors.As(err, &missing) || len(missing.Runes) != 1 || missing.Runes[0] != absent {
		t.Fatalf("error %v, want the absent character named", err)
	}
	if text := extract(t, pdf); !strings.Contains(text, "王〓明") {
		t.Errorf("%q shows no 〓", text)
	}
	const rare = "𠮷" // beyond the basic plane
	if len(f.Missing(rare)) > 0 {
		t.Skip("no font with Extension B on this machine")
	}
	b = f.Begin(Setup{At: noon})
	b.Para(Style{}, T("王"+rare+"䶮㙓"))
	if pdf, err = b.Bytes(); err != nil {
		t.Fatal(err)
	}
	if text := extract(t, pdf); !strings.Contains(text, "王"+rare+"䶮㙓") {
		t.Errorf("text reads %q", text)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, in string
		width    float64 // in Han of 10 points
		want     []string
	}{
		{"breaks between Han", "不动产登记中心", 3, []string{"不动产", "登记中", "心"}},
		{"no comma begins a line", "不动产，登记", 3, []string{"不动", "产，登", "记"}},
		{"no bracket ends a line", "不动（产）登记", 3, []string{"不动", "（产）", "登记"}},
		{"amount stays whole", "价款1,280,000.00元", 6.5, []string{"价款", "1,280,000.00", "元"}},
		{"newline", "甲\n\n乙", 3, []string{"甲", "", "乙"}},
		{"long number is cut", "321202001003GB00012F00030504", 6, []string{"32120200100", "3GB00012F0", "0030504"}},
		{"space at the break vanishes", "甲乙 丙丁", 2, []string{"甲乙", "丙丁"}},
		{"empty", "", 3, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := fonts(t).Begin(Setup{})
			lines, ok := wrap(b.shape([]Span{T(c.in)}, Style{Size: 10}), c.width*10, 0, 0)
			var got []string
			for _, l := range lines {
				got = append(got, l.String())
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) || !ok {
				t.Errorf("%q", got)
			}
		})
	}
}

func (l line) String() string {
	var s strings.Builder
	for _, g := range l.glyphs {
		s.WriteRune(g.r)
	}
	return s.String()
}

// anyText draws text such as people type: names, amounts, punctuation, long words, newlines.
func anyText(label string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"不动产", "登记", "，", "。", "（", "）", "《", "》", "·", " ", "\n", "—", "9,999,999,999.99",
			"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "a", "第0001234号", "买买提·阿不都热合曼·阿卜杜拉", "㎡", "……", "……………………………………………"}), 0, 40).Draw(t, label)
		return strings.Join(parts, "")
	})
}

func TestWrapLosesNothing(t *testing.T) {
	f := fonts(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyText("text").Draw(t, "in")
		width := rapid.Float64Range(30, 400).Draw(t, "width")
		lines, ok := wrap(f.Begin(Setup{}).shape([]Span{T(in)}, Style{}), width, 0, 0)
		if !ok {
			t.Fatalf("a character did not fit in %.1f", width)
		}
		var all strings.Builder
		for _, l := range lines {
			if l.width > width+slack {
				t.Fatalf("line %q is %.2f wide, room %.2f", l, l.width, width)
			}
			all.WriteString(l.String())
		}
		ink := strings.NewReplacer(" ", "", "\n", "").Replace
		if ink(all.String()) != ink(in) {
			t.Fatalf("%q became %q", in, all.String())
		}
	})
}

func TestNoTextLeavesItsCell(t *testing.T) {
	f := fonts(t)
	rapid.Check(t, func(t *rapid.T) {
		b := f.Begin(Setup{At: noon, Number: true})
		cols := make([]Col, rapid.IntRange(1, 6).Draw(t, "cols"))
		for i := range cols {
			cols[i] = Col{Width: rapid.Float64Range(2, 5).Draw(t, "width"), Align: Align(rapid.IntRange(0, 3).Draw(t, "align"))}
		}
		rows := make([]Row, rapid.IntRange(0, 25).Draw(t, "rows"))
		ink := 0
		for i := range rows {
			for range cols {
				s := anyText("cell").Draw(t, "s")
				ink += len([]rune(strings.NewReplacer(" ", "", "\n", "").Replace(s)))
				rows[i] = append(rows[i], Plain(s))
			}
		}
		b.trace = func(run, box rect) {
			if run.x < box.x-slack || run.x+run.w > box.x+box.w+slack {
				t.Fatalf("run %.1f+%.1f outside %.1f+%.1f", run.x, run.w, box.x, box.w)
			}
			if box.y < b.set.Margin.Top-slack || box.y+box.h > b.Bottom()+slack {
				if box.y < b.Bottom() { // the footer lies below
					t.Fatalf("line at %.1f+%.1f outside the page", box.y, box.h)
				}
			}
		}
		b.Table(Table{Cols: cols, Head: []Row{make(Row, len(cols))}, Rows: rows})
		pdf, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if rapid.IntRange(0, 9).Draw(t, "validate") == 0 { // slow
			validate(t, pdf)
		}
	})
}

func TestTooNarrow(t *testing.T) {
	b := fonts(t).Begin(Setup{})
	b.Table(Table{Cols: []Col{{Width: 1}, {Width: 1000}}, Rows: []Row{Strings("宽", "")}})
	if _, err := b.Bytes(); !errors.Is(err, ErrNarrow) {
		t.Errorf("error %v", err)
	}
}

func TestFinishRefusesAnotherShape(t *testing.T) {
	for _, in := range []string{"", "startxref\n", "startxref\n99999\n", "xref\n0 2\nstartxref\n0\n"} {
		if _, err := fonts(t).Begin(Setup{}).finish([]byte(in)); !errors.Is(err, errShape) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func BenchmarkPaper(b *testing.B) {
	f := fonts(b)
	for b.Loop() {
		if _, err := sample(f).Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}
