// Package conform checks a counterpart against the published interface (docs/interface), as its vendor would before joining.
//
// In come the role, the counterpart's address and its credentials with samples of real requests; out goes a report with one
// line per rule and operation: what was expected, what came. The rules are values in a table (Rules), each a pure function over a
// Trial: they see a Carrier that carries signed envelopes, one for each dialect, and the Receiver where results arrive, and know neither sockets nor files;
// a rule that makes sense in some dialects only says so. What a rule
// demands is written in docs/interface/README.md; nothing here is stricter than that text.
package conform
