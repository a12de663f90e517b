package bizxml

import (
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
)

// places names the fields of a request that are wrong by the paths of their elements: the check of the JSON speaks of pointers.
func places(op spec.Operation, fields []spec.FieldProblem) []spec.FieldProblem {
	o := grammar(op, spec.Request)
	if o == nil || fields == nil {
		return fields
	}
	out := make([]spec.FieldProblem, len(fields))
	for i, f := range fields {
		out[i] = f
		if !strings.HasPrefix(f.Pointer, "/Data") {
			out[i].Pointer = place(o, f.Pointer)
		}
	}
	return out
}

// place turns a JSON pointer of a body into the path of an element. A part that the grammar does not know stays.
func place(o *object, pointer string) string {
	path := "/Data/" + o.name
	for part := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
		if n, err := strconv.Atoi(part); err == nil && n >= 0 {
			path += "[" + strconv.Itoa(n+1) + "]"
			continue
		}
		if part == "" {
			continue
		}
		path += "/"
		f := o.property(part)
		if f == nil {
			path += part
			o = &object{}
			continue
		}
		path += f.xml
		if o = f.of; o == nil {
			o = &object{}
		}
	}
	return path
}

// property finds a field by its name in JSON.
func (o *object) property(name string) *field {
	for i := range o.fields {
		if o.fields[i].json == name {
			return &o.fields[i]
		}
	}
	return nil
}
