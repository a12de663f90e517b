package doctest_test

import (
	"errors"
	"testing"

	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/doctest"
)

func TestPages(t *testing.T) {
	fonts, err := doc.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	b := fonts.Begin(doc.Setup{})
	b.Para(doc.Style{}, doc.T("甲方（出卖人）\n乙方 "), doc.B("2026"))
	b.NewPage()
	b.Para(doc.Style{}, doc.T("㎡"))
	pdf, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := doctest.Pages(pdf)
	if err != nil || len(got) != 2 || got[0] != "甲方（出卖人）\n乙方 2026" || got[1] != "㎡" {
		t.Errorf("Pages = %q, %v", got, err)
	}
}

func TestPagesOfAnotherFile(t *testing.T) {
	for _, in := range []string{"", "%PDF-1.7\n1 0 obj\n<< >>\nendobj\n", "2 0 obj\n"} {
		if _, err := doctest.Pages([]byte(in)); !errors.Is(err, doctest.ErrNotOurs) {
			t.Errorf("Pages(%q): %v", in, err)
		}
	}
}
