// Package book is the published interface as people read it: its catalogue, each operation with its fields, code lists and error
// codes, and the guides that vendors build from.
//
// In: the documents of docs/interface, embedded. Out: a Book of plain values; the Guide of a counterpart as blocks (headings, text,
// tables, examples, a drawing), which html.templ and pdf.go set as a page and as a paper. Nothing is written here that the
// documents say: what is added there appears by itself.
package book

import (
	"fmt"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec"
)

// Common is the counterpart of the operations in which every system has a part.
const Common = "platform"

// Book is the whole specification. It is not changed after Open and safe for concurrent use.
type Book struct {
	Counterparts []Counterpart // in the order of the README's table
	Codes        []CodeList
	Types        []TypeName
	Errors       []ErrorCode // that any operation may answer with
	Changes      []Change    // newest first

	documents  map[string][]byte // OpenAPI files by name
	operations map[spec.Operation]*Operation
	sections   []section // of the README
	dialects   [][]Block // chapters on further dialects
	vectors    Vectors
}

// Counterpart is one file of the specification.
type Counterpart struct {
	Name       string // registry
	Title      string // 不动产登记系统接口
	About      string // what README says of it: 各区县不动产登记系统
	Words      string // the file's own introduction
	Version    string
	File       string // registry.yaml
	Operations []*Operation
}

// Operation is all that the specification says of one operation.
type Operation struct {
	spec.Info
	Purpose  string
	Version  string // of its file
	Since    string // version in which it appeared
	Request  Body
	Answer   Body
	Refusals []Refusal
	Starts   spec.Operation // that is answered by this one, where this one carries a result
}

// Refusal is a code of business with its meaning.
type Refusal struct{ Code, Meaning string }

// CodeList is a list of values with their meanings.
type CodeList struct {
	Name, Title, National, File string
	Text                        string // what else is said of it
	Codes                       []Value
}

// Value is a value of a list.
type Value struct{ Code, Meaning string }

// TypeName is a type of single values that fields refer to by name.
type TypeName struct {
	Name, Text, Form, Pattern, National, Personal, Example string
}

// ErrorCode is a code that any operation may answer with.
type ErrorCode struct {
	Status, Code, Meaning, Again string
	Advice                       string // what the caller does
}

// Operation finds an operation by name.
func (b *Book) Operation(name spec.Operation) (*Operation, bool) {
	op, ok := b.operations[name]
	return op, ok
}

// Counterpart finds a file of the specification by its counterpart.
func (b *Book) Counterpart(name string) (Counterpart, bool) {
	i := slices.IndexFunc(b.Counterparts, func(c Counterpart) bool { return c.Name == name })
	if i < 0 {
		return Counterpart{}, false
	}
	return b.Counterparts[i], true
}

// Document is a file of the specification as it is written.
func (b *Book) Document(file string) ([]byte, bool) {
	raw, ok := b.documents[file]
	return raw, ok
}

// Open reads the documents (about 60 ms).
func Open() (*Book, error) {
	b, err := open()
	if err != nil {
		return nil, fmt.Errorf("book of the interface: %w", err)
	}
	return b, nil
}

func open() (*Book, error) {
	r, err := readDocuments()
	if err != nil {
		return nil, err
	}
	b := &Book{documents: r.raw, operations: map[spec.Operation]*Operation{}}
	if err := b.readTexts(); err != nil {
		return nil, err
	}
	b.Codes, b.Types = r.codeLists(), r.typeNames()
	b.readErrors(r)
	for _, file := range r.files {
		c, err := r.counterpart(file)
		if err != nil {
			return nil, err
		}
		if len(c.Operations) == 0 {
			continue
		}
		c.About = b.about(file)
		b.Counterparts = append(b.Counterparts, c)
		for _, op := range c.Operations {
			b.operations[op.Operation] = op
		}
	}
	b.finish()
	return b, nil
}

// finish sets what follows from all files together.
func (b *Book) finish() {
	order := map[string]int{}
	for i, name := range b.filesOfReadme() {
		order[name] = i + 1
	}
	slices.SortStableFunc(b.Counterparts, func(x, y Counterpart) int { return place(order, x.File) - place(order, y.File) })
	for _, op := range b.operations {
		op.Since = b.since(op)
		if op.Result != "" {
			if result := b.operations[op.Result]; result != nil {
				result.Starts = op.Operation
			}
		}
	}
}

// place sorts files that the README does not list behind those it does.
func place(order map[string]int, file string) int {
	if n := order[file]; n > 0 {
		return n
	}
	return len(order) + 1
}

// since is the version that first names the operation, else the first one of all, which the documents began with.
func (b *Book) since(op *Operation) string {
	first := op.Version
	for _, c := range slices.Backward(b.Changes) {
		if slices.Contains(c.Operations, op.Operation) {
			return c.Version
		}
	}
	if n := len(b.Changes); n > 0 {
		first = b.Changes[n-1].Version
	}
	return first
}

// Sides names who calls and who is called.
func (op *Operation) Sides() (from, to string) {
	if op.Direction == spec.ToPlatform {
		return "对方", "平台"
	}
	return "平台", "对方"
}

// Manner says how an operation is answered.
func (op *Operation) Manner() string {
	switch {
	case op.Async:
		return "先回执，后送结果"
	case op.Starts != "":
		return "回送结果"
	case op.ReadOnly:
		return "查询，当时应答"
	}
	return "当时应答"
}

// lines splits a description into its paragraphs: there each line is one.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(text), "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
}
