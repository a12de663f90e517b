package doc

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Seal is a round red seal: a ring, a star, the name of the organisation on the upper arc, a line under the star.
type Seal struct {
	Name string // at most 24 characters
	Line string // "电子印章", "不动产登记专用章"; may be empty
}

// sealPixels is the side of the drawn seal: 42 mm at 300 dots an inch.
const sealPixels = 496

var sealRed = color.NRGBA{R: 206, G: 24, B: 30, A: 224}

// Seal draws s with its centre at cx, cy; official seals are 42 mm across.
func (b *Builder) Seal(s Seal, cx, cy, across float64) {
	data, err := b.fonts.SealPNG(s)
	if err != nil {
		b.fail(err)
		return
	}
	img, err := gopdf.ImageHolderByBytes(data)
	if err != nil {
		b.fail(fmt.Errorf("doc: seal: %w", err))
		return
	}
	b.fail(b.pdf.ImageByHolder(img, cx-across/2, cy-across/2, &gopdf.Rect{W: across, H: across}))
}

// SealPNG is the picture of a seal with a clear ground, drawn once for each seal.
func (f *Fonts) SealPNG(s Seal) ([]byte, error) {
	if data, ok := f.seals.Load(s); ok {
		return data.([]byte), nil
	}
	p := sealPainter{ras: vector.NewRasterizer(sealPixels, sealPixels), face: f.main[0][1]}
	if err := p.paint(s); err != nil {
		return nil, fmt.Errorf("doc: seal: %w", err)
	}
	img := image.NewNRGBA(image.Rect(0, 0, sealPixels, sealPixels))
	mask := image.NewAlpha(img.Rect)
	p.ras.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	for i, a := range mask.Pix {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2] = sealRed.R, sealRed.G, sealRed.B
		img.Pix[4*i+3] = uint8(int(a) * int(sealRed.A) / 255)
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return nil, fmt.Errorf("doc: seal: %w", err)
	}
	f.seals.Store(s, buf.Bytes())
	return buf.Bytes(), nil
}

// sealPainter collects the outlines of a seal. All lengths are pixels from its centre.
type sealPainter struct {
	ras  *vector.Rasterizer
	face *face
	buf  sfnt.Buffer
}

func (p *sealPainter) paint(s Seal) error {
	const r = sealPixels/2 - 3
	p.circle(r, false)
	p.circle(r-0.055*r, true) // wound the other way: a hole
	p.star(0.30 * r)
	if err := p.arc([]rune(s.Name), r); err != nil {
		return err
	}
	return p.base([]rune(s.Line), r)
}

func (p *sealPainter) move(x, y float64) { p.ras.MoveTo(px(x), px(y)) }
func (p *sealPainter) line(x, y float64) { p.ras.LineTo(px(x), px(y)) }
func px(v float64) float32               { return float32(v + sealPixels/2) }

func (p *sealPainter) circle(r float64, back bool) {
	const n = 180
	for i := range n {
		a := 2 * math.Pi * float64(i) / n
		if back {
			a = -a
		}
		x, y := r*math.Cos(a), r*math.Sin(a)
		if i == 0 {
			p.move(x, y)
		} else {
			p.line(x, y)
		}
	}
	p.ras.ClosePath()
}

func (p *sealPainter) star(r float64) {
	inner := r * math.Sin(math.Pi/10) / math.Sin(7*math.Pi/10)
	for i := range 10 {
		d := r
		if i%2 == 1 {
			d = inner
		}
		a := math.Pi*float64(i)/5 - math.Pi/2
		if i == 0 {
			p.move(d*math.Cos(a), d*math.Sin(a))
		} else {
			p.line(d*math.Cos(a), d*math.Sin(a))
		}
	}
	p.ras.ClosePath()
}

// arc sets name along the upper arc, each character upright to the centre; more characters stand closer and narrower.
func (p *sealPainter) arc(name []rune, r float64) error {
	if len(name) == 0 {
		return nil
	}
	span := min(math.Pi*1.42, 0.36*float64(len(name))) // the whole angle from first to last
	size := 0.27 * r
	mid := 0.74 * r
	step := 0.0
	if len(name) > 1 {
		step = span / float64(len(name)-1)
	}
	wide := 0.86
	if step > 0 {
		wide = min(wide, step*(mid-size/2)/size*0.97)
	}
	for i, c := range name {
		a := -span/2 + step*float64(i)
		if err := p.glyph(c, size, wide, mid, a); err != nil {
			return err
		}
	}
	return nil
}

// base sets the line under the star, narrowed to the chord of the ring.
func (p *sealPainter) base(text []rune, r float64) error {
	if len(text) == 0 {
		return nil
	}
	size := 0.15 * r
	room := 1.16 * r
	wide := min(1, room/(size*float64(len(text))))
	for i, c := range text {
		x := (float64(i) - float64(len(text)-1)/2) * size * wide
		if err := p.outline(c, size, wide, func(gx, gy float64) (float64, float64) { return x + gx, 0.56*r + gy }); err != nil {
			return err
		}
	}
	return nil
}

// glyph draws c upright at distance mid from the centre, turned by angle from the top.
func (p *sealPainter) glyph(c rune, size, wide, mid, angle float64) error {
	sin, cos := math.Sincos(angle)
	return p.outline(c, size, wide, func(gx, gy float64) (float64, float64) {
		gy -= mid
		return gx*cos - gy*sin, gx*sin + gy*cos
	})
}

// outline adds the outline of c, its em square centred at the origin, through a placement.
func (p *sealPainter) outline(c rune, size, wide float64, place func(x, y float64) (float64, float64)) error {
	g, err := p.face.font.GlyphIndex(&p.buf, c)
	if err != nil {
		return err
	}
	const em = 1000
	segs, err := p.face.font.LoadGlyph(&p.buf, g, fixed.I(em), nil)
	if err != nil {
		return fmt.Errorf("%c: %w", c, err)
	}
	adv, err := p.face.font.GlyphAdvance(&p.buf, g, fixed.I(em), font.HintingNone)
	if err != nil {
		return fmt.Errorf("%c: %w", c, err)
	}
	half := float64(adv) / 64 / 2
	at := func(q fixed.Point26_6) (float32, float32) {
		x, y := place((float64(q.X)/64-half)/em*size*wide, (float64(q.Y)/64+380)/em*size)
		return px(x), px(y)
	}
	for _, s := range segs {
		x, y := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			p.ras.ClosePath()
			p.ras.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			p.ras.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := at(s.Args[1])
			p.ras.QuadTo(x, y, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := at(s.Args[1])
			x2, y2 := at(s.Args[2])
			p.ras.CubeTo(x, y, x1, y1, x2, y2)
		}
	}
	p.ras.ClosePath()
	return nil
}
