// Package connect joins casework to the departments.
//
// In come the system orders of a case, one act for each operation of the interface specification; out go signed calls
// through package exchange. Answers that come later arrive in inbound.go and settle the order that they name. The
// questions of the hall (a contract, shared materials, utility accounts) are answered in query*.go.
//
// map.go is the one place where a case becomes the words of the specification; every other file speaks for one
// department.
package connect
