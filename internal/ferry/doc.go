// Package ferry is the only door between the two zones.
//
// A sender calls Send in the transaction of its business change. A pump takes what is committed, in order, bundles,
// seals (SM4-GCM) and signs (SM2) it, and hands it to a Transport. The receiving door verifies the bundle, stores each
// message once by (stream, sequence), acknowledges, and applies the messages in order per case, each in one transaction
// with its effect. A message that cannot be applied is parked: it blocks its own case and nothing else, and a person
// retries or discards it. Files travel ahead of the message that names them, sealed in the same way.
//
// What may pass is listed in package message; everything else is refused.
package ferry
