// Package doctest reads the text of PDFs that package doc wrote, so that golden tests need no other program.
//
// In comes a file, out comes its text: one string a page, one line for each line that was set, in the order of setting.
// It follows the file's own maps from glyphs to characters: what it reads, a reader's search and copy will find.
package doctest

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ErrNotOurs says that the file was not written by package doc.
var ErrNotOurs = errors.New("not a PDF of package doc")

// Pages returns the text of each page.
func Pages(pdf []byte) ([]string, error) {
	f, err := open(pdf)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, kid := range refs.FindAllSubmatch(section(f.objs[2], "/Kids [", "]"), -1) {
		text, err := f.page(number(kid[1]))
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

var (
	refs   = regexp.MustCompile(`(\d+) 0 R`)
	named  = regexp.MustCompile(`/F(\d+) (\d+) 0 R`)
	bfchar = regexp.MustCompile(`<([0-9A-F]{4})><((?:[0-9A-F]{4})+)>`)
	widths = regexp.MustCompile(`(\d+)\[(\d+)\]`)
	ops    = regexp.MustCompile(`(?m)^(-?[\d.]+) (-?[\d.]+) TD$|^/F(\d+) ([\d.]+) Tf (-?[\d.]+) Tc|^\[(.*)\] TJ$`)
	glyphs = regexp.MustCompile(`<([0-9A-F]*)>`)
)

// file is the objects of a PDF by number, and its fonts by name.
type file struct {
	objs  map[int][]byte
	fonts map[string]font
}

// font tells what a glyph, by its four digits, means and how wide it is in thousandths of the type size.
type font struct {
	text  map[string]string
	width map[string]float64
}

func open(pdf []byte) (*file, error) {
	f := &file{objs: map[int][]byte{}, fonts: map[string]font{}}
	for len(pdf) > 0 {
		at := bytes.Index(pdf, []byte(" 0 obj\n"))
		if at < 0 {
			break
		}
		no := pdf[bytes.LastIndexByte(pdf[:at], '\n')+1 : at]
		body, rest, ok := bytes.Cut(pdf[at+len(" 0 obj\n"):], []byte("\nendobj\n"))
		if !ok {
			return nil, ErrNotOurs
		}
		f.objs[number(no)] = body
		pdf = rest
	}
	if f.objs[2] == nil || f.objs[4] == nil {
		return nil, ErrNotOurs
	}
	for _, m := range named.FindAllSubmatch(f.objs[4], -1) {
		o := f.objs[number(m[2])]
		to, cid := refs.FindSubmatch(section(o, "/ToUnicode ", "\n")), refs.FindSubmatch(section(o, "/DescendantFonts [", "]"))
		if to == nil || cid == nil {
			return nil, ErrNotOurs
		}
		data, err := stream(f.objs[number(to[1])])
		if err != nil {
			return nil, err
		}
		w := map[string]float64{}
		for _, g := range widths.FindAllSubmatch(f.objs[number(cid[1])], -1) {
			w[fmt.Sprintf("%04X", number(g[1]))] = float64(number(g[2]))
		}
		f.fonts[string(m[1])] = font{unicodeMap(data), w}
	}
	return f, nil
}

func unicodeMap(data []byte) map[string]string {
	m := map[string]string{}
	for _, c := range bfchar.FindAllSubmatch(data, -1) {
		raw, _ := hex.DecodeString(string(c[2])) // the pattern is hexadecimal
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		m[string(c[1])] = string(utf16.Decode(units))
	}
	return m
}

// page joins what was set on one baseline into a line, with a tab where there is a gap, as between the cells of a table.
func (f *file) page(no int) (string, error) {
	var out strings.Builder
	var (
		face           font
		line           = ""
		end, at        float64 // where the last run ended, where the next begins
		size, tracking float64
	)
	for _, c := range refs.FindAllSubmatch(section(f.objs[no], "/Contents ", "\n"), -1) {
		data, err := stream(f.objs[number(c[1])])
		if err != nil {
			return "", err
		}
		for _, op := range ops.FindAllSubmatch(data, -1) {
			switch {
			case len(op[2]) > 0:
				at = decimal(op[1])
				if line != "" && line != string(op[2]) {
					out.WriteByte('\n')
				} else if line != "" && at > end+1 {
					out.WriteByte('\t')
				}
				line = string(op[2])
			case len(op[3]) > 0:
				face, size, tracking = f.fonts[string(op[3])], decimal(op[4]), decimal(op[5])
			default:
				end = at
				for _, g := range glyphs.FindAllStringSubmatch(string(op[6]), -1) {
					for i := 0; i+4 <= len(g[1]); i += 4 {
						glyph := g[1][i : i+4]
						out.WriteString(face.text[glyph])
						end += face.width[glyph]*size/1000 + tracking
					}
				}
			}
		}
	}
	return out.String(), nil
}

func decimal(b []byte) float64 {
	v, _ := strconv.ParseFloat(string(b), 64) // only called with digits and a point
	return v
}

func stream(o []byte) ([]byte, error) {
	_, data, ok := bytes.Cut(o, []byte("stream\n"))
	if !ok {
		return nil, ErrNotOurs
	}
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	return io.ReadAll(r)
}

func section(o []byte, from, to string) []byte {
	_, rest, _ := bytes.Cut(o, []byte(from))
	part, _, _ := bytes.Cut(rest, []byte(to))
	return part
}

func number(b []byte) int {
	n, _ := strconv.Atoi(string(b)) // only called with digits
	return n
}
