package blob_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"yichuang/internal/kit/blob"
)

func TestInspectAccepts(t *testing.T) {
	jpg := jpegFile(t, 300, 200)
	for _, tt := range []struct {
		name string
		data []byte
		want blob.Info
	}{
		{"JPEG", jpg, blob.Info{Mime: blob.MimeJPEG, Pages: 1, Width: 300, Height: 200}},
		{"JPEG of a camera held upright", turned(jpg, 6), blob.Info{Mime: blob.MimeJPEG, Pages: 1, Width: 200, Height: 300}},
		{"JPEG upside down", turned(jpg, 3), blob.Info{Mime: blob.MimeJPEG, Pages: 1, Width: 300, Height: 200}},
		{"JPEG with a video behind it", append(bytes.Clone(jpg), "ftypmp42 moving picture"...),
			blob.Info{Mime: blob.MimeJPEG, Pages: 1, Width: 300, Height: 200}},
		{"PNG", pngFile(t, 31, 47), blob.Info{Mime: blob.MimePNG, Pages: 1, Width: 31, Height: 47}},
		{"PNG of just 50 megapixels", hugePNG(10_000, 5_000), blob.Info{Mime: blob.MimePNG, Pages: 1, Width: 10_000, Height: 5_000}},
		{"PDF", pdfFile(3), blob.Info{Mime: blob.MimePDF, Pages: 3}},
		{"PDF behind a scanner's bytes", append([]byte("SCANNER 3000\n"), pdfFile(1)...), blob.Info{Mime: blob.MimePDF, Pages: 1}},
		{"PDF that only its owner may change", locked(t, pdfFile(2), "", "owner"), blob.Info{Mime: blob.MimePDF, Pages: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := blob.Inspect(tt.data)
			if err != nil || got != tt.want {
				t.Errorf("Inspect = %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestInspectRefuses(t *testing.T) {
	jpg, pdf := jpegFile(t, 300, 200), pdfFile(5)
	bent := pngFile(t, 40, 40)
	bent[len(bent)/2] ^= 0x10
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, blob.ErrEmpty},
		{"a program named .jpg", exe(), blob.ErrKind{Mime: "application/octet-stream"}},
		{"a web page", []byte("<html><script>alert(1)</script></html>"), blob.ErrKind{Mime: "text/html; charset=utf-8"}},
		{"an SVG", []byte(`<?xml version="1.0"?><svg onload="alert(1)"/>`), blob.ErrKind{Mime: "text/xml; charset=utf-8"}},
		{"a GIF", []byte("GIF89a\x01\x00\x01\x00"), blob.ErrKind{Mime: "image/gif"}},
		{"a ZIP", []byte("PK\x03\x04rest"), blob.ErrKind{Mime: "application/zip"}},
		{"a JPEG's first bytes", jpg[:20], blob.ErrTruncated},
		{"a JPEG cut in the middle", jpg[:len(jpg)/2], blob.ErrTruncated},
		{"a JPEG without its last byte", jpg[:len(jpg)-1], blob.ErrTruncated},
		{"a PNG cut in the middle", pngFile(t, 60, 60)[:200], blob.ErrTruncated},
		{"a PNG with a wrong checksum", bent, blob.ErrTruncated},
		{"a PNG that claims a long chunk", append([]byte("\x89PNG\r\n\x1a\n"), "\xff\xff\xff\xffIHDR"...), blob.ErrTruncated},
		{"a PDF cut in the middle", pdf[:len(pdf)/2], blob.ErrTruncated},
		{"a PDF of which only the mark is left", []byte("%PDF-1.7"), blob.ErrTruncated},
		{"a PDF with marks and nothing between", []byte("%PDF-1.7\n%%EOF"), blob.ErrTruncated},
		{"a PDF without pages", pdfFile(0), blob.ErrTruncated},
		{"a PDF with a password", locked(t, pdf, "secret", "owner"), blob.ErrEncrypted},
		{"20,000 × 20,000 pixels", hugePNG(20_000, 20_000), blob.ErrPixels{Width: 20_000, Height: 20_000}},
		{"a million × a million pixels", hugePNG(1e6, 1e6), blob.ErrPixels{Width: 1e6, Height: 1e6}},
		{"a width that overflows", hugePNG(1<<31-1, 1<<31-1), blob.ErrTruncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info, err := blob.Inspect(tt.data)
			if !errors.Is(err, tt.want) {
				t.Errorf("Inspect = %+v, %v; want error %v", info, err, tt.want)
			}
		})
	}
}

// Whatever the bytes, Inspect and Thumbnail come back, and a file with a part cut off the end is never taken for whole.
func TestInspectSurvivesAnything(t *testing.T) {
	whole := map[string][]byte{"jpeg": turned(jpegFile(t, 90, 60), 8), "png": pngFile(t, 50, 50), "pdf": pdfFile(2)}
	for name, data := range whole {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			broken := bytes.Clone(data)
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			for range rapid.IntRange(1, 20).Draw(t, "changes") {
				broken[r.IntN(len(broken))] = byte(r.Uint32())
			}
			if info, err := blob.Inspect(broken); err == nil && info.Mime != blob.MimePDF {
				_, _ = blob.Thumbnail(broken, 16) // of a PDF it's another program that must survive
			}
			cut := rapid.IntRange(0, len(data)-8).Draw(t, "cut")
			if info, err := blob.Inspect(data[:cut]); err == nil {
				t.Fatalf("the first %d of %d bytes pass as %+v", cut, len(data), info)
			}
		}))
	}
}
