package blob

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// View draws a picture or a page of a PDF as a JPEG whose longer side has at most side pixels, with mark written all over it in
// the pixels: what is shown to one person can be told from what is shown to another. Mark is of ASCII; other characters are
// left out. ErrNoRenderer where a PDF cannot be drawn here.
func View(ctx context.Context, data []byte, page, side int, mark string) ([]byte, error) {
	info, err := Inspect(data)
	if err != nil {
		return nil, err
	}
	if info.Mime == MimePDF {
		data, err = Page(ctx, data, page, side)
	} else {
		data, err = Thumbnail(data, side)
	}
	if err != nil {
		return nil, err
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("draw view: %w", err)
	}
	dst := image.NewRGBA(src.Bounds())
	draw.Draw(dst, dst.Bounds(), src, src.Bounds().Min, draw.Src)
	stamp(dst, mark)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, dst, &jpeg.Options{Quality: 82}); err != nil {
		return nil, fmt.Errorf("draw view: %w", err)
	}
	return out.Bytes(), nil
}

// How the mark is set: letters enlarged so often, in rows that far apart, thin enough to read through.
const (
	letters = 2
	rows    = 150
	ink     = 48 // of 255
)

// stamp writes the mark in rows over a picture, each row begun elsewhere.
func stamp(dst *image.RGBA, mark string) {
	text := ascii(mark)
	if text == "" {
		return
	}
	face := basicfont.Face7x13
	width := font.MeasureString(face, text).Ceil()
	word := image.NewAlpha(image.Rect(0, 0, width, face.Height))
	(&font.Drawer{Dst: word, Src: image.NewUniform(color.Alpha{ink}), Face: face, Dot: fixed.P(0, face.Ascent)}).DrawString(text)
	large := image.NewAlpha(image.Rect(0, 0, width*letters, face.Height*letters))
	draw.NearestNeighbor.Scale(large, large.Bounds(), word, word.Bounds(), draw.Src, nil)
	step := large.Bounds().Dx() + 80
	for row, y := 0, rows/3; y < dst.Bounds().Dy(); row, y = row+1, y+rows {
		for x := -(row % 3) * step / 3; x < dst.Bounds().Dx(); x += step {
			at := large.Bounds().Add(image.Pt(x, y)).Add(dst.Bounds().Min)
			draw.DrawMask(dst, at, image.Black, image.Point{}, large, image.Point{}, draw.Over)
		}
	}
}

func ascii(s string) string {
	var out []byte
	for _, r := range s {
		if r >= ' ' && r <= '~' {
			out = append(out, byte(r))
		}
	}
	return string(out)
}
