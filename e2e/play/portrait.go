package play

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
)

// Portrait is a picture as a phone's camera sends it: the simulated police compare who it comes from, not what it shows.
func Portrait() []byte { return picture(480, 640) }

// Scan is a page as a phone photographs it.
func Scan() []byte { return picture(1240, 1754) }

func picture(w, h int) []byte {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetGray(x, y, color.Gray{Y: uint8(200 + (x*y)%50)})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}
