package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// Parse reads a BPMN 2.0 file with one executable process. What cannot be run is refused: the error is then a
// *ParseError that lists every problem with its element and line.
func Parse(r io.Reader) (*Definition, error) {
	src, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("flow: read definition: %w", err)
	}
	p := &parser{
		lines:    map[string]int{},
		messages: map[string]string{},
		signals:  map[string]string{},
		codes:    map[string]string{},
		def:      &Definition{Source: src, nodes: map[string]*Node{}},
	}
	sum := sha256.Sum256(src)
	p.def.Digest = hex.EncodeToString(sum[:])
	p.source(src)
	if err := p.err(); err != nil {
		return nil, err
	}
	return p.def, nil
}

// parser holds what is known of a file while it is read.
type parser struct {
	problems
	def   *Definition
	lines map[string]int // ids of the model → line of their element
	// What references point to: id → name of message or signal, code of error.
	messages, signals, codes map[string]string
	bodies                   []*parsedBody
	holes                    bool
}

// parsedBody keeps the XML beside what was made of it until everything is linked.
type parsedBody struct {
	body  *Body
	from  *element
	nodes []*parsedNode
	flows []*element
}

type parsedNode struct {
	node *Node
	from *element
	// Our own extensions, compiled once all data is known.
	rules, sets []*element
}

// problem notes what is wrong with an element.
func (p *parser) problem(e *element, format string, args ...any) {
	p.add(e.line, e.label(), format, args...)
}

// gap notes what leaves a hole in the net of nodes and flows, so that rules for the whole can't be checked.
func (p *parser) gap(e *element, format string, args ...any) {
	p.problem(e, format, args...)
	p.holes = true
}

// source reads the file in passes: elements, then flows between them, then expressions, then rules for the whole.
func (p *parser) source(src []byte) {
	if len(src) > maxSource {
		p.add(1, "definitions", "文件超过 4 MB")
		return
	}
	root, line, err := readTree(src)
	if err != nil {
		p.add(line, "definitions", "%s", err)
		return
	}
	if !root.is("definitions") {
		p.problem(root, "根元素不是 BPMN 2.0 的 definitions")
		return
	}
	process := p.root(root)
	if process == nil {
		return
	}
	p.def.ID, p.def.Name = process.attr("id"), process.attr("name")
	p.def.Root = p.body(process, nil, nil)
	for _, b := range p.bodies {
		p.link(b)
	}
	for _, b := range p.bodies {
		p.compileBody(b)
	}
	if !p.holes {
		p.check()
	}
	p.draw(root)
}

// root reads what stands beside the process, and finds the process.
func (p *parser) root(root *element) *element {
	var process *element
	for _, e := range root.children {
		if e.space == nsBPMN && e.name == "BPMNDiagram" {
			continue
		}
		switch {
		case e.space != nsModel:
			p.unsupported(e)
		case e.name == "documentation":
		case e.name == "message":
			p.allow(e, "id name")
			p.declare(e, p.messages, e.attr("name"))
		case e.name == "signal":
			p.allow(e, "id name")
			p.declare(e, p.signals, e.attr("name"))
		case e.name == "error":
			p.allow(e, "id name errorCode")
			p.declare(e, p.codes, e.attr("errorCode"))
		case e.name == "collaboration":
			p.collaboration(e)
		case e.name == "process" && process != nil:
			p.problem(e, "一个文件只能有一个流程")
		case e.name == "process":
			process = e
		default:
			p.unsupported(e)
		}
	}
	if process == nil {
		p.problem(root, "没有流程（process）")
	}
	return process
}

// collaboration may hold one pool, which is only drawn.
func (p *parser) collaboration(e *element) {
	p.identify(e)
	for _, c := range e.children {
		switch {
		case c.is("documentation"):
		case c.is("participant"):
			p.allow(c, "id name processRef")
			p.identify(c)
		case c.is("textAnnotation"), c.is("association"):
			p.artifact(c)
		default:
			p.unsupported(c)
		}
	}
}

// declare notes what a reference to e stands for.
func (p *parser) declare(e *element, names map[string]string, name string) {
	p.identify(e)
	if name == "" {
		p.problem(e, "没有名称或代码")
	}
	names[e.attr("id")] = name
}

// identify checks that the element has an id of its own.
func (p *parser) identify(e *element) {
	id := e.attr("id")
	if id == "" {
		p.gap(e, "缺少 id")
		return
	}
	if line, twice := p.lines[id]; twice {
		p.gap(e, "id 与第 %d 行重复", line)
		return
	}
	p.lines[id] = e.line
}

func (p *parser) unsupported(e *element) {
	if e.space == nsModel || e.space == nsBPMN || e.space == Namespace {
		p.gap(e, "不支持的元素 %s", e.name)
		return
	}
	p.gap(e, "不认识的命名空间 %q 的元素 %s", e.space, e.name)
}
