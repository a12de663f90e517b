package conform

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// fields reads a body. Sample bodies were checked before, so that what cannot be read is empty.
func fields(body []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out map[string]any
	if d.Decode(&out) != nil {
		return map[string]any{}
	}
	return out
}

func encode(v map[string]any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil // strings, numbers, lists and objects only: it cannot fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func text(body []byte, name string) string {
	s, _ := fields(body)[name].(string)
	return s
}

// renewed is the body with a work id of its own, so that a counterpart that wrongly does what it should refuse spoils nothing else.
func renewed(body []byte) []byte {
	all := fields(body)
	if _, ok := all["workId"]; !ok {
		return body
	}
	all["workId"] = uuid.Must(uuid.NewV7()).String()
	return encode(all)
}

// stranger is a name that no schema has.
const stranger = "conformUnknownField"

func withUnknown(body []byte) []byte {
	all := fields(body)
	all[stranger] = "x"
	return encode(all)
}

// withUnknownInside puts the field into the first object below the top; false where there is none.
func withUnknownInside(body []byte) ([]byte, bool) {
	all := fields(body)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		inner := all[name]
		if list, ok := inner.([]any); ok && len(list) > 0 {
			inner = list[0]
		}
		if object, ok := inner.(map[string]any); ok {
			object[stranger] = "x"
			return encode(all), true
		}
	}
	return nil, false
}

// without lists the bodies that lack one field each.
func without(body []byte) [][]byte {
	var out [][]byte
	for _, name := range slices.Sorted(maps.Keys(fields(body))) {
		all := fields(body)
		delete(all, name)
		out = append(out, encode(all))
	}
	return out
}

// replacing sets the first field, by name, to a value; false where the body has no field.
func replacing(body []byte, value any) ([]byte, bool) {
	all := fields(body)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		all[name] = value
		return encode(all), true
	}
	return nil, false
}

// doubled writes the first field twice with the same value.
func doubled(body []byte) ([]byte, bool) {
	all := fields(body)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		once := encode(map[string]any{name: all[name]})
		return slices.Concat(once[:len(once)-1], []byte(","), encode(all)[1:]), true
	}
	return nil, false
}

// changes lists bodies that say something else in one field each, likely valid: those of free text and numbers first.
func changes(body []byte) [][]byte {
	var out [][]byte
	change := func(name string, value any) {
		all := fields(body)
		all[name] = value
		out = append(out, encode(all))
	}
	all := fields(body)
	if _, ok := all["workId"]; ok {
		change("workId", uuid.Must(uuid.NewV7()).String())
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch v := all[name].(type) {
		case string:
			change(name, v+"1")
			if v != "" {
				change(name, v[:len(v)-1]+"8")
				change(name, v[:len(v)-1]+"9")
			}
		case json.Number:
			change(name, json.Number("1"))
			change(name, json.Number("2"))
		case bool:
			change(name, !v)
		}
	}
	return out
}

// padded is the body with blanks up to a size in bytes.
func padded(body []byte, size int64) []byte {
	if blanks := int(size) - len(body); blanks > 0 {
		return slices.Concat(body[:len(body)-1], bytes.Repeat([]byte(" "), blanks), body[len(body)-1:])
	}
	return body
}
