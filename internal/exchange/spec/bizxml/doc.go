// Package bizxml is the interface as XML messages: the form in which registries and older housing systems speak.
//
// In: the JSON bodies of the interface. Out: messages of a head (business number, type code, area, signature) and a body, over HTTP
// or inside SOAP 1.1, and the same JSON again. Both sides stand on it, so it knows neither databases nor endpoints.
// The signature is that of package spec, over the SM3 of the Data element as it was sent; elements follow the generated
// schemas of docs/interface/bizxml in name and order.
package bizxml

import (
	"maps"
	"slices"

	"yichuang/internal/exchange/spec"
)

//go:generate go run ./gen

// Namespace is that of every element of a message.
const Namespace = "urn:taizhou:yichuang:bizxml:1"

// CityArea is the area code of what serves all districts.
const CityArea = "321200"

// CodeOf is the business type code of an operation, "" of one that there is not.
func CodeOf(op spec.Operation) string { return codes[op] }

// byCode finds an operation by its business type code.
func byCode(code string) (spec.Info, bool) {
	for op, c := range codes {
		if c == code {
			return spec.Lookup(op)
		}
	}
	return spec.Info{}, false
}

// Codes lists all business type codes in their order.
func Codes() []string { return slices.Sorted(maps.Values(codes)) }

// kind is how a value is written.
type kind int

const (
	text    kind = iota // as it is
	integer             // without leading zeros
	boolean             // true or false
	bytes64             // Base64
	instant             // RFC 3339
	nested              // an object
)

// object is what the specification calls a schema of type object.
type object struct {
	name   string
	fields []field
}

// field is one property: its name in JSON, its element's name, and what is in it.
type field struct {
	json, xml string
	kind      kind
	list      bool    // the element is repeated
	needed    bool    // required
	of        *object // of a nested one
}

// grammar is the object that a body of an operation is.
func grammar(op spec.Operation, side spec.Side) *object { return bodies[op][side] }
