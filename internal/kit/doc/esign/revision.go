package esign

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// revision is a further section of a PDF: objects anew or changed, and a table of where they are.
type revision struct {
	pdf     []byte
	xref    int // of the section before
	size    int // number of objects, which is the next number
	trailer []byte
	changed map[int]string
}

// rowSize is the length of a row of a cross-reference table.
const rowSize = 20

func revise(pdf []byte) (*revision, error) {
	r := &revision{pdf: pdf, changed: map[int]string{}}
	_, tail, ok := bytes.Cut(pdf[max(0, bytes.LastIndex(pdf, []byte("startxref\n"))):], []byte("startxref\n"))
	if !ok {
		return nil, ErrShape
	}
	num, _, _ := bytes.Cut(tail, []byte("\n"))
	var err error
	if r.xref, err = strconv.Atoi(string(num)); err != nil || r.xref < 0 || r.xref >= len(pdf) {
		return nil, ErrShape
	}
	if _, err := fmt.Sscanf(string(pdf[r.xref:min(len(pdf), r.xref+40)]), "xref\n0 %d\n", &r.size); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShape, err)
	}
	_, rest, ok := bytes.Cut(pdf[r.xref:], []byte("trailer\n<< "))
	if r.trailer, _, _ = bytes.Cut(rest, []byte(" >>\nstartxref")); !ok {
		return nil, ErrShape
	}
	return r, nil
}

// object returns the body of an object of the first section.
func (r *revision) object(no int) (string, error) {
	head := fmt.Sprintf("xref\n0 %d\n", r.size)
	row := r.xref + len(head) + rowSize*no
	if no >= r.size || row+rowSize > len(r.pdf) {
		return "", ErrShape
	}
	at, err := strconv.Atoi(string(r.pdf[row : row+10]))
	if err != nil || at > r.xref {
		return "", ErrShape
	}
	body, ok := bytes.CutPrefix(r.pdf[at:r.xref], fmt.Appendf(nil, "%d 0 obj\n", no))
	if !ok {
		return "", ErrShape
	}
	body, _, ok = bytes.Cut(body, []byte("\nendobj\n"))
	if !ok {
		return "", ErrShape
	}
	return string(body), nil
}

// firstPage is the number of the first page's object.
func (r *revision) firstPage() (int, error) {
	pages, err := r.object(2)
	if err != nil {
		return 0, err
	}
	_, kids, _ := strings.Cut(pages, "/Kids [")
	no, err := strconv.Atoi(strings.SplitN(strings.TrimSpace(kids), " ", 2)[0])
	if err != nil {
		return 0, fmt.Errorf("%w: no page", ErrShape)
	}
	return no, nil
}

func (r *revision) put(no int, body string) { r.changed[no] = body }

// insert adds to an array of a dictionary, or else to the dictionary itself: the array if it is missing, or text as it is
// where none is named.
func insert(dict, array, text string) string {
	if array != "" && strings.Contains(dict, array) {
		return strings.Replace(dict, array, array+text+" ", 1)
	}
	if array != "" {
		text = array + text + "]"
	}
	end := strings.LastIndex(dict, ">>")
	return dict[:end] + text + " " + dict[end:]
}

// finish writes the section.
func (r *revision) finish() []byte {
	var out bytes.Buffer
	out.Write(r.pdf)
	nos := slices.Sorted(maps.Keys(r.changed))
	var table strings.Builder
	for _, no := range nos {
		fmt.Fprintf(&table, "%d 1\n%010d 00000 n \n", no, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", no, r.changed[no])
	}
	xref := out.Len()
	size := max(r.size, nos[len(nos)-1]+1)
	trailer := strings.Replace(string(r.trailer), fmt.Sprintf("/Size %d", r.size), fmt.Sprintf("/Size %d", size), 1)
	fmt.Fprintf(&out, "xref\n%strailer\n<< %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", table.String(), trailer, r.xref, xref)
	return out.Bytes()
}
