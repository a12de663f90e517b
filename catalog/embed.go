// Package catalogdata carries the first version of what the city offers: items, materials, forms, fees, limits, sentences, tax
// rules, code lists, the calendar, and flows. The files are data for internal/catalog and internal/flow; no Go reads them here.
package catalogdata

import "embed"

// FS holds the files of this folder.
//
//go:embed *.yaml items codes flows
var FS embed.FS
