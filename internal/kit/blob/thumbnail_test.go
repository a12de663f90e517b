package blob_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os/exec"
	"testing"

	"yichuang/internal/kit/blob"
)

func TestThumbnailFits(t *testing.T) {
	for _, tt := range []struct {
		name         string
		data         []byte
		side         int
		wantW, wantH int
	}{
		{"wide", jpegFile(t, 800, 400), 200, 200, 100},
		{"high", pngFile(t, 300, 900), 300, 100, 300},
		{"smaller than asked for", pngFile(t, 20, 10), 200, 20, 10},
		{"a thread", pngFile(t, 2000, 1), 100, 100, 1},
		{"turned", turned(jpegFile(t, 800, 400), 6), 200, 100, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := thumbnail(t, tt.data, tt.side)
			if got.Dx() != tt.wantW || got.Dy() != tt.wantH {
				t.Errorf("thumbnail is %d × %d, want %d × %d", got.Dx(), got.Dy(), tt.wantW, tt.wantH)
			}
		})
	}
}

func TestThumbnailOfWhatCannotBeShown(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"a program", exe(), blob.ErrKind{Mime: "application/octet-stream"}},
		{"too many pixels", hugePNG(20_000, 20_000), blob.ErrPixels{Width: 20_000, Height: 20_000}},
		{"a header and no picture", hugePNG(400, 400), blob.ErrTruncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := blob.Thumbnail(tt.data, 100); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

// A phone held upright writes the picture lying on its side and says so: the corner that is red in the file must land where a viewer sees it.
func TestThumbnailComesOutUpright(t *testing.T) {
	const w, h = 160, 80
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			if x < w/4 && y < h/4 {
				c = color.RGBA{255, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	// EXIF: where the top left of the file is when the picture is upright.
	for orientation, corner := range map[byte]string{
		1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
		5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left",
	} {
		data, err := blob.Thumbnail(turned(b.Bytes(), orientation), 80)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := image.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if c := redCorner(got); c != corner {
			t.Errorf("orientation %d: red is at the %s, want %s", orientation, c, corner)
		}
	}
}

func redCorner(img image.Image) string {
	r := img.Bounds()
	for name, p := range map[string]image.Point{
		"top left": {2, 2}, "top right": {r.Dx() - 3, 2},
		"bottom left": {2, r.Dy() - 3}, "bottom right": {r.Dx() - 3, r.Dy() - 3},
	} {
		red, green, _, _ := img.At(p.X, p.Y).RGBA()
		if red > 0xC000 && green < 0x4000 {
			return name
		}
	}
	return "nowhere"
}

func TestPage(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		if _, err := blob.Page(t.Context(), pdfFile(1), 1, 300); !errors.Is(err, blob.ErrNoRenderer) {
			t.Fatalf("without a renderer: %v", err)
		}
		t.Skip("pdftoppm is not installed (Debian: apt-get install poppler-utils)")
	}
	data, err := blob.Page(t.Context(), pdfFile(3), 2, 300)
	if err != nil {
		t.Fatal(err)
	}
	img, kind, err := image.Decode(bytes.NewReader(data))
	if err != nil || kind != "png" || img.Bounds().Dy() != 300 {
		t.Fatalf("page 2 is a %s of %v: %v", kind, img.Bounds(), err)
	}
	r, _, b, _ := img.At(100, 200).RGBA() // in the rectangle that the page draws
	if b < 0xA000 || r > 0x6000 {
		t.Errorf("the page's drawing is missing: r=%x b=%x", r, b)
	}
	if _, err := blob.Page(t.Context(), pdfFile(3), 7, 300); err == nil {
		t.Error("page 7 of 3 was drawn")
	}
	if _, err := blob.Page(t.Context(), []byte("%PDF-1.7 broken"), 1, 300); err == nil {
		t.Error("a broken PDF was drawn")
	}
}

// A page that can't be drawn in the time and memory given is no reason to show nothing.
func TestThumbnailOfPDFAlwaysShowsSomething(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no renderer here
	got := thumbnail(t, pdfFile(2), 120)
	if got.Dy() != 120 || got.Dx() >= got.Dy() {
		t.Errorf("sheet is %v", got)
	}
}

func thumbnail(t *testing.T, data []byte, side int) image.Rectangle {
	t.Helper()
	out, err := blob.Thumbnail(data, side)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return img.Bounds()
}
