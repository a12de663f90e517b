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
