package doc

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	_ "embed" // the fonts below

	"github.com/signintech/gopdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The set-up fetches these four (fonts/README.md). They are read where they lie in the program file: nothing is
// copied to the heap, and only the pages with used glyphs are ever loaded.
var (
	//go:embed fonts/NotoSerifSC-Regular.ttf
	serif []byte
	//go:embed fonts/NotoSerifSC-Bold.ttf
	serifBold []byte
	//go:embed fonts/NotoSansSC-Regular.ttf
	sans []byte
	//go:embed fonts/NotoSansSC-Bold.ttf
	sansBold []byte
)

// systemFonts are the files of this machine that are tried for characters that the embedded fonts lack: rare Han in
// names (Extension B and later). A file that is not there is passed over.
var systemFonts = []string{
	"/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
	"/usr/share/fonts/lxgw-wenkai/LXGWWenKai-Regular.ttf",
}

// geta stands where a character cannot be drawn, as printers have always done.
const geta = '〓'

// Fonts holds the parsed fonts. It is safe for concurrent use.
type Fonts struct {
	container *gopdf.FontContainer
	main      [2][2]*face // [serif, sans][regular, bold]
	rare      func() []*face
	seals     sync.Map  // Seal → []byte, PNG
	packers   sync.Pool // of *zlib.Writer
}

// face is one parsed font: sfnt measures it and gives outlines; gopdf (through the container) sets text with it, knowing it
// without its outlines; those that a paper needs are embedded by finish.
type face struct {
	family string
	font   *sfnt.Font
	file   *program
}

// OpenFonts parses the embedded fonts, some 50 ms once. Further files, tried in their order before the machine's own,
// serve characters that the embedded fonts lack.
func OpenFonts(further ...string) (*Fonts, error) {
	f := &Fonts{container: &gopdf.FontContainer{}}
	for _, x := range []struct {
		at     **face
		family string
		data   []byte
	}{
		{&f.main[0][0], "NotoSerifSC", serif},
		{&f.main[0][1], "NotoSerifSC-Bold", serifBold},
		{&f.main[1][0], "NotoSansSC", sans},
		{&f.main[1][1], "NotoSansSC-Bold", sansBold},
	} {
		var err error
		if *x.at, err = f.parse(x.family, x.data); err != nil {
			return nil, err
		}
	}
	f.rare = sync.OnceValue(func() []*face { return f.openRare(slices.Concat(further, systemFonts)) })
	return f, nil
}

func (f *Fonts) parse(family string, data []byte) (*face, error) {
	font, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("doc: font %s: %w", family, err)
	}
	file, err := parseProgram(data)
	if err != nil {
		return nil, fmt.Errorf("doc: font %s: %w", family, err)
	}
	if err := f.container.AddTTFFontData(family, file.blank()); err != nil {
		return nil, fmt.Errorf("doc: font %s: %w", family, err)
	}
	return &face{family: family, font: font, file: file}, nil
}

// openRare reads the fall-back fonts when the first rare character is met. A file that cannot be read or parsed is
// as good as none: the character is then reported as missing.
func (f *Fonts) openRare(files []string) []*face {
	var out []*face
	for i, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if fc, err := f.parse(fmt.Sprintf("Fallback%d", i), data); err == nil {
			out = append(out, fc)
		}
	}
	return out
}

// find returns the face that draws r: the wanted one, else a fall-back, else false.
func (f *Fonts) find(want *face, r rune) (*face, bool) {
	if want.has(r) {
		return want, true
	}
	if other := f.main[0][0]; want != other && other.has(r) {
		return other, true
	}
	for _, fc := range f.rare() {
		if fc.has(r) {
			return fc, true
		}
	}
	return nil, false
}

// Missing lists the characters of s that no font has, each once.
func (f *Fonts) Missing(s string) []rune {
	g := gaps{}
	for _, r := range s {
		if _, ok := f.find(f.main[0][0], r); !ok && r != '\n' {
			g[r] = true
		}
	}
	return g.sorted()
}

func (fc *face) has(r rune) bool {
	g, err := fc.font.GlyphIndex(nil, r)
	return err == nil && g != 0
}

// advance is the width of r in thousandths of the type size, rounded as the PDF will say it.
func (fc *face) advance(r rune) float64 {
	g, err := fc.font.GlyphIndex(nil, r)
	if err != nil {
		return 1000
	}
	upem := fc.font.UnitsPerEm()
	w, err := fc.font.GlyphAdvance(nil, g, fixed.I(int(upem)), 0)
	if err != nil {
		return 1000
	}
	return float64(w.Round() * 1000 / int(upem))
}

// MissingError names the characters that were drawn as 〓.
type MissingError struct{ Runes []rune }

// Error lists them with their code points.
func (e *MissingError) Error() string {
	parts := make([]string, len(e.Runes))
	for i, r := range e.Runes {
		parts[i] = fmt.Sprintf("%c (U+%04X)", r, r)
	}
	return "doc: no font has " + strings.Join(parts, ", ")
}

// gaps collects missing characters.
type gaps map[rune]bool

func (g gaps) sorted() []rune {
	out := make([]rune, 0, len(g))
	for r := range g {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}
