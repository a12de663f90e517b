package doc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// program is a TrueType font file, table by table (OpenType specification, "otff" and "glyf"). The tables lie where the file
// lies; none is copied.
type program struct {
	tables map[string][]byte
	glyphs int  // in the font
	hmtx   int  // of them with a width of their own
	long   bool // loca holds offsets of 32 bits
}

var errProgram = errors.New("not a TrueType font")

// What must be in a table at least, for the fields that are read here.
var needed = map[string]int{"head": 54, "hhea": 36, "maxp": 6, "loca": 2, "glyf": 0, "hmtx": 4, "cmap": 4}

func parseProgram(file []byte) (*program, error) {
	const head, row = 12, 16
	if len(file) < head || len(file) < head+row*int(u16(file[4:])) {
		return nil, errProgram
	}
	p := &program{tables: map[string][]byte{}}
	for i := range int(u16(file[4:])) {
		r := file[head+row*i:]
		from, size := int(u32(r[8:])), int(u32(r[12:]))
		if from > len(file) || size > len(file)-from {
			return nil, errProgram
		}
		p.tables[string(r[:4])] = file[from : from+size]
	}
	for tag, size := range needed {
		if t, ok := p.tables[tag]; !ok || len(t) < size {
			return nil, errProgram
		}
	}
	p.glyphs, p.hmtx = int(u16(p.tables["maxp"][4:])), int(u16(p.tables["hhea"][34:]))
	p.long = u16(p.tables["head"][50:]) == 1
	width := 2
	if p.long {
		width = 4
	}
	if len(p.tables["loca"]) < (p.glyphs+1)*width || p.hmtx == 0 || len(p.tables["hmtx"]) < 4*p.hmtx+2*(p.glyphs-p.hmtx) {
		return nil, errProgram
	}
	return p, nil
}

// offset is where glyph g begins in glyf.
func (p *program) offset(g int) int {
	loca := p.tables["loca"]
	if p.long {
		return int(u32(loca[4*g:]))
	}
	return 2 * int(u16(loca[2*g:]))
}

// outline is the description of glyph g; nil for one that is blank or not there.
func (p *program) outline(g int) []byte {
	if g >= p.glyphs {
		return nil
	}
	from, to := p.offset(g), p.offset(g+1)
	if from >= to || to > len(p.tables["glyf"]) {
		return nil
	}
	return p.tables["glyf"][from:to]
}

// metric is the width of glyph g and its left side bearing, as hmtx has them.
func (p *program) metric(g int) (width, bearing []byte) {
	t := p.tables["hmtx"]
	if g < p.hmtx {
		return t[4*g : 4*g+2], t[4*g+2 : 4*g+4]
	}
	at := 4*p.hmtx + 2*(g-p.hmtx)
	return t[4*(p.hmtx-1) : 4*(p.hmtx-1)+2], t[at : at+2]
}

// The flags of a part of a composite glyph.
const (
	partWords  = 1 << 0 // its place takes four bytes rather than two
	partScale  = 1 << 3 // two bytes of scale follow
	partMore   = 1 << 5 // another part follows
	partScales = 1 << 6 // four bytes
	partMatrix = 1 << 7 // eight bytes
)

// parts are the glyphs that glyph g is composed of.
func (p *program) parts(g int) (out []int) {
	o := p.outline(g)
	if len(o) < 10 || int16(u16(o)) >= 0 {
		return nil
	}
	for o = o[10:]; len(o) >= 4; {
		flags := u16(o)
		out = append(out, int(u16(o[2:])))
		size := 4 + 2
		if flags&partWords != 0 {
			size += 2
		}
		switch {
		case flags&partScale != 0:
			size += 2
		case flags&partScales != 0:
			size += 4
		case flags&partMatrix != 0:
			size += 8
		}
		if flags&partMore == 0 || size > len(o) {
			break
		}
		o = o[size:]
	}
	return out
}

// blank is the font without its outlines: enough for gopdf to measure text and to know glyphs by their characters.
func (p *program) blank() []byte {
	head, hmtx := slices.Clone(p.tables["head"]), slices.Clone(p.tables["hmtx"])
	binary.BigEndian.PutUint16(head[50:], 0)
	for g := range p.hmtx { // gopdf packs this table into every paper: all alike it takes a tenth of the time
		copy(hmtx[4*g+2:4*g+4], []byte{0, 0})
	}
	t := map[string][]byte{"head": head, "hmtx": hmtx, "loca": make([]byte, 2*(p.glyphs+1)), "glyf": nil}
	for _, tag := range []string{"cmap", "hhea", "maxp", "name", "OS/2", "post"} {
		t[tag] = p.tables[tag]
	}
	return assembleProgram(t)
}

// subset is the font with the outlines of some glyphs, and of those that they are composed of. Glyphs keep their numbers.
func (p *program) subset(used []int) []byte {
	keep := map[int]bool{0: true} // 0 stands for a character that is not there
	for todo := slices.Clone(used); len(todo) > 0; todo = todo[1:] {
		if g := todo[0]; g < p.glyphs && !keep[g] {
			keep[g] = true
			todo = append(todo, p.parts(g)...)
		}
	}
	order := slices.Sorted(maps.Keys(keep))
	n := order[len(order)-1] + 1
	var glyf bytes.Buffer
	loca, hmtx := make([]byte, 4*(n+1)), make([]byte, 4*n)
	next := 0 // first glyph whose place is not written yet
	for _, g := range order {
		for ; next <= g; next++ {
			binary.BigEndian.PutUint32(loca[4*next:], uint32(glyf.Len()))
		}
		glyf.Write(p.outline(g))
		glyf.Write(make([]byte, -glyf.Len()&3))
		width, bearing := p.metric(g)
		copy(hmtx[4*g:], width)
		copy(hmtx[4*g+2:], bearing)
	}
	binary.BigEndian.PutUint32(loca[4*n:], uint32(glyf.Len()))
	head, hhea, maxp := slices.Clone(p.tables["head"]), slices.Clone(p.tables["hhea"]), slices.Clone(p.tables["maxp"])
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], uint16(n))
	binary.BigEndian.PutUint16(maxp[4:], uint16(n))
	t := map[string][]byte{"glyf": glyf.Bytes(), "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca, "maxp": maxp}
	for _, tag := range []string{"cvt ", "fpgm", "prep"} {
		if prog, ok := p.tables[tag]; ok {
			t[tag] = prog
		}
	}
	return assembleProgram(t)
}

// assembleProgram writes tables as a font file. It may change the table head.
func assembleProgram(tables map[string][]byte) []byte {
	const whole = 0xB1B0AFBA // what all of the file adds up to with the adjustment in head
	binary.BigEndian.PutUint32(tables["head"][8:], 0)
	n := len(tables)
	power, entry := 1, 0
	for ; power*2 <= n; power *= 2 {
		entry++
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{n, power * 16, entry, (n - power) * 16} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	body := make([]byte, 0, 1<<16)
	start := len(out) + 16*n
	adjust := 0
	for _, tag := range slices.Sorted(maps.Keys(tables)) {
		if tag == "head" {
			adjust = start + len(body) + 8
		}
		data := tables[tag]
		out = append(out, tag...)
		out = binary.BigEndian.AppendUint32(out, sum32(data))
		out = binary.BigEndian.AppendUint32(out, uint32(start+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		body = append(body, data...)
		body = append(body, make([]byte, -len(body)&3)...)
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[adjust:], whole-sum32(out))
	return out
}

// sum32 adds up words of 32 bits, the last one filled with zeros.
func sum32(b []byte) (sum uint32) {
	for ; len(b) >= 4; b = b[4:] {
		sum += u32(b)
	}
	var last [4]byte
	copy(last[:], b)
	return sum + u32(last[:])
}

func u16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
