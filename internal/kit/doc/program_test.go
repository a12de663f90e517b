package doc

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// readable gives a font file that sfnt reads: a subset has no tables for characters and names, which a PDF does not need.
func readable(t *testing.T, subset []byte, whole *program) *sfnt.Font {
	t.Helper()
	rows := map[string][]byte{}
	for _, tag := range []string{"glyf", "head", "hhea", "hmtx", "loca", "maxp"} {
		rows[tag] = table(subset, tag)
	}
	for _, tag := range []string{"cmap", "name", "OS/2", "post"} {
		rows[tag] = whole.tables[tag]
	}
	f, err := sfnt.Parse(assembleProgram(rows))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// table is one of a font file.
func table(file []byte, tag string) []byte {
	for i := range int(u16(file[4:])) {
		if r := file[12+16*i:]; string(r[:4]) == tag {
			return slices.Clone(file[u32(r[8:]) : u32(r[8:])+u32(r[12:])])
		}
	}
	return nil
}

// Every glyph of a subset looks as it does in the whole font and is as wide; what was not asked for is not there.
func TestSubsetLooksTheSame(t *testing.T) {
	const words = "不动产权证书 0123456789 ABCxyz éÅ½，。（）¥〓㎡"
	for _, row := range fonts(t).main {
		for _, fc := range row {
			var buf sfnt.Buffer
			var used []int
			for _, r := range words {
				if g, err := fc.font.GlyphIndex(&buf, r); err == nil && g != 0 {
					used = append(used, int(g))
				}
			}
			if len(used) < 30 {
				t.Fatalf("%s has only %d of the characters", fc.family, len(used))
			}
			raw := fc.file.subset(used)
			if len(raw) > 400_000 {
				t.Errorf("%s: %d bytes for %d glyphs", fc.family, len(raw), len(used))
			}
			if sum := sum32(raw); sum != 0xB1B0AFBA {
				t.Errorf("%s: adds up to %x", fc.family, sum)
			}
			sub := readable(t, raw, fc.file)
			const em = 1000
			for _, g := range used {
				want, err := fc.font.LoadGlyph(&buf, sfnt.GlyphIndex(g), fixed.I(em), nil)
				if err != nil {
					t.Fatal(err)
				}
				want = slices.Clone(want)
				got, err := sub.LoadGlyph(&buf, sfnt.GlyphIndex(g), fixed.I(em), nil)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: glyph %d looks another way: %v", fc.family, g, err)
				}
				wide, _ := fc.font.GlyphAdvance(&buf, sfnt.GlyphIndex(g), fixed.I(em), font.HintingNone)
				if got, err := sub.GlyphAdvance(&buf, sfnt.GlyphIndex(g), fixed.I(em), font.HintingNone); err != nil || got != wide {
					t.Errorf("%s: glyph %d is %v wide, want %v: %v", fc.family, g, got, wide, err)
				}
			}
			other, err := fc.font.GlyphIndex(&buf, '泰')
			if err != nil || slices.Contains(used, int(other)) {
				t.Fatal(err)
			}
			if got, err := sub.LoadGlyph(&buf, other, fixed.I(em), nil); err == nil && len(got) > 0 {
				t.Errorf("%s: a glyph that nobody asked for is there", fc.family)
			}
		}
	}
}

// What composite glyphs are made of comes along, and what that is made of.
func TestSubsetKeepsParts(t *testing.T) {
	outline := func(rest ...byte) []byte { return append([]byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, rest...) }
	composite := func(rest ...byte) []byte { return append([]byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0}, rest...) }
	glyphs := [][]byte{
		outline(0, 0),
		outline(1, 1),
		outline(2, 2),
		composite(0, partWords|partMore|partScale, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0), // of 1, moved and scaled, and of 2
		composite(0, partMatrix, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),                         // of 3
		outline(5, 5),
	}
	p := &program{glyphs: len(glyphs), hmtx: 1, long: true, tables: map[string][]byte{"head": make([]byte, 54), "hhea": make([]byte, 36),
		"maxp": make([]byte, 32), "cmap": make([]byte, 4), "hmtx": make([]byte, 4+2*(len(glyphs)-1)), "loca": {0, 0, 0, 0}}}
	for _, g := range glyphs {
		p.tables["glyf"] = append(p.tables["glyf"], g...)
		p.tables["loca"] = append(p.tables["loca"], 0, 0, 0, byte(len(p.tables["glyf"])))
	}
	raw := p.subset([]int{4})
	sub, err := parseProgram(assembleProgram(map[string][]byte{"cmap": make([]byte, 4), "head": table(raw, "head"), "hhea": table(raw, "hhea"),
		"maxp": table(raw, "maxp"), "loca": table(raw, "loca"), "hmtx": table(raw, "hmtx"), "glyf": table(raw, "glyf")}))
	if err != nil {
		t.Fatal(err)
	}
	if sub.glyphs != 5 {
		t.Errorf("%d glyphs, want no more than up to the last one used", sub.glyphs)
	}
	for g, want := range glyphs {
		if g == 5 {
			want = nil
		}
		if got := sub.outline(g); !bytes.HasPrefix(got, want) || (want == nil) != (got == nil) {
			t.Errorf("glyph %d is % x, want % x", g, got, want)
		}
	}
}

func TestParseProgramRefuses(t *testing.T) {
	good := fonts(t).main[0][0].file.subset([]int{1, 2, 3})
	for name, in := range map[string][]byte{
		"nothing":         nil,
		"no directory":    good[:11],
		"half of it":      good[:len(good)/2],
		"no map of chars": good, // a subset has none
		"no font":         []byte("%PDF-1.7 and so on and so on and so on"),
	} {
		if _, err := parseProgram(in); !errors.Is(err, errProgram) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
