package esign_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/doctest"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/sm"
)

var now = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)

func paper(t *testing.T, link bool) []byte {
	t.Helper()
	fonts, err := doc.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	b := fonts.Begin(doc.Setup{Title: "样张", At: now})
	b.Para(doc.Style{}, doc.T("不动产权证书"))
	if link {
		b.Link("https://example.cn/v/1", 10, 10, 50, 50)
	}
	b.NewPage()
	pdf, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func identity(t *testing.T) (*esign.Identity, *sm.Signer) {
	t.Helper()
	signer, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	id, err := esign.New(signer, "泰州市不动产登记中心", now)
	if err != nil {
		t.Fatal(err)
	}
	return id, signer
}

func TestSignAndCheck(t *testing.T) {
	id, _ := identity(t)
	for name, link := range map[string]bool{"page with a link": true, "page without": false} {
		t.Run(name, func(t *testing.T) {
			plain := paper(t, link)
			signed, err := esign.Sign(plain, id, esign.Note{Name: id.Owner(), Reason: "签发", At: now})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(signed, plain) {
				t.Error("signing changed what was there")
			}
			api.DisableConfigDir()
			if err := api.Validate(bytes.NewReader(signed), nil); err != nil {
				t.Errorf("not a valid PDF: %v", err)
			}
			pages, err := doctest.Pages(signed)
			if err != nil || len(pages) != 2 || pages[0] != "不动产权证书" {
				t.Errorf("pages %q, %v", pages, err)
			}
			cert, err := esign.Check(signed)
			if err != nil || cert.Subject.CommonName != "泰州市不动产登记中心电子印章" {
				t.Fatalf("check: %v", err)
			}
			if _, err := esign.Check(plain); !errors.Is(err, esign.ErrUnsigned) {
				t.Errorf("unsigned: %v", err)
			}
		})
	}
}

func TestEveryChangeIsFound(t *testing.T) {
	id, _ := identity(t)
	signed, err := esign.Sign(paper(t, true), id, esign.Note{Name: "泰州", At: now})
	if err != nil {
		t.Fatal(err)
	}
	open := bytes.LastIndex(signed, []byte("/Contents <"))
	end := open + bytes.IndexByte(signed[open:], '>')
	for at := 0; at < len(signed); at += len(signed)/397 + 1 {
		if at > open && at < end { // the signature itself: its padding and its certificate are not covered, which is the caller's to judge
			continue
		}
		changed := bytes.Clone(signed)
		changed[at] ^= 1
		if _, err := esign.Check(changed); err == nil {
			t.Errorf("byte %d of %d may be changed", at, len(signed))
		}
	}
	for name, in := range map[string][]byte{"something added": append(bytes.Clone(signed), "%%EOF\n"...), "the end cut off": signed[:len(signed)-1]} {
		if _, err := esign.Check(in); !errors.Is(err, esign.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherFiles(t *testing.T) {
	id, _ := identity(t)
	for _, in := range []string{"", "%PDF-1.7\n", "startxref\n12\n", "xref\n0 3\nstartxref\n0\n%%EOF", "xref\n0 3\ntrailer\n<< /Size 3 >>\nstartxref\n0\n"} {
		if _, err := esign.Sign([]byte(in), id, esign.Note{}); !errors.Is(err, esign.ErrShape) {
			t.Errorf("Sign(%q): %v", in, err)
		}
	}
}

func TestCertificateIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.pem")
	_, signer := identity(t)
	first, err := esign.LoadOrCreate(path, signer, "泰州市不动产登记中心", now)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := esign.LoadOrCreate(path, signer, "另一家", now.AddDate(1, 0, 0))
	if err != nil || again.Owner() != first.Owner() {
		t.Errorf("owner %q, %v", again.Owner(), err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, kept) {
		t.Error("the certificate was replaced")
	}
	_, other := identity(t)
	if _, err := esign.LoadOrCreate(path, other, "泰州", now); !errors.Is(err, esign.ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
	if err := os.WriteFile(path, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := esign.LoadOrCreate(path, signer, "泰州", now); err == nil {
		t.Error("a file without a certificate is taken")
	}
}
