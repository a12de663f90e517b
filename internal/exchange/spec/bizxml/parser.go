package bizxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"yichuang/internal/exchange/spec"
)

// The bounds of a message beside its size in bytes.
const (
	maxDepth    = 24      // elements within elements; the deepest schema has ten
	maxElements = 200_000 // in all
)

// parser reads the tokens of one message: elements of our namespace and text, nothing else. What XML offers besides (document types, entities,
// comments, instructions, attributes, prefixes) is no part of a message and refused.
type parser struct {
	d        *xml.Decoder
	kept     *keeper
	depth    int
	elements int
}

func newParser(r io.ByteReader) *parser {
	p := &parser{kept: &keeper{from: r}}
	p.d = xml.NewDecoder(p.kept)
	return p
}

// keeper hands on bytes one by one, so that the decoder never reads ahead, and keeps them: offsets of the decoder are positions here.
type keeper struct {
	from io.ByteReader
	all  []byte
}

func (k *keeper) ReadByte() (byte, error) {
	c, err := k.from.ReadByte()
	if err == nil {
		k.all = append(k.all, c)
	}
	return c, err
}

func (k *keeper) Read([]byte) (int, error) { return 0, errors.New("read by the byte") }

// broken is a fault of the form of the whole message, after which nothing of it can be read.
func broken(detail string) error { return spec.NewFault(spec.CodeSchema, detail) }

// offset is where the next token begins.
func (p *parser) offset() int64 { return p.d.InputOffset() }

// next gives the next start, end or text; at the end of the input io.EOF.
func (p *parser) next() (xml.Token, error) {
	first := p.offset() == 0
	token, err := p.d.Token()
	if err != nil {
		var syntax *xml.SyntaxError
		switch {
		case err == io.EOF:
			return nil, err
		case errors.As(err, &syntax), strings.HasPrefix(err.Error(), "xml:"): // the latter about the declared encoding
			return nil, broken("不是完整、合法的 UTF-8 XML")
		}
		return nil, err
	}
	switch t := token.(type) {
	case xml.StartElement:
		return token, p.start(t)
	case xml.EndElement:
		p.depth--
	case xml.CharData:
	case xml.Directive:
		return nil, broken("不允许 DTD")
	case xml.Comment:
		return nil, broken("不允许注释")
	case xml.ProcInst:
		if !first || t.Target != "xml" {
			return nil, broken("不允许处理指令")
		}
		return p.next()
	}
	return token, nil
}

func (p *parser) start(t xml.StartElement) error {
	p.depth++
	p.elements++
	switch {
	case p.depth > maxDepth:
		return broken("嵌套过深")
	case p.elements > maxElements:
		return broken("元素过多")
	case t.Name.Space != Namespace:
		return broken(fmt.Sprintf("%.60s 不在命名空间 %s 内，或用了前缀", t.Name.Local, Namespace))
	case p.elements == 1 && len(t.Attr) == 1 && t.Attr[0].Name == xml.Name{Local: "xmlns"}:
	case len(t.Attr) > 0:
		return broken(fmt.Sprintf("%.60s 带有属性", t.Name.Local))
	}
	return nil
}

// child gives the next child's start, or the end of the element (nil). Only white space may stand between.
func (p *parser) child() (*xml.StartElement, error) {
	for {
		token, err := p.next()
		if err == io.EOF {
			return nil, broken("报文不完整")
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if !blank(t) {
				return nil, errText
			}
		}
	}
}

var errText = errors.New("text between elements")

// text reads the text of an element whose start was read, up to its end.
func (p *parser) text() (string, error) {
	var s strings.Builder
	for {
		token, err := p.next()
		if err == io.EOF {
			return "", broken("报文不完整")
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return "", errNested
		case xml.EndElement:
			return s.String(), nil
		case xml.CharData:
			s.Write(t)
		}
	}
}

var errNested = errors.New("an element where a text should be")

// leave reads on until the element at the given depth has ended.
func (p *parser) leave(depth int) error {
	for p.depth >= depth {
		if _, err := p.next(); err == io.EOF {
			return broken("报文不完整")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// end makes sure that nothing but white space follows.
func (p *parser) end() error {
	for {
		token, err := p.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if t, ok := token.(xml.CharData); !ok || !blank(t) {
			return broken("报文之后还有内容")
		}
	}
}

// blank tells whether there is only what XML calls white space.
func blank(s []byte) bool {
	for _, c := range s {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}
