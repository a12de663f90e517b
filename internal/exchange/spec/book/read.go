package book

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	interfaces "yichuang/docs/interface"
	"yichuang/internal/exchange/spec"
)

// reader holds the documents as they are written, in their order.
type reader struct {
	files []string
	raw   map[string][]byte
	roots map[string]*yaml.Node
}

func readDocuments() (*reader, error) {
	names, err := fs.Glob(interfaces.FS, "*.yaml")
	if err != nil {
		return nil, err
	}
	r := &reader{files: names, raw: map[string][]byte{}, roots: map[string]*yaml.Node{}}
	for _, name := range names {
		raw, err := fs.ReadFile(interfaces.FS, name)
		if err != nil {
			return nil, err
		}
		var root yaml.Node
		if err := yaml.Unmarshal(raw, &root); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.raw[name], r.roots[name] = raw, root.Content[0]
	}
	return r, nil
}

// at walks down mappings by their keys; nil where there is no such thing.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		n = child(n, key)
	}
	return n
}

func child(n *yaml.Node, key string) *yaml.Node {
	for k, v := range pairs(n) {
		if k == key {
			return v
		}
	}
	return nil
}

// pairs yields the entries of a mapping in their order.
func pairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

func text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.Value)
}

func texts(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	out := make([]string, len(n.Content))
	for i, c := range n.Content {
		out[i] = c.Value
	}
	return out
}

// schema is a schema with what a reference says beside it, which goes before the schema's own.
type schema struct {
	file string // where what it refers to is found
	name string // of the component that it refers to last; "" for one that stands where it is used
	over []*yaml.Node
	node *yaml.Node
}

func (s schema) get(key string) *yaml.Node {
	for _, n := range s.over {
		if v := child(n, key); v != nil {
			return v
		}
	}
	return child(s.node, key)
}

// resolve follows references.
func (r *reader) resolve(file string, n *yaml.Node) schema {
	s := schema{file: file, node: n}
	for ref := child(s.node, "$ref"); ref != nil; ref = child(s.node, "$ref") {
		other, pointer, _ := strings.Cut(ref.Value, "#/")
		if other != "" {
			s.file = path.Base(other)
		}
		s.over = append(s.over, s.node)
		s.node = at(r.roots[s.file], strings.Split(pointer, "/")...)
		s.name = path.Base(pointer)
	}
	return s
}

func (r *reader) counterpart(file string) (Counterpart, error) {
	root := r.roots[file]
	c := Counterpart{File: file, Name: text(at(root, "x-counterpart")), Title: text(at(root, "info", "title")), Version: text(at(root, "info", "version")),
		Words: text(at(root, "info", "description"))}
	for p, item := range pairs(at(root, "paths")) {
		op, err := r.operation(file, p, child(item, "post"))
		if err != nil {
			return c, fmt.Errorf("%s: %s: %w", file, p, err)
		}
		op.Version = c.Version
		c.Operations = append(c.Operations, op)
	}
	c.Operations = resultsNext(c.Operations)
	return c, nil
}

// resultsNext puts each operation that carries a result behind the one that asks for it.
func resultsNext(all []*Operation) []*Operation {
	var out []*Operation
	add := func(op *Operation) {
		if !slices.Contains(out, op) {
			out = append(out, op)
		}
	}
	for _, op := range all {
		add(op)
		for _, other := range all {
			if op.Result == other.Operation {
				add(other)
			}
		}
	}
	return out
}

func (r *reader) operation(file, p string, n *yaml.Node) (*Operation, error) {
	info, ok := spec.ByPath(p)
	if !ok {
		return nil, fmt.Errorf("no operation of the generated table")
	}
	status := "200"
	if info.Async {
		status = "202"
	}
	op := &Operation{Info: info, Purpose: text(child(n, "description"))}
	for code, meaning := range pairs(child(n, "x-refusals")) {
		op.Refusals = append(op.Refusals, Refusal{code, meaning.Value})
	}
	var err error
	if op.Request, err = r.body(file, at(n, "requestBody")); err != nil {
		return nil, err
	}
	op.Answer, err = r.body(file, at(n, "responses", status))
	return op, err
}

// body reads what a request or an answer holds.
func (r *reader) body(file string, n *yaml.Node) (Body, error) {
	s := r.resolve(file, at(n, "content", "application/json", "schema"))
	if s.node == nil {
		return Body{}, fmt.Errorf("no body in JSON")
	}
	b := Body{Schema: s.name, Text: text(s.get("description")), Fields: r.fields(s, []string{s.name})}
	if any := s.get("anyOf"); any != nil {
		for _, one := range any.Content {
			b.Choices = append(b.Choices, texts(child(one, "required")))
		}
	}
	example, err := jsonOf(s.get("example"))
	b.Example = example
	return b, err
}

func (r *reader) codeLists() []CodeList {
	var out []CodeList
	for _, file := range r.files {
		for name, n := range pairs(at(r.roots[file], "components", "schemas")) {
			if codes := codesOf(schema{node: n}); codes != nil {
				title, more, _ := strings.Cut(text(child(n, "description")), "。")
				out = append(out, CodeList{Name: name, Title: title, Text: more, National: text(child(n, "x-national-field")), File: file, Codes: codes})
			}
		}
	}
	return out
}

func (r *reader) typeNames() []TypeName {
	var out []TypeName
	for _, file := range r.files {
		for name, n := range pairs(at(r.roots[file], "components", "schemas")) {
			s := schema{file: file, name: name, node: n}
			if child(n, "properties") != nil || child(n, "enum") != nil || child(n, "items") != nil {
				continue
			}
			out = append(out, TypeName{Name: name, Text: text(child(n, "description")), Form: typeWord(s) + suffix("，", form(s)), Pattern: text(child(n, "pattern")), National: text(child(n, "x-national-field")),
				Personal: personalWord(text(child(n, "x-personal"))), Example: text(child(n, "example"))})
		}
	}
	return out
}

// codesOf are the values of a list with their meanings; nil where a schema is no list.
func codesOf(s schema) []Value {
	values, words := texts(s.get("enum")), texts(s.get("x-enum-descriptions"))
	var out []Value
	for i, v := range values {
		meaning := ""
		if i < len(words) {
			meaning = words[i]
		}
		out = append(out, Value{v, meaning})
	}
	return out
}

func suffix(mark, s string) string {
	if s == "" {
		return ""
	}
	return mark + s
}

func number(n *yaml.Node) (float64, bool) {
	v, err := strconv.ParseFloat(text(n), 64)
	return v, err == nil
}
