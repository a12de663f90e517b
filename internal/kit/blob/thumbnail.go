package blob

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/sync/semaphore"
)

// decoding lets one large picture be decoded at a time: it may take 150 MB.
var decoding = semaphore.NewWeighted(1)

// progressiveLimit is above which a progressive JPEG isn't decoded: its coefficients take 4 bytes a sample beside the picture.
const progressiveLimit = 20_000_000

// Thumbnail draws a picture or the first page of a PDF with its longer side of at most w pixels, as JPEG or PNG. Phone photographs come out upright.
// Where a PDF can't be drawn (no renderer, or it fails), it's a drawn sheet instead; the error is for files that Inspect refuses.
func Thumbnail(data []byte, w int) ([]byte, error) {
	info, err := Inspect(data)
	if err != nil {
		return nil, err
	}
	if info.Mime == MimePDF {
		if page, err := Page(context.Background(), data, 1, w); err == nil {
			return page, nil
		}
		return sheet(w)
	}
	orientation := 1
	if info.Mime == MimeJPEG {
		head, err := readJPEG(data)
		if err != nil {
			return nil, err
		}
		if head.progressive && info.Width*info.Height > progressiveLimit {
			return sheet(w)
		}
		orientation = head.orientation
	}
	return shrink(data, w, orientation)
}

func shrink(data []byte, w, orientation int) ([]byte, error) {
	if err := decoding.Acquire(context.Background(), 1); err != nil {
		return nil, err
	}
	defer decoding.Release(1)
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, ErrTruncated
	}
	dst := image.NewRGBA(fit(src.Bounds(), w))
	draw.Draw(dst, dst.Bounds(), image.White, image.Point{}, draw.Src) // under what is transparent
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(dst, orientation), &jpeg.Options{Quality: 80}); err != nil {
		return nil, fmt.Errorf("draw thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// fit is a rectangle of the same shape whose longer side is w, or r itself where it's smaller.
func fit(r image.Rectangle, w int) image.Rectangle {
	long := max(r.Dx(), r.Dy())
	if long <= w {
		return image.Rect(0, 0, r.Dx(), r.Dy())
	}
	return image.Rect(0, 0, max(1, r.Dx()*w/long), max(1, r.Dy()*w/long))
}

// upright turns and mirrors a picture as EXIF orientation says: the value tells where the first row and column are.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return src
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	dst := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			var to image.Point
			switch orientation {
			case 2:
				to = image.Pt(w-1-x, y)
			case 3:
				to = image.Pt(w-1-x, h-1-y)
			case 4:
				to = image.Pt(x, h-1-y)
			case 5:
				to = image.Pt(y, x)
			case 6:
				to = image.Pt(h-1-y, x)
			case 7:
				to = image.Pt(h-1-y, w-1-x)
			case 8:
				to = image.Pt(y, w-1-x)
			}
			dst.SetRGBA(to.X, to.Y, src.RGBAAt(x, y))
		}
	}
	return dst
}

// sheet draws a sheet of paper with lines, of the shape of A4, for what cannot be shown.
func sheet(w int) ([]byte, error) {
	r := image.Rect(0, 0, max(8, w*210/297), max(8, w))
	img := image.NewRGBA(r)
	fill(img, r, color.RGBA{0xB1, 0xB4, 0xB6, 0xFF})
	fill(img, r.Inset(1), color.RGBA{0xFF, 0xFF, 0xFF, 0xFF})
	margin, step := r.Dx()/6, max(2, r.Dy()/12)
	for y := 2 * step; y < r.Dy()-step; y += step {
		right := r.Dx() - margin
		if (y/step)%4 == 1 {
			right -= r.Dx() / 4 // the end of a paragraph
		}
		fill(img, image.Rect(margin, y, right, y+max(1, step/4)), color.RGBA{0xD8, 0xDB, 0xDD, 0xFF})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw sheet: %w", err)
	}
	return out.Bytes(), nil
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}
