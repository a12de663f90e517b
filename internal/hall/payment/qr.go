package payment

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the white border that readers need, in modules.
const quiet = 4

// code draws text as the path of a QR code (error correction M), with the size of its square.
func drawing(text string) (path, box string, err error) {
	c, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", "", fmt.Errorf("payment: qr: %w", err)
	}
	n := c.Bounds().Dx()
	var b strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && c.At(x, y) == color.Black {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	side := n + 2*quiet
	return b.String(), fmt.Sprintf("0 0 %d %d", side, side), nil
}
