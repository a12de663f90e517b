package catalog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// Problem is one thing wrong in the catalog's data.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Text string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Invalid is the error of [Load]: everything wrong at once, in order of file and line, so that whoever edits the data need not find
// the mistakes one by one.
type Invalid struct{ Problems []Problem }

func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "catalog: " + strings.Join(lines, "\n")
}

// path leads to a place in a YAML document: keys (string) and positions (int).
type path []any

// problems collects what is wrong in one file. Its document leads from a place in the data to a line.
type problems struct {
	file string
	doc  *yaml.Node
	list *[]Problem
}

func (p *problems) add(at path, format string, args ...any) {
	*p.list = append(*p.list, Problem{p.file, p.line(at), fmt.Sprintf(format, args...)})
}

// line finds the line of a place, or of the nearest place above it that exists.
func (p *problems) line(at path) int {
	if p.doc == nil || len(p.doc.Content) == 0 {
		return 0
	}
	node := p.doc.Content[0]
	line := node.Line
	for _, step := range at {
		node = child(node, step)
		if node == nil {
			return line
		}
		line = node.Line
	}
	return line
}

func child(node *yaml.Node, step any) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

// loader reads files of the catalog and collects the problems of all.
type loader struct {
	fsys fs.FS
	list []Problem
}

// read decodes a file strictly into v: unknown fields, duplicate keys and wrong types are problems.
func (l *loader) read(name string, v any) *problems {
	p := &problems{file: name, list: &l.list}
	data, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		p.add(nil, "cannot be read: %v", err)
		return p
	}
	p.doc = new(yaml.Node)
	if err := yaml.Unmarshal(data, p.doc); err != nil {
		p.decode(err)
		return p
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		p.decode(err)
	}
	return p
}

// decode turns the decoder's error into problems; it already collects all mistakes of types and fields with their lines.
func (p *problems) decode(err error) {
	texts := []string{err.Error()}
	var types *yaml.TypeError
	if errors.As(err, &types) {
		texts = types.Errors
	}
	for _, text := range texts {
		line, text := cutLine(strings.TrimPrefix(text, "yaml: "))
		*p.list = append(*p.list, Problem{p.file, line, text})
	}
}

// cutLine takes the "line 7: " off the front of a decoder's message.
func cutLine(text string) (int, string) {
	var line int
	if _, err := fmt.Sscanf(text, "line %d:", &line); err != nil {
		return 0, text
	}
	_, rest, _ := strings.Cut(text, ": ")
	return line, rest
}

// invalid returns the error for all problems, nil if there are none.
func (l *loader) invalid() error {
	if len(l.list) == 0 {
		return nil
	}
	sort.SliceStable(l.list, func(i, k int) bool {
		a, b := l.list[i], l.list[k]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	return &Invalid{Problems: l.list}
}
