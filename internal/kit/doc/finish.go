package doc

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf16"
)

// finish rewrites what gopdf leaves wrong or out: the fonts, of which it knows no outlines (it would carry tables of all 30,000
// glyphs into every paper, and packing those took longer than all the rest); the map from glyphs to text of characters beyond
// the basic plane (it writes five digits where UTF-16 has a pair, so that such a name could not be copied or searched), the
// information dictionary (which must be an object of its own), the language, and a file identifier made from the contents.
func (b *Builder) finish(raw []byte) ([]byte, error) {
	objs, err := split(raw)
	if err != nil {
		return nil, err
	}
	for i, o := range objs {
		if bytes.Contains(o, []byte("beginbfrange")) {
			if objs[i], err = b.fonts.unicodeMap(o); err != nil {
				return nil, err
			}
		}
	}
	if err := b.embed(objs); err != nil {
		return nil, err
	}
	objs[0] = fmt.Appendf(nil, "<< /Type /Catalog /Pages 2 0 R /Lang (zh-CN) /ViewerPreferences << /DisplayDocTitle true >> >>")
	objs = append(objs, info(b.set))
	return assemble(objs), nil
}

var errShape = errors.New("doc: unexpected shape of the PDF")

// split cuts the file at the offsets of its cross-reference table into the bodies of the objects 1, 2, ….
func split(raw []byte) ([][]byte, error) {
	_, tail, _ := bytes.Cut(raw[max(0, bytes.LastIndex(raw, []byte("startxref\n"))):], []byte("\n"))
	num, _, _ := bytes.Cut(tail, []byte("\n"))
	xref, err := strconv.Atoi(string(num))
	if err != nil || xref >= len(raw) {
		return nil, errShape
	}
	rows := bytes.Split(raw[xref:], []byte("\n"))
	if len(rows) < 4 || string(rows[0]) != "xref" {
		return nil, errShape
	}
	var ends []int
	for _, row := range rows[3:] { // after "xref", "0 n" and the row of object 0
		if len(row) != len("0000000000 00000 n ") {
			break
		}
		off, err := strconv.Atoi(string(row[:10]))
		if err != nil || off > xref {
			return nil, errShape
		}
		ends = append(ends, off)
	}
	ends = append(ends, xref)
	var objs [][]byte
	for i, off := range ends[:len(ends)-1] {
		_, body, ok := bytes.Cut(raw[off:ends[i+1]], []byte(" obj\n"))
		if !ok {
			return nil, errShape
		}
		objs = append(objs, bytes.TrimSuffix(bytes.TrimRight(body, "\n"), []byte("endobj")))
	}
	if len(objs) == 0 {
		return nil, errShape
	}
	return objs, nil
}

var (
	fontFile = regexp.MustCompile(`/FontFile2 ([0-9]+) 0 R\n/FontName /(\S+)\n`)
	baseFont = regexp.MustCompile(`^<<\n/BaseFont /(\S+)\n`)
	glyphOf  = regexp.MustCompile(`([0-9]+)\[`) // in the list of widths
)

// embed puts the glyphs that are used into the fonts of a paper.
func (b *Builder) embed(objs [][]byte) error {
	used := map[string][]int{} // by family
	for _, o := range objs {
		_, widths, ok := bytes.Cut(o, []byte("/Type /Font\n/W ["))
		name := baseFont.FindSubmatch(o)
		if !ok || name == nil {
			continue
		}
		for _, m := range glyphOf.FindAllSubmatch(widths, -1) {
			g, err := strconv.ParseUint(string(m[1]), 10, 16)
			if err != nil {
				return fmt.Errorf("%w: %w", errShape, err)
			}
			used[string(name[1])] = append(used[string(name[1])], int(g))
		}
	}
	for _, o := range objs {
		m := fontFile.FindSubmatch(o)
		if m == nil || !bytes.HasPrefix(o, []byte("<<\n/Type /FontDescriptor\n")) {
			continue
		}
		at, err := strconv.Atoi(string(m[1]))
		fc := b.faces[string(m[2])]
		if err != nil || at < 1 || at > len(objs) || fc == nil {
			return errShape
		}
		file := fc.file.subset(used[fc.family])
		if objs[at-1], err = b.fonts.stream(file, fmt.Sprintf(" /Length1 %d", len(file))); err != nil {
			return err
		}
	}
	return nil
}

// stream is an object of data, packed; more goes into its dictionary. Packers are kept: to make one takes longer than to pack
// a font with it.
func (f *Fonts) stream(data []byte, more string) ([]byte, error) {
	var z bytes.Buffer
	w, ok := f.packers.Get().(*zlib.Writer)
	if ok {
		w.Reset(&z)
	} else {
		var err error
		if w, err = zlib.NewWriterLevel(&z, zlib.BestSpeed); err != nil {
			return nil, err
		}
	}
	defer f.packers.Put(w)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "<< /Filter /FlateDecode /Length %d%s >>\nstream\n%s\nendstream\n", z.Len(), more, z.Bytes()), nil
}

var bfrange = regexp.MustCompile(`<([0-9A-F]+)><[0-9A-F]+><([0-9A-F]+)>`)

// unicodeMap rewrites a ToUnicode map in blocks of at most 100 lines, as the format demands, with surrogate pairs.
func (f *Fonts) unicodeMap(o []byte) ([]byte, error) {
	lines := bfrange.FindAllSubmatch(o, -1)
	var m bytes.Buffer
	m.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n")
	for len(lines) > 0 {
		n := min(100, len(lines))
		fmt.Fprintf(&m, "%d beginbfchar\n", n)
		for _, l := range lines[:n] {
			r, err := strconv.ParseUint(string(l[2]), 16, 32)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errShape, err)
			}
			fmt.Fprintf(&m, "<%s><", l[1])
			for _, u := range utf16.AppendRune(nil, rune(r)) {
				fmt.Fprintf(&m, "%04X", u)
			}
			m.WriteString(">\n")
		}
		m.WriteString("endbfchar\n")
		lines = lines[n:]
	}
	m.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return f.stream(m.Bytes(), "")
}

// info is the document information dictionary.
func info(s Setup) []byte {
	var o bytes.Buffer
	o.WriteString("<<")
	for _, kv := range [][2]string{{"Title", s.Title}, {"Subject", s.Subject}, {"Author", s.Author}, {"Producer", "yichuang"}} {
		if kv[1] != "" {
			fmt.Fprintf(&o, " /%s <FEFF%X>", kv[0], utf16BE(kv[1]))
		}
	}
	if !s.At.IsZero() {
		fmt.Fprintf(&o, " /CreationDate (%s) /ModDate (%s)", pdfDate(s.At), pdfDate(s.At))
	}
	o.WriteString(" >>")
	return o.Bytes()
}

func utf16BE(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

// pdfDate writes a time as PDF wants it: D:20261124103200+08'00'.
func pdfDate(t time.Time) string {
	_, off := t.Zone()
	sign := '+'
	if off < 0 {
		sign, off = '-', -off
	}
	return fmt.Sprintf("D:%s%c%02d'%02d'", t.Format("20060102150405"), sign, off/3600, off/60%60)
}

// assemble writes the objects, the last of which is the information dictionary, as a file.
func assemble(objs [][]byte) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	offs := make([]int, len(objs))
	for i, o := range objs {
		offs[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, bytes.TrimRight(o, "\n"))
	}
	id := sha256.Sum256(out.Bytes())
	xref := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objs)+1)
	for _, off := range offs {
		fmt.Fprintf(&out, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R /ID [<%X><%X>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(objs)+1, len(objs), id[:16], id[:16], xref)
	return out.Bytes()
}
