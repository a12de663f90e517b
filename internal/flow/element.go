package flow

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Namespaces of the elements that a definition may use.
const (
	nsModel = "http://www.omg.org/spec/BPMN/20100524/MODEL"
	nsBPMN  = "http://www.omg.org/spec/BPMN/20100524/DI"
	nsDC    = "http://www.omg.org/spec/DD/20100524/DC"
	nsDI    = "http://www.omg.org/spec/DD/20100524/DI"
	nsXSI   = "http://www.w3.org/2001/XMLSchema-instance"

	// Namespace is ours: data, rules and attributes of tasks.
	Namespace = "https://yichuang.cn/bpmn"
)

// Limits of a definition: far above any real one, far below what hurts.
const (
	maxSource   = 4 << 20
	maxDepth    = 64
	maxElements = 50_000
)

// element is a node of the XML tree that still knows its line.
type element struct {
	space, name string
	attrs       []xml.Attr
	line        int
	children    []*element
	text        string
}

// is tells whether the element is the BPMN model element of that name.
func (e *element) is(name string) bool { return e.space == nsModel && e.name == name }

// label is how a problem names the element: its id, else its tag.
func (e *element) label() string {
	if id := e.attr("id"); id != "" {
		return id
	}
	return e.name
}

// attr is the value of an attribute without a namespace, trimmed.
func (e *element) attr(name string) string { return e.attrNS("", name) }

func (e *element) attrNS(space, name string) string {
	for _, a := range e.attrs {
		if a.Name.Space == space && a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// childNamed is the first BPMN child of that name, or nil.
func (e *element) childNamed(name string) *element {
	for _, c := range e.children {
		if c.is(name) {
			return c
		}
	}
	return nil
}

var (
	errDirective = errors.New("不接受 DOCTYPE 或实体声明")
	errTooBig    = errors.New("文件过大")
	errTwoRoots  = errors.New("只能有一个根元素")
	errNoRoot    = errors.New("文件是空的")
)

// readTree parses the source into a tree. It accepts neither document types nor entities nor other encodings than UTF-8.
func readTree(src []byte) (*element, int, error) {
	d := xml.NewDecoder(bytes.NewReader(src))
	var (
		root  *element
		open  []*element
		count int
	)
	for {
		line, _ := d.InputPos()
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			if root == nil {
				return nil, 1, errNoRoot
			}
			return root, line, nil
		}
		if err != nil {
			line, _ = d.InputPos()
			return nil, line, fmt.Errorf("不是合格的 XML：%w", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, line, errDirective
		case xml.StartElement:
			count++
			if count > maxElements || len(open) >= maxDepth {
				return nil, line, errTooBig
			}
			e := &element{space: t.Name.Space, name: t.Name.Local, attrs: t.Attr, line: line}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			case root != nil:
				return nil, line, errTwoRoots
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open[len(open)-1].text = strings.TrimSpace(open[len(open)-1].text)
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		}
	}
}
