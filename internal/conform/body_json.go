package conform

import (
	"bytes"
	"maps"
	"slices"

	"yichuang/internal/exchange/spec"
)

// jsonBodies are bodies as the interface has them.
type jsonBodies struct{}

// stranger is a name that no schema has.
const stranger = "conformUnknownField"

func (jsonBodies) write(_ spec.Info, body []byte) ([]byte, error) { return body, nil }

func (jsonBodies) unknown(written []byte) []byte {
	all := fields(written)
	all[stranger] = "x"
	return encode(all)
}

func (jsonBodies) unknownInside(written []byte) ([]byte, bool) {
	all := fields(written)
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

// doubled writes the first field twice with the same value.
func (jsonBodies) doubled(written []byte) ([]byte, bool) {
	all := fields(written)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		once := encode(map[string]any{name: all[name]})
		return slices.Concat(once[:len(once)-1], []byte(","), encode(all)[1:]), true
	}
	return nil, false
}

func (jsonBodies) replaced(written []byte) ([]byte, bool) {
	return replacing(written, map[string]any{"x": []int{1}}) // no value of any field
}

func (jsonBodies) padded(written []byte, size int64) []byte {
	if blanks := int(size) - len(written); blanks > 0 {
		return slices.Concat(written[:len(written)-1], bytes.Repeat([]byte(" "), blanks), written[len(written)-1:])
	}
	return written
}

func (jsonBodies) broken() []byte { return []byte("{") }

func (jsonBodies) sizes(info spec.Info) (most, over int64) {
	return info.MaxRequest, info.MaxRequest + 1
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
