// Package spec is the published interface in Go: its message types, its operations, its signature.
//
// In: the OpenAPI files of docs/interface. Out: one type per schema (types.gen.go), the table of
// operations (operations.gen.go), validation and masking of bodies, and the signing and verifying of
// requests and responses. Both the platform (exchange) and the simulated outside systems stand on
// it, so it knows neither databases nor endpoints.
package spec

import (
	"sort"
	"time"
)

//go:generate go run ./gen

// Operation names one operation of the interface, e.g. "registry.unit.query".
type Operation string

// Direction says who calls.
type Direction int

// The two directions of x-direction.
const (
	ToCounterpart Direction = iota // the platform calls the counterpart
	ToPlatform                     // the counterpart calls the platform
)

// String gives the direction as the specification writes it.
func (d Direction) String() string {
	if d == ToPlatform {
		return "to-platform"
	}
	return "to-counterpart"
}

// Info is what the specification says of one operation.
type Info struct {
	Operation   Operation
	Path        string // URL path, e.g. /v1/registry/unit/query
	Counterpart string // the file it stands in: registry, housing, tax …
	Direction   Direction
	Title       string        // Chinese, for pages
	Async       bool          // answered by a receipt now and by Result later
	Result      Operation     // the operation that carries the result; empty unless Async
	ReadOnly    bool          // changes nothing, so it may be asked again freely
	Request     string        // schema of the request body
	Response    string        // schema of the answer
	Timeout     time.Duration // within which the called side answers
	Attempts    int           // sends in all, the first included
	MaxRequest  int64         // bytes
	MaxResponse int64         // bytes
}

// Operations lists all operations in order of name. The slice is the caller's.
func Operations() []Info { return append([]Info(nil), operations...) }

// Lookup finds an operation by name.
func Lookup(op Operation) (Info, bool) {
	i := sort.Search(len(operations), func(i int) bool { return operations[i].Operation >= op })
	if i < len(operations) && operations[i].Operation == op {
		return operations[i], true
	}
	return Info{}, false
}

// ByPath finds an operation by the path of its URL.
func ByPath(path string) (Info, bool) {
	for _, info := range operations {
		if info.Path == path {
			return info, true
		}
	}
	return Info{}, false
}
