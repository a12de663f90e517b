package doc

import (
	"fmt"
	"image/color"

	"github.com/boombuler/barcode/qr"
)

// QR draws text as a QR code (error correction M) with its upper left corner at x, y. The quiet zone of four modules is
// inside size, so that the code stays readable next to anything.
func (b *Builder) QR(text string, x, y, size float64) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		b.fail(fmt.Errorf("doc: qr: %w", err))
		return
	}
	const quiet = 4
	n := code.Bounds().Dx()
	mod := size / float64(n+2*quiet)
	b.fill(x, y, size, size, Color{255, 255, 255})
	b.pdf.SetFillColor(0, 0, 0)
	dark := func(i, j int) bool { return i < n && code.At(i, j) == color.Black }
	for j := range n {
		for i := 0; i < n; i++ {
			from := i
			for dark(i, j) {
				i++
			}
			if i > from {
				// A breath taller than a module: no hairline between rows on any screen.
				b.pdf.RectFromUpperLeftWithStyle(x+mod*float64(quiet+from), y+mod*float64(quiet+j),
					mod*float64(i-from), mod*1.02, "F")
			}
		}
	}
}
