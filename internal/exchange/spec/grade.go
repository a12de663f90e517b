package spec

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Grade is the grade of a datum (数据分级, R-296): how much harm it does in the wrong hands. An endpoint is granted a grade and is sent
// nothing above it. The four grades are those that GB/T 43697—2024 gives to general data.
type Grade int

// The grades of fields. A field's own x-grade wins; without one it follows from what x-personal says of it.
const (
	GradeOpen      Grade = 1 // may be published
	GradeInternal  Grade = 2 // of cases and homes, naming nobody
	GradePersonal  Grade = 3 // names, addresses, telephones, and what people wrote
	GradeSensitive Grade = 4 // numbers of documents and accounts, contents of files, faces
)

// gradeOf is the grade of one schema by itself, its fields apart.
func gradeOf(s *openapi3.Schema) Grade {
	if own, ok := s.Extensions["x-grade"].(float64); ok {
		return Grade(own)
	}
	switch kind, _ := s.Extensions["x-personal"].(string); {
	case kind == "document" || kind == "account" || s.Format == "byte":
		return GradeSensitive
	case kind != "":
		return GradePersonal
	}
	return GradeInternal
}

// highest is the highest grade of a schema with all its fields.
func highest(s *openapi3.Schema) Grade {
	g := gradeOf(s)
	for _, property := range s.Properties {
		g = max(g, highest(property.Value))
	}
	if s.Items != nil {
		g = max(g, highest(s.Items.Value))
	}
	return g
}

// Grade is the highest grade that a body of an operation may hold; zero where the operation is not known.
func (d *Document) Grade(op Operation, side Side) Grade { return d.grades[op][side] }

// GradeTo is the grade that a counterpart needs to be sent all that its operations have: requests to it and answers to its own.
func (d *Document) GradeTo(counterpart string) Grade {
	g := GradeOpen
	for _, info := range operations {
		if info.Counterpart != counterpart {
			continue
		}
		side := Request
		if info.Direction == ToPlatform {
			side = Response
		}
		g = max(g, d.Grade(info.Operation, side))
	}
	return g
}

// Within is the body without the fields above a grade. Where a field that must be there is above it, there is no such body: the error
// is a *Fault of CodeNotGranted that names the fields.
func (b *Body) Within(g Grade) (*Body, error) {
	var cut trimming
	value, ok := cut.trim(b.schema, b.value, g, "")
	if !ok {
		fault := NewFault(CodeNotGranted, fmt.Sprintf("接入点的数据级别为 %d 级，本报文必填的内容高于此级", g))
		fault.Fields = cut.missing
		return nil, fault
	}
	if !cut.trimmed {
		return b, nil
	}
	object, _ := value.(map[string]any) // a body is an object
	if err := b.schema.VisitJSON(object); err != nil {
		return nil, NewFault(CodeNotGranted, fmt.Sprintf("接入点的数据级别为 %d 级，去掉高于此级的内容后报文不完整", g))
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encode what is left of a body: %w", err)
	}
	return &Body{Raw: raw, schema: b.schema, value: object}, nil
}

// trimming is what became of a body.
type trimming struct {
	trimmed bool
	missing []FieldProblem // fields that would have to be there
}

// trim gives a value without what is above the grade; ok is false where nothing is left that its schema allows.
func (c *trimming) trim(s *openapi3.Schema, value any, g Grade, pointer string) (left any, ok bool) {
	if gradeOf(s) > g {
		c.missing = addProblem(c.missing, pointer, "高于接入点的数据级别")
		return nil, false
	}
	switch v := value.(type) {
	case map[string]any:
		return c.trimObject(s, v, g, pointer)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			if out[i], ok = c.trim(s.Items.Value, v[i], g, fmt.Sprintf("%s/%d", pointer, i)); !ok {
				return nil, false
			}
		}
		return out, true
	}
	return value, true
}

func (c *trimming) trimObject(s *openapi3.Schema, object map[string]any, g Grade, pointer string) (any, bool) {
	out := make(map[string]any, len(object))
	for name, field := range object {
		known := len(c.missing)
		left, ok := c.trim(s.Properties[name].Value, field, g, pointer+"/"+name)
		switch {
		case ok:
			out[name] = left
		case slices.Contains(s.Required, name):
			return nil, false
		default:
			c.trimmed, c.missing = true, c.missing[:known]
		}
	}
	return out, true
}
