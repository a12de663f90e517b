package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	interfaces "yichuang/docs/interface"
)

// Side says which body of an operation is meant.
type Side int

// The two bodies of an operation.
const (
	Request Side = iota
	Response
)

// Document holds the schemas of all operations, ready to check bodies. It is made once, by Load, and is safe for
// concurrent use.
type Document struct {
	bodies   map[Operation][2]*openapi3.Schema
	grades   map[Operation][2]Grade
	refusals map[Operation]map[Code]string // x-refusals
	problem  *openapi3.Schema
}

// Load parses the embedded specification (about 60 ms).
func Load() (*Document, error) {
	names, err := fs.Glob(interfaces.FS, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("interface specification: %w", err)
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		return fs.ReadFile(interfaces.FS, strings.TrimPrefix(u.Path, "./"))
	}
	d := &Document{bodies: map[Operation][2]*openapi3.Schema{}, grades: map[Operation][2]Grade{}, refusals: map[Operation]map[Code]string{}}
	for _, name := range names {
		doc, err := loader.LoadFromURI(&url.URL{Path: name})
		if err != nil {
			return nil, fmt.Errorf("interface specification %s: %w", name, err)
		}
		if problem := doc.Components.Schemas["Problem"]; problem != nil {
			d.problem = problem.Value
		}
		if err := d.add(doc); err != nil {
			return nil, fmt.Errorf("interface specification %s: %w", name, err)
		}
	}
	return d, nil
}

func (d *Document) add(doc *openapi3.T) error {
	for path, item := range doc.Paths.Map() {
		info, ok := ByPath(path)
		if !ok {
			return fmt.Errorf("%s is no operation of the generated table", path)
		}
		status := "200"
		if info.Async {
			status = "202"
		}
		response := item.Post.Responses.Value(status)
		if response == nil {
			return fmt.Errorf("%s has no answer %s", path, status)
		}
		d.bodies[info.Operation] = [2]*openapi3.Schema{
			item.Post.RequestBody.Value.Content["application/json"].Schema.Value,
			response.Value.Content["application/json"].Schema.Value,
		}
		d.grades[info.Operation] = [2]Grade{highest(d.bodies[info.Operation][Request]), highest(d.bodies[info.Operation][Response])}
		d.refusals[info.Operation] = refusalsOf(item.Post)
	}
	return nil
}

// Body is a body that fits its schema.
type Body struct {
	Raw    []byte
	schema *openapi3.Schema
	value  map[string]any
}

// Parse reads a body and tells whether it is what the specification says of this side of the operation. The error is a *Fault of CodeSchema
// that names each wrong field and never a value.
func (d *Document) Parse(op Operation, side Side, raw []byte) (*Body, error) {
	schemas, ok := d.bodies[op]
	if !ok {
		return nil, NewFault(CodeUnknownOperation, "")
	}
	value, err := decode(raw)
	if err != nil {
		return nil, NewFault(CodeSchema, err.Error())
	}
	if err := schemas[side].VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation()); err != nil {
		fault := NewFault(CodeSchema, "")
		fault.Fields = fieldProblems(err, nil)
		return nil, fault
	}
	return &Body{Raw: raw, schema: schemas[side], value: value}, nil
}

// Into decodes the body into v, a pointer to the type of its side.
func (b *Body) Into(v any) error {
	if err := json.Unmarshal(b.Raw, v); err != nil { // such as 1e3 or 1.0 where an integer is meant
		return unreadable(err)
	}
	return nil
}

// Text is a text of the body's top level, "" where it is not there.
func (b *Body) Text(name string) string {
	text, _ := b.value[name].(string)
	return text
}

// Check tells whether raw fits, as Parse does.
func (d *Document) Check(op Operation, side Side, raw []byte) error {
	_, err := d.Parse(op, side, raw)
	return err
}

// Read parses raw and decodes it into v.
func (d *Document) Read(op Operation, side Side, raw []byte, v any) error {
	body, err := d.Parse(op, side, raw)
	if err != nil {
		return err
	}
	return body.Into(v)
}

func unreadable(err error) error {
	fault := NewFault(CodeSchema, "")
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		fault.Detail = "时刻或数字的写法不对"
		return fault
	}
	fault.Fields = []FieldProblem{{Pointer: "/" + strings.ReplaceAll(wrong.Field, ".", "/"), Detail: "类型不对"}}
	return fault
}

// maxFields bounds the list of wrong fields in one answer.
const maxFields = 20

// fieldProblems turns the validator's errors into pointers and sentences.
func fieldProblems(err error, found []FieldProblem) []FieldProblem {
	if len(found) >= maxFields {
		return found
	}
	switch e := err.(type) {
	case openapi3.MultiError:
		for _, one := range e {
			found = fieldProblems(one, found)
		}
	case *openapi3.SchemaError:
		var inner openapi3.MultiError
		if errors.As(e.Origin, &inner) {
			return fieldProblems(inner, found)
		}
		pointer := ""
		for _, part := range e.JSONPointer() {
			pointer += "/" + part
		}
		for _, name := range unknownFields(e) {
			found = addProblem(found, pointer+"/"+name, asked(e))
		}
		if e.SchemaField != "properties" {
			found = addProblem(found, pointer, asked(e))
		}
	default:
		found = append(found, FieldProblem{Pointer: "/", Detail: "不符合规范"})
	}
	return found
}

// unknownFields names the fields that an object has and its schema has not, for the error that says there are some.
func unknownFields(e *openapi3.SchemaError) []string {
	object, ok := e.Value.(map[string]any)
	if !ok || e.SchemaField != "properties" || e.Schema == nil {
		return nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if e.Schema.Properties[name] == nil {
			out = append(out, name)
		}
	}
	return out
}

// addProblem adds a problem that is not there yet, while there is room.
func addProblem(found []FieldProblem, pointer, detail string) []FieldProblem {
	if pointer == "" {
		pointer = "/"
	}
	p := FieldProblem{Pointer: cut(pointer, 300), Detail: detail}
	if len(found) >= maxFields || slices.Contains(found, p) {
		return found
	}
	return append(found, p)
}

// asked says what the schema asks, by the keyword that failed.
func asked(e *openapi3.SchemaError) string {
	s := e.Schema
	switch e.SchemaField {
	case "required":
		return "缺少必填字段"
	case "properties":
		return "规范中没有这个字段"
	case "type":
		if s != nil && s.Type != nil && len(*s.Type) > 0 {
			return "类型应为 " + (*s.Type)[0]
		}
		return "类型不对"
	case "enum":
		return "不在代码表内"
	case "pattern", "format":
		return "格式不对"
	case "minLength":
		return "不能为空"
	case "maxLength":
		return fmt.Sprintf("超过 %d 个字符", *s.MaxLength)
	case "minimum":
		return fmt.Sprintf("小于 %v", *s.Min)
	case "maximum":
		return fmt.Sprintf("大于 %v", *s.Max)
	case "minItems":
		return fmt.Sprintf("少于 %d 项", s.MinItems)
	case "maxItems":
		return fmt.Sprintf("多于 %d 项", *s.MaxItems)
	case "anyOf":
		return "缺少必填的一组字段"
	}
	return "不符合规范"
}

func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	return strings.ToValidUTF8(s[:max], "")
}
