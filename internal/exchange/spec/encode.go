package spec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Encode writes a message as JSON. A list that the specification requires is written as [] where
// it is nil in Go: null is no list.
func Encode(v any) ([]byte, error) {
	filled := reflect.New(reflect.TypeOf(v)).Elem()
	filled.Set(reflect.ValueOf(v))
	fillLists(filled)
	body, err := json.Marshal(filled.Interface())
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return body, nil
}

// fillLists replaces nil lists of fields that are always written, in copies of what it changes below. An object that is left out is left alone.
func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if _, own := v.Interface().(json.Marshaler); own {
			return
		}
		for i := range v.NumField() {
			field := v.Field(i)
			optional := strings.Contains(v.Type().Field(i).Tag.Get("json"), ",omit")
			switch {
			case optional && field.IsZero():
			case field.Kind() == reflect.Slice && field.IsNil():
				field.Set(reflect.MakeSlice(field.Type(), 0, 0))
			default:
				fillLists(field)
			}
		}
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		elements := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(elements, v)
		for i := range elements.Len() {
			fillLists(elements.Index(i))
		}
		v.Set(elements)
	}
}
