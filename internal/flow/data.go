package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"

	"github.com/expr-lang/expr/types"
)

// DataType is the type of a declared piece of data.
type DataType string

// The types that <yc:data type="…"> knows. Money is a whole number of fen.
const (
	TypeString DataType = "string"
	TypeInt    DataType = "int"
	TypeBool   DataType = "bool"
	TypeMoney  DataType = "money"
	TypeList   DataType = "list"
	TypeMap    DataType = "map"
	typeAny    DataType = "any" // the item of a multi-instance: whatever its list holds
)

// Data declares one name that conditions may use and that events may set.
type Data struct {
	Name    string   `json:"name"`
	Type    DataType `json:"type"`
	Default any      `json:"default,omitempty"`
}

// Vars are the values of declared data. In memory they hold only string, bool, int64, float64, []any, map[string]any
// and nil, so that a value is the same before and after it was stored as JSON. A Vars is never changed in place.
type Vars map[string]any

// UnmarshalJSON reads numbers as int64 where they are whole.
func (v *Vars) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return fmt.Errorf("flow: read data: %w", err)
	}
	for k, x := range m {
		m[k] = plain(x)
	}
	*v = m
	return nil
}

// with is a copy of v with one value replaced.
func (v Vars) with(name string, value any) Vars {
	c := make(Vars, len(v)+1)
	maps.Copy(c, v)
	c[name] = value
	return c
}

// plain turns the numbers of decoded JSON into int64 or float64.
func plain(x any) any {
	switch t := x.(type) {
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n
		}
		f, _ := t.Float64()
		return f
	case []any:
		for i := range t {
			t[i] = plain(t[i])
		}
	case map[string]any:
		for k := range t {
			t[k] = plain(t[k])
		}
	}
	return x
}

// zero is the value of data that nobody has set.
func (t DataType) zero() any {
	switch t {
	case TypeString:
		return ""
	case TypeInt, TypeMoney:
		return int64(0)
	case TypeBool:
		return false
	case TypeList:
		return []any{}
	case TypeMap:
		return map[string]any{}
	}
	return nil
}

// exprType is what the compiler of expressions takes the type for.
func (t DataType) exprType() types.Type {
	switch t {
	case TypeString:
		return types.String
	case TypeInt, TypeMoney:
		return types.Int64
	case TypeBool:
		return types.Bool
	case TypeList:
		return types.Array(types.Any)
	case TypeMap:
		return types.Map{types.Extra: types.Any}
	}
	return types.Any
}

// kind is what an expression must give to be assigned to the type.
func (t DataType) kind() reflect.Kind {
	switch t {
	case TypeString:
		return reflect.String
	case TypeInt, TypeMoney:
		return reflect.Int64
	case TypeBool:
		return reflect.Bool
	case TypeList:
		return reflect.Slice
	case TypeMap:
		return reflect.Map
	}
	return reflect.Interface
}

// coerce brings a value from outside into the canonical form of the type; nil becomes the zero value.
func (t DataType) coerce(x any) (any, bool) {
	if x == nil {
		return t.zero(), true
	}
	switch t {
	case TypeString:
		v := reflect.ValueOf(x)
		return v.String(), v.Kind() == reflect.String
	case TypeBool:
		b, ok := x.(bool)
		return b, ok
	case TypeInt, TypeMoney:
		return wholeNumber(x)
	case TypeList:
		y, err := throughJSON(x)
		list, ok := y.([]any)
		return list, ok && err == nil
	case TypeMap:
		y, err := throughJSON(x)
		m, ok := y.(map[string]any)
		return m, ok && err == nil
	}
	y, err := throughJSON(x)
	return y, err == nil
}

// wholeNumber accepts every integer kind and floating numbers without a fraction.
func wholeNumber(x any) (any, bool) {
	if n, ok := x.(json.Number); ok {
		i, err := n.Int64()
		return i, err == nil
	}
	v := reflect.ValueOf(x)
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), v.Uint() <= math.MaxInt64
	case v.CanFloat():
		f := v.Float()
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return nil, false
}

// throughJSON gives the value as it would come back from the database.
func throughJSON(x any) (any, error) {
	b, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("flow: data is no JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var y any
	if err := d.Decode(&y); err != nil {
		return nil, fmt.Errorf("flow: data is no JSON: %w", err)
	}
	return plain(y), nil
}
