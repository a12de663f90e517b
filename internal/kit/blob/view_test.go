package blob

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// darker counts the pixels that the mark has darkened on a white picture.
func darker(t *testing.T, data []byte) (n int, size image.Rectangle) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if g := color.GrayModel.Convert(img.At(x, y)).(color.Gray); g.Y < 235 {
				n++
			}
		}
	}
	return n, img.Bounds()
}

func white(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	fill(img, img.Bounds(), color.RGBA{0xFF, 0xFF, 0xFF, 0xFF})
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Who looks is written into the pixels, from the first rows to the last, and differs from one person to another.
func TestViewIsMarked(t *testing.T) {
	scan := white(t, 2000, 3000)
	first, err := View(t.Context(), scan, 1, 1400, "肖学博 hailing.first1 11-25 09:17")
	if err != nil {
		t.Fatal(err)
	}
	n, size := darker(t, first)
	if size.Dy() != 1400 || n < 2000 || n > size.Dx()*size.Dy()/20 {
		t.Errorf("%d of %v pixels are marked", n, size)
	}
	second, err := View(t.Context(), scan, 1, 1400, "hailing.second1 11-25 09:17")
	if err != nil || bytes.Equal(first, second) {
		t.Errorf("two people see the same picture, %v", err)
	}
	bare, err := View(t.Context(), scan, 1, 1400, "肖学博")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := darker(t, bare); n > 0 {
		t.Errorf("%d pixels are marked with nothing to write", n)
	}
}

func TestViewOfWhatIsNone(t *testing.T) {
	if _, err := View(t.Context(), []byte("MZ not a picture"), 1, 1400, "x"); err == nil {
		t.Error("an EXE was drawn")
	}
}
