package conform

import (
	"bytes"
	"encoding/xml"
	"slices"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/clock"
)

// xmlBodies are the Data elements of messages: what their signatures stand on.
type xmlBodies struct{}

// strange is an element that no schema has.
const strange = "<" + stranger + ">x</" + stranger + ">"

// write lets bizxml write a whole message and keeps its Data; who signs that one does not matter.
func (xmlBodies) write(info spec.Info, body []byte) ([]byte, error) {
	list, err := bizxml.Attachments(info.Operation, body)
	if err != nil {
		return nil, err
	}
	_, message, err := bizxml.Request(bizxml.Outgoing{Info: info, Self: spec.Identity{App: "conform", Key: spec.Secret("conform")}, MessageID: "conform-body", Body: body, Files: list},
		clock.System().Now())
	if err != nil {
		return nil, err
	}
	from, to := bytes.Index(message, []byte("<Data>")), bytes.LastIndex(message, []byte("</Data>"))
	return message[from : to+len("</Data>")], nil
}

// element is where one stands in a Data: from its tag's first byte to behind its end's last.
type element struct {
	depth                     int // Data is 1, the body 2, its fields 3
	begins, inner, ends, next int // begin of the tag, of the content, of the end tag, and what follows
	leaf                      bool
}

// elements lists them as they end. A Data that was written here can be read.
func elements(written []byte) []element {
	var open []element
	var out []element
	d := xml.NewDecoder(bytes.NewReader(written))
	for {
		at := int(d.InputOffset())
		token, err := d.Token()
		if err != nil { // its end
			return out
		}
		switch token.(type) {
		case xml.StartElement:
			if len(open) > 0 {
				open[len(open)-1].leaf = false
			}
			open = append(open, element{depth: len(open) + 1, begins: at, inner: int(d.InputOffset()), leaf: true})
		case xml.EndElement:
			e := open[len(open)-1]
			open, e.ends, e.next = open[:len(open)-1], at, int(d.InputOffset())
			out = append(out, e)
		}
	}
}

// find gives the first element that is wanted.
func find(written []byte, want func(element) bool) (element, bool) {
	all := elements(written)
	i := slices.IndexFunc(all, want)
	if i < 0 {
		return element{}, false
	}
	return all[i], true
}

func insert(written []byte, at int, text []byte) []byte {
	return slices.Concat(written[:at], text, written[at:])
}

func (xmlBodies) unknown(written []byte) []byte {
	body, _ := find(written, func(e element) bool { return e.depth == 2 })
	return insert(written, body.ends, []byte(strange))
}

func (xmlBodies) unknownInside(written []byte) ([]byte, bool) {
	inner, ok := find(written, func(e element) bool { return e.depth == 3 && !e.leaf })
	if !ok {
		return nil, false
	}
	return insert(written, inner.ends, []byte(strange)), true
}

// doubled repeats the first field at the end, where not even a list may go on.
func (xmlBodies) doubled(written []byte) ([]byte, bool) {
	f, ok := find(written, field)
	if !ok {
		return nil, false
	}
	body, _ := find(written, func(e element) bool { return e.depth == 2 })
	return insert(written, body.ends, written[f.begins:f.next]), true
}

func field(e element) bool { return e.depth == 3 && e.leaf }

func (xmlBodies) replaced(written []byte) ([]byte, bool) {
	f, ok := find(written, field)
	if !ok {
		return nil, false
	}
	return slices.Concat(written[:f.inner], []byte(strange), written[f.ends:]), true
}

func (xmlBodies) padded(written []byte, size int64) []byte {
	if blanks := int(size) - len(written); blanks > 0 {
		return insert(written, len(written)-len("</Data>"), bytes.Repeat([]byte(" "), blanks))
	}
	return written
}

func (xmlBodies) broken() []byte { return []byte("<Data><") }

// sizes are those of docs/interface/bizxml: six times the JSON and 32 KB, of which the head and the envelope need a part.
func (xmlBodies) sizes(info spec.Info) (most, over int64) {
	return 6*info.MaxRequest + 16<<10, 6*info.MaxRequest + 32<<10 + 1
}
