package book

import (
	"bytes"
	"net/http"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/doctest"
	"yichuang/internal/kit/sm"
)

var opened = sync.OnceValues(Open)

func openBook(t testing.TB) *Book {
	t.Helper()
	b, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every operation of the interface is in the book with all that its page says, and nothing of it is empty.
func TestEveryOperationIsDescribed(t *testing.T) {
	b := openBook(t)
	document, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range spec.Operations() {
		op, ok := b.Operation(info.Operation)
		if !ok {
			t.Errorf("%s is not in the book", info.Operation)
			continue
		}
		if op.Purpose == "" || op.Version == "" || op.Since == "" {
			t.Errorf("%s: purpose %q, version %q since %q", info.Operation, op.Purpose, op.Version, op.Since)
		}
		for side, body := range map[spec.Side]Body{spec.Request: op.Request, spec.Response: op.Answer} {
			if err := document.Check(info.Operation, side, body.Example); err != nil {
				t.Errorf("%s: the example does not fit: %v", info.Operation, err)
			}
			for _, f := range body.Walk() {
				if f.Name == "" || f.Text == "" || f.Type == "" {
					t.Errorf("%s: field %q: %q, type %q", info.Operation, f.Name, f.Text, f.Type)
				}
				for _, c := range f.Codes {
					if c.Meaning == "" {
						t.Errorf("%s: %s: code %q has no meaning", info.Operation, f.Name, c.Code)
					}
				}
			}
		}
		if len(op.Refusals) != len(document.Refusals(info.Operation)) {
			t.Errorf("%s: %d refusals, the specification has %d", info.Operation, len(op.Refusals), len(document.Refusals(info.Operation)))
		}
	}
}

// What stands beside a reference goes before what it refers to; objects open, lists say what they hold.
func TestFieldsAreRead(t *testing.T) {
	op, ok := openBook(t).Operation(spec.RegistryUnitStatus)
	if !ok {
		t.Fatal("no such operation")
	}
	f := op.Request.Fields[0]
	if f.Name != "unitCode" || f.National != "BDCDYH" || f.TypeName != "UnitCode" || !f.Required || !strings.HasPrefix(f.Pattern, "^[0-9]{12}") || f.Type != "文本" {
		t.Errorf("field %+v", f)
	}
	op, _ = openBook(t).Operation(spec.RegistryUnitQuery)
	var names []string
	for depth, f := range op.Answer.Walk() {
		if depth == 1 && f.Personal != "" {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		t.Error("nothing inside an object is personal")
	}
	if len(op.Request.Choices) != 2 {
		t.Errorf("choices %v", op.Request.Choices)
	}
}

// The signed example of each operation verifies with the published keys, and no longer when a letter of it changes.
func TestSignedExamplesAreTrue(t *testing.T) {
	b := openBook(t)
	_, public, secret := b.Keys()
	key, err := sm.ParsePublicKey([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range spec.Operations() {
		op, _ := b.Operation(info.Operation)
		s, err := b.Sign(op)
		if err != nil {
			t.Fatal(err)
		}
		for signature, v := range map[string]spec.Verifier{s.SM2: spec.SM2Verifier(key), s.HMAC: spec.Secret(secret)} {
			h := http.Header{spec.HeaderSignature: {signature}}
			for _, line := range s.Headers {
				h.Set(line[0], line[1])
			}
			head, err := spec.ReadHead(h)
			if err != nil {
				t.Fatalf("%s: %v", info.Operation, err)
			}
			if err := head.Check(v, http.MethodPost, info.Path, time.Unix(1795486500, 0)); err != nil {
				t.Errorf("%s: %v", info.Operation, err)
			}
			if err := head.CheckBody([]byte(s.Body)); err != nil {
				t.Errorf("%s: %v", info.Operation, err)
			}
			if head.Check(v, http.MethodPost, info.Path+"x", time.Unix(1795486500, 0)) == nil || head.CheckBody([]byte(s.Body+" ")) == nil {
				t.Errorf("%s: another path or body passes", info.Operation)
			}
			if string(head.Canonical(http.MethodPost, info.Path)) != s.Canonical {
				t.Errorf("%s: another canonical text", info.Operation)
			}
		}
	}
}

// The README has advice for each code of common.yaml, and its order of a sale names operations that exist.
func TestTextsKeepUpWithTheDocuments(t *testing.T) {
	b := openBook(t)
	if len(b.Errors) < 15 {
		t.Errorf("%d error codes", len(b.Errors))
	}
	for _, e := range b.Errors {
		if e.Advice == "" || e.Meaning == "" || e.Status == "" {
			t.Errorf("%+v", e)
		}
	}
	for _, s := range b.sections {
		if !strings.Contains(s.Title, "一笔买卖") {
			continue
		}
		for _, name := range operationName.FindAllString(plain(s.Blocks), -1) {
			if _, ok := spec.Lookup(spec.Operation(name)); !ok {
				t.Errorf("the order of a sale has %s, which is no operation", name)
			}
		}
	}
	if order := b.orderOfSale(); order[spec.RegistryUnitQuery] == 0 || order[spec.RegistryUnitQuery] > order[spec.RegistryEntryPush] {
		t.Errorf("order of a sale %v", order)
	}
	for _, c := range b.Counterparts {
		if c.About == "" {
			t.Errorf("the README does not say whose %s is", c.File)
		}
	}
}

func TestSince(t *testing.T) {
	b := &Book{Changes: []Change{{Version: "1.2.0"}, {Version: "1.1.0", Operations: []spec.Operation{spec.TaxSlipIssue}}, {Version: "1.0.0"}}}
	for op, want := range map[spec.Operation]string{spec.TaxSlipIssue: "1.1.0", spec.RegistryUnitQuery: "1.0.0"} {
		if got := b.since(&Operation{Info: spec.Info{Operation: op}, Version: "1.2.0"}); got != want {
			t.Errorf("%s since %s, want %s", op, got, want)
		}
	}
	for _, wrong := range []string{"# 变更记录\n", "## 一点零\n\n- 首版\n", "## 1.0.0\n"} {
		if _, err := changesOf(parseMarkdown(wrong)); err == nil {
			t.Errorf("%q is taken as a list of changes", wrong)
		}
	}
}

// narrow drops white space, which a paper puts where it breaks lines.
func narrow(s string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(s, "") }

// Each guide names its operations, all fields that must be there, its code lists and the rules; nothing in it leads nowhere.
func TestGuidesAreComplete(t *testing.T) {
	b := openBook(t)
	for _, name := range b.Guides() {
		g, ok := b.Guide(name)
		if !ok {
			t.Fatalf("%s has no guide", name)
		}
		var out bytes.Buffer
		if err := g.WriteHTML(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %s twice", name, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if !ids[m[1]] {
				t.Errorf("%s: link to missing %s", name, m[1])
			}
		}
		for _, words := range []string{"二、签名", "签名样例", "三、重复与重发", "怎么办", "yichuang conform", "上线前核对", "往来次序", "变更记录", b.vectors.Messages[0].Canonical} {
			if !strings.Contains(page, words) {
				t.Errorf("%s does not say %q", name, words)
			}
		}
		for _, op := range g.Operations {
			for _, body := range []Body{op.Request, op.Answer} {
				for _, f := range body.Walk() {
					if f.Required && !strings.Contains(page, "<code>"+f.Name+brackets(f)+"</code>") {
						t.Errorf("%s: %s: the field %s is not told", name, op.Operation, f.Name)
					}
					if f.Codes != nil && !ids[codesID(f.TypeName)] {
						t.Errorf("%s: %s: the code list %s is not there", name, op.Operation, f.TypeName)
					}
				}
			}
			for _, r := range op.Refusals {
				if !strings.Contains(page, r.Meaning) {
					t.Errorf("%s: %s: %s is not explained", name, op.Operation, r.Code)
				}
			}
		}
	}
	for _, name := range []string{"", "nobody", Common, "common", "../registry", "registry.yaml"} {
		if _, ok := b.Guide(name); ok {
			t.Errorf("there is a guide of %q", name)
		}
	}
}

var testFonts = sync.OnceValues(func() (*doc.Fonts, error) { return doc.OpenFonts() })

// The paper says what the page says: contents that lead to the right pages, every operation by its title and name, in the same bytes each time.
func TestGuidesAsPapers(t *testing.T) {
	fonts, err := testFonts()
	if err != nil {
		t.Fatal(err)
	}
	b := openBook(t)
	for _, name := range b.Guides() {
		t.Run(name, func(t *testing.T) {
			g, _ := b.Guide(name)
			pdf, err := g.PDF(fonts)
			if err != nil {
				t.Fatal(err)
			}
			pages, err := doctest.Pages(pdf)
			if err != nil {
				t.Fatal(err)
			}
			all := narrow(strings.Join(pages, ""))
			for _, op := range g.Operations {
				if !strings.Contains(all, narrow(op.Title)) || !strings.Contains(all, string(op.Operation)) {
					t.Errorf("%s is not in the paper", op.Operation)
				}
			}
			contents := narrow(strings.Join(pages[1:4], ""))
			for title, page := range map[string]string{"第一部分　概述": "操作一览", "部分　代码": "错误代码"} {
				i := len(pages) - 1
				for i >= 0 && (!strings.Contains(pages[i], title) || !strings.Contains(pages[i], page)) {
					i-- // from behind: the contents have these words, too
				}
				if i < 0 || !strings.Contains(contents, narrow(title)+digits(i+1)) {
					t.Errorf("%q is on page %d, the contents say otherwise:\n%s", title, i+1, contents)
				}
			}
		})
	}
	g, _ := b.Guide("queue")
	one, err := g.PDF(fonts)
	if err != nil {
		t.Fatal(err)
	}
	two, err := g.PDF(fonts)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("another paper from the same guide (%v)", err)
	}
}

// Another reader than ours finds the words, too, where the machine has it.
func TestPaperIsReadByOthers(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not on this machine")
	}
	fonts, err := testFonts()
	if err != nil {
		t.Fatal(err)
	}
	g, _ := openBook(t).Guide("registry")
	pdf, err := g.PDF(fonts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tool, "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := narrow(string(out))
	for _, op := range g.Operations {
		if !strings.Contains(text, string(op.Operation)) || !strings.Contains(text, narrow(op.Title)) {
			t.Errorf("%s is not read", op.Operation)
		}
	}
	if strings.Contains(text, "〓") {
		t.Error("a character could not be drawn")
	}
}

func TestMarkdown(t *testing.T) {
	got := parseMarkdown("# 题\n\n第一行\n第二行 with\nwords\n\n- 甲 `a`\n  续\n- **乙**\n\n1. 一\n2. 二\n\n| 头 | 尾 |\n|---|---|\n| `a\\|b` | [词](x.md) |\n\n```\n  原样\n```\n")
	want := []Block{
		Heading{Level: 1, Text: "题"},
		Para{Text{{Text: "第一行第二行 with words"}}},
		List{Items: []Text{{{Text: "甲 "}, {Text: "a", Code: true}, {Text: "续"}}, {{Text: "乙", Bold: true}}}},
		List{Items: []Text{{{Text: "一"}}, {{Text: "二"}}}, Numbered: true},
		Table{Head: []string{"头", "尾"}, Widths: []float64{5, 5}, Rows: []Row{{Cells: []Text{{{Text: "a|b", Code: true}}, {{Text: "词"}}}}}},
		Code{"  原样"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d blocks: %+v", len(got), got)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("block %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}
