// Package exchange is how a zone talks to any system outside the platform.
//
// Out: Client.Call finds the endpoint of a counterpart for a district and item, and sends one operation of the published
// interface (package spec) in the endpoint's dialect: signed, limited, retried, circuit-broken, its answer verified and
// validated. In: Server takes the operations that counterparts call: signature, freshness, replay, size and schema are
// checked before a handler runs, once per message, in one transaction with the record of the message. Every call is logged
// with personal data masked, and measured. Endpoints are settings in the database, effective at once, each change audited.
//
// A dialect is one folder below dialect/; dialects lists them.
package exchange
