package papers

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/doctest"
	"yichuang/internal/land"
)

var update = flag.Bool("update", false, "write the golden files anew")

var openFonts = sync.OnceValues(func() (*doc.Fonts, error) { return doc.OpenFonts() })

func fonts(t testing.TB) *doc.Fonts {
	t.Helper()
	f, err := openFonts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestGolden compares the text of every document, page by page, with what a person has read and approved.
// With -update it writes the text anew; with PAPERS set to a folder it leaves the PDFs there to be looked at.
func TestGolden(t *testing.T) {
	all := samples()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			pdf, err := Render(fonts(t), all[name], stamp(all[name]))
			if err != nil {
				t.Fatal(err)
			}
			if dir := os.Getenv("PAPERS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			api.DisableConfigDir()
			if err := api.Validate(bytes.NewReader(pdf), nil); err != nil {
				t.Errorf("not a valid PDF: %v", err)
			}
			pages, err := doctest.Pages(pdf)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for i, p := range pages {
				fmt.Fprintf(&got, "== %d / %d ==\n%s\n", i+1, len(pages), p)
			}
			golden(t, filepath.Join("testdata", name+".txt"), got.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("line %d of %s\nwant %q\ngot  %q", i+1, file, a[i], b[i])
		}
	}
	t.Fatalf("%s has %d lines, the paper %d", file, len(a), len(b))
}

// TestNothingIsLost looks for what the worst documents carry: all holders, all notes, the largest amount in both forms.
func TestNothingIsLost(t *testing.T) {
	text := func(c Content) string {
		pdf, err := Render(fonts(t), c, stamp(c))
		if err != nil {
			t.Fatal(err)
		}
		pages, err := doctest.Pages(pdf)
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer("\n", "", "\t", "").Replace(strings.Join(pages, "\n"))
	}
	worst := text(worstTitle())
	for i := range 40 {
		want := fmt.Sprintf("%s%02d1/40", longName[:len(longName)-6], i+1)
		if !strings.Contains(strings.ReplaceAll(worst, " ", ""), want) {
			t.Errorf("the title lacks %q", want)
		}
	}
	for i := range 30 {
		if want := fmt.Sprintf("第 %d 项附记：%s", i+1, longAddress[:30]); !strings.Contains(worst, want) {
			t.Errorf("the title lacks %q", want)
		}
	}
	contract := text(worstContract())
	for _, want := range []string{land.MaxFen.String(), land.MaxFen.Capital(), longAddress[:60]} {
		if !strings.Contains(contract, want) {
			t.Errorf("the contract lacks %q", want)
		}
	}
	if n := strings.Count(contract, "1/40"); n != 40 {
		t.Errorf("the contract has %d shares", n)
	}
}

func TestIncomplete(t *testing.T) {
	change := func(edit func(*TrustAgreement)) Content {
		c := trust()
		edit(&c)
		return c
	}
	noReason, noLaw := refusal(true), refusal(true)
	noReason.Reasons, noLaw.Reasons = nil, []Reason{{Text: "权属争议"}}
	emptyTable := correction()
	emptyTable.Gaps = nil
	noAgreement := sheet()
	noAgreement.Trust.Agreement = ""
	for _, c := range []struct {
		name string
		in   Content
	}{
		{"sheet without case", Sheet{To: []string{"王"}}},
		{"sheet with down payment and no agreement", noAgreement},
		{"correction without gaps", emptyTable},
		{"acceptance without registrations", Acceptance{Case: caseNo}},
		{"trust whose parts do not sum", change(func(a *TrustAgreement) { a.DownPayment++ })},
		{"trust without payee", change(func(a *TrustAgreement) { a.Payee.Account = "" })},
		{"trust without buyers", change(func(a *TrustAgreement) { a.Buyers = nil })},
		{"contract without price", SaleContract{Sellers: []Person{seller}, Buyers: []Person{buyer}}},
		{"title without number", TitleCertificate{}},
		{"proof without holder", ProofCertificate{Number: cert(true, 1)}},
		{"refusal without reason", noReason},
		{"refusal without article", noLaw},
		{"receipt without lines", Receipt{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e ErrIncomplete
			if _, err := Render(fonts(t), c.in, stamp(c.in)); !errors.As(err, &e) || e.Kind != c.in.kind() {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestUnknownCharacterIsNotIssued(t *testing.T) {
	c := proof()
	c.Obliged = []string{"王\U0010FFFD明"}
	var missing *doc.MissingError
	if pdf, err := Render(fonts(t), c, stamp(c)); !errors.As(err, &missing) || pdf != nil {
		t.Errorf("error %v, %d bytes", err, len(pdf))
	}
}

func TestOffices(t *testing.T) {
	for _, d := range land.Districts() {
		o, ok := OfficeOf(d.Code)
		if !ok || o.Name != d.Issuing+"不动产登记中心" {
			t.Errorf("office of %s: %+v", d.Code, o)
		}
	}
	if _, ok := OfficeOf("110101"); ok {
		t.Error("an office outside the city")
	}
}
