// Package interfaces carries the published interface specification as data.
//
// The OpenAPI files beside this one are the source: what departments' vendors build from, what
// exchange validates every message against, and what the Go types in exchange/spec are generated
// from. Nothing here is code; the package exists because an embedded file must lie below its package.
package interfaces

import "embed"

// FS holds the OpenAPI documents, one per counterpart, common.yaml that they refer to, and everything else that a vendor is
// given: the guide, its chapters, the examples of signatures.
//
//go:embed *
var FS embed.FS
