package book

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Body is what one side of an operation sends.
type Body struct {
	Schema  string // name of its type
	Text    string
	Fields  []Field
	Choices [][]string // of these sets of fields at least one is there; none: no such rule
	Example []byte     // JSON in one line, its fields in the order of Fields
}

// Field is a field of a body.
type Field struct {
	Name     string
	Text     string // what it means
	National string // its name in the national standards
	Type     string // 文本, 整数, 对象, 列表 …
	Form     string // format, length, range
	Pattern  string // regular expression
	TypeName string // of the common type, or the code list, that it refers to
	Required bool
	Personal string // which kind of personal data; "" for none
	Codes    []Value
	List     bool    // of which there may be several
	Fields   []Field // of the object, or of each object of the list
}

// Pretty is the example with a line for each field.
func (b Body) Pretty() string {
	var out bytes.Buffer
	if err := json.Indent(&out, b.Example, "", "  "); err != nil {
		return string(b.Example)
	}
	return out.String()
}

// Walk yields all fields, those of objects behind the object, with their depth.
func (b Body) Walk() func(yield func(int, Field) bool) {
	return func(yield func(int, Field) bool) { walk(b.Fields, 0, yield) }
}

func walk(fields []Field, depth int, yield func(int, Field) bool) bool {
	for _, f := range fields {
		if !yield(depth, f) || !walk(f.Fields, depth+1, yield) {
			return false
		}
	}
	return true
}

// fields reads the properties of an object; stack names the types around it.
func (r *reader) fields(s schema, stack []string) []Field {
	required := texts(s.get("required"))
	var out []Field
	for name, n := range pairs(s.get("properties")) {
		f := r.field(s.file, n, stack)
		f.Name, f.Required = name, slices.Contains(required, name)
		out = append(out, f)
	}
	return out
}

func (r *reader) field(file string, n *yaml.Node, stack []string) Field {
	s := r.resolve(file, n)
	f := Field{Text: strings.TrimSuffix(text(s.get("description")), "。"), National: text(s.get("x-national-field")), Personal: personalWord(text(s.get("x-personal"))),
		Type: typeWord(s), Form: form(s), Pattern: text(s.get("pattern")), Codes: codesOf(s)}
	if f.Codes != nil || s.node != nil && child(s.node, "properties") == nil {
		f.TypeName = s.name
	}
	if items := s.get("items"); items != nil {
		one := r.field(s.file, items, stack)
		f.List, f.Fields, f.Codes, f.Pattern, f.TypeName = true, one.Fields, one.Codes, one.Pattern, one.TypeName
		f.Form = strings.Trim(f.Form+"；每项"+one.Type+suffix("，", one.Form), "；")
		if f.Personal == "" {
			f.Personal = one.Personal
		}
		return f
	}
	if s.name != "" && slices.Contains(stack, s.name) {
		return f // a type that holds itself
	}
	f.Fields = r.fields(s, append(slices.Clone(stack), s.name))
	return f
}

func typeWord(s schema) string {
	switch t := text(s.get("type")); t {
	case "string":
		if s.get("enum") != nil {
			return "代码"
		}
		return "文本"
	case "integer":
		return "整数"
	case "number":
		return "数"
	case "boolean":
		return "true 或 false"
	case "object":
		return "对象"
	case "array":
		return "列表"
	default:
		return t
	}
}

// form says length, range and format of a value; the pattern is told apart.
func form(s schema) string {
	var parts []string
	if f := text(s.get("format")); f == "date-time" {
		parts = append(parts, "时刻，RFC 3339")
	} else if f != "" && f != "int64" {
		parts = append(parts, f)
	}
	for _, bound := range []struct{ low, high, unit string }{{"minLength", "maxLength", "字"}, {"minimum", "maximum", ""}, {"minItems", "maxItems", "项"}} {
		if words := bounds(s.get(bound.low), s.get(bound.high), bound.unit); words != "" {
			parts = append(parts, words)
		}
	}
	return strings.Join(parts, "，")
}

func bounds(low, high *yaml.Node, unit string) string {
	if unit != "" {
		unit = " " + unit
	}
	_, hasLow := number(low)
	_, hasHigh := number(high)
	switch {
	case hasLow && hasHigh && text(low) == text(high):
		return text(low) + unit
	case hasLow && hasHigh:
		return text(low) + "–" + text(high) + unit
	case hasHigh:
		return "至多 " + text(high) + unit
	case hasLow:
		return "至少 " + text(low) + unit
	}
	return ""
}

// personalWord names a kind of personal data.
func personalWord(kind string) string {
	if kind == "" {
		return ""
	}
	words := map[string]string{"name": "姓名", "document": "证件号码", "phone": "电话", "address": "地址", "account": "账号", "text": "可能含个人信息"}
	if w := words[kind]; w != "" {
		return w
	}
	return kind
}

// jsonOf writes an example as JSON in one line, its fields in the order of the document.
func jsonOf(n *yaml.Node) ([]byte, error) {
	if n == nil {
		return nil, fmt.Errorf("no example")
	}
	var b bytes.Buffer
	err := writeJSON(&b, n)
	return b.Bytes(), err
}

func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		sep := byte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			b.WriteByte(sep)
			sep = ','
			if err := writeText(b, n.Content[i].Value); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, n.Content[i+1]); err != nil {
				return err
			}
		}
		if sep == '{' {
			b.WriteByte('{')
		}
		b.WriteByte('}')
		return nil
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, c); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case yaml.AliasNode:
		return writeJSON(b, n.Alias)
	}
	if tag := n.ShortTag(); tag == "!!int" || tag == "!!float" || tag == "!!bool" || tag == "!!null" {
		b.WriteString(n.Value)
		return nil
	}
	return writeText(b, n.Value)
}

func writeText(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line break
	return nil
}
