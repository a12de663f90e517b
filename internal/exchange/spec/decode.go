package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a body; the deepest schema has seven levels.
const maxDepth = 16

var (
	errDepth  = errors.New("嵌套过深")
	errUTF8   = errors.New("不是 UTF-8 编码")
	errExtra  = errors.New("JSON 之后还有内容")
	errObject = errors.New("应为 JSON 对象")
)

// decode reads a body as JSON more strictly than encoding/json: one object, valid UTF-8, no name twice
// (two readers might each see another value), no nesting beyond maxDepth, nothing after it.
func decode(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) {
		return nil, errUTF8
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	value, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errExtra
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errObject
	}
	return object, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errors.New("不是合法的 JSON")
	}
	switch token {
	case json.Delim('{'):
		if depth == maxDepth {
			return nil, errDepth
		}
		return decodeObject(d, depth+1)
	case json.Delim('['):
		if depth == maxDepth {
			return nil, errDepth
		}
		return decodeArray(d, depth+1)
	}
	return token, nil
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errors.New("不是合法的 JSON")
		}
		key, ok := name.(string)
		if !ok {
			return nil, errors.New("不是合法的 JSON")
		}
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("字段 %.40q 重复", key)
		}
		if object[key], err = decodeValue(d, depth); err != nil {
			return nil, err
		}
	}
	return object, end(d)
}

func decodeArray(d *json.Decoder, depth int) (any, error) {
	array := []any{}
	for d.More() {
		value, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	return array, end(d)
}

// end takes the closing bracket.
func end(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errors.New("不是合法的 JSON")
	}
	return nil
}
