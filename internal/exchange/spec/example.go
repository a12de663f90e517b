package spec

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/getkin/kin-openapi/openapi3"
)

// Example is the published example of one side of an operation.
func (d *Document) Example(op Operation, side Side) (json.RawMessage, error) {
	schemas, ok := d.bodies[op]
	if !ok || schemas[side].Example == nil {
		return nil, fmt.Errorf("the specification has no example of %s", op)
	}
	return json.Marshal(schemas[side].Example)
}

// Refusals lists the codes of business that an operation may refuse with (x-refusals), and what each means, in Chinese. The map is the
// caller's.
func (d *Document) Refusals(op Operation) map[Code]string { return maps.Clone(d.refusals[op]) }

// CheckProblem tells whether raw is an error body as published, and one whose code the specification knows for the operation.
func (d *Document) CheckProblem(op Operation, raw []byte) (Problem, error) {
	var p Problem
	value, err := decode(raw)
	if err != nil {
		return p, err
	}
	if err := d.problem.VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation()); err != nil {
		fault := NewFault(CodeSchema, "")
		fault.Fields = fieldProblems(err, nil)
		return p, fault
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, unreadable(err)
	}
	if !d.Knows(op, Code(p.Code)) {
		return p, fmt.Errorf("code %q is none of the specification's", p.Code)
	}
	return p, nil
}

// Knows tells whether an operation may refuse with a code: one that all may, or one of its own.
func (d *Document) Knows(op Operation, code Code) bool {
	_, common := kinds[code]
	_, own := d.refusals[op][code]
	return common || own || code == CodeNotFound || code == CodeWrongState
}

func refusalsOf(op *openapi3.Operation) map[Code]string {
	out := map[Code]string{}
	listed, _ := op.Extensions["x-refusals"].(map[string]any)
	for code, meaning := range listed {
		out[Code(code)] = fmt.Sprint(meaning)
	}
	return out
}
