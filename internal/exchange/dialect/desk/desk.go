// Package desk is the dialect of a counterpart without a system: its people work in our own pages, so nothing is sent.
package desk

import (
	"context"

	"yichuang/internal/exchange/dialect"
)

// Dialect answers every message with dialect.ErrDesk.
type Dialect struct{}

// New makes the dialect.
func New() Dialect { return Dialect{} }

// Name is "desk".
func (Dialect) Name() string { return "desk" }

// Needs is nothing: there is nobody to call.
func (Dialect) Needs() dialect.Needs { return dialect.Needs{} }

// Send returns dialect.ErrDesk.
func (Dialect) Send(context.Context, dialect.Line, dialect.Message) (dialect.Answer, error) {
	return dialect.Answer{}, dialect.ErrDesk
}
