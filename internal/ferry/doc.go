// Package ferry is the only door between the two zones.
//
// A sender calls Send in the transaction of its business change. A pump takes what is committed, numbers, bundles, seals (SM4-GCM)
// and signs (SM2) it, and hands it to a Transport. The receiving door verifies what comes, keeps each message once, and applies the
// messages in order per case, each in one transaction with its effect. What may pass is listed in package message.
//
// # Crates
//
// What travels is a crate: a line "yichuang-ferry/2"; a line of JSON with the sending zone, the kind, the size of the rest and a
// signature; and the rest, sealed. There are four kinds: messages, a part of a file, an acknowledgement, and a report of how a zone
// stands. No transport is trusted to be reliable. Crates may be lost, repeated, cut, and come in any order:
//
//   - Each message carries its number in the stream, and the number of the one before it in its case. It is stored whatever else is
//     missing, and applied when the one before it and all of its files are there. So a lost crate, or a large scan, holds up its own
//     cases only.
//   - An acknowledgement says all that the receiver holds: a number up to which there is no gap, ranges behind gaps, the slices that it
//     has of unfinished files. A later one replaces an earlier one; one that is lost is no loss.
//   - What is not acknowledged in time is sent again, each time after a longer pause. The receiver asks earlier: for numbers that
//     others have overtaken, and for slices that do not come.
//   - Files travel in slices of 256 KB. Both sides write down which have arrived, so that after a cut or a restart only the others are
//     carried. The smallest file goes first, and between any two parts go all messages that are due: questions and replies before others.
//   - Who has too much waiting to be applied takes only what fills gaps and says so; the other zone then waits. Nothing is kept in
//     memory but the crate in hand and the file that is being carried.
//
// A message that cannot be applied is parked; one whose file is gone is set aside at the sender. Either blocks its own case and nothing
// else, and a person retries or discards it.
//
// # Transports
//
// Loop carries within one process, HTTPS between two; both bring the acknowledgement back at once. Dir lays crates down as files for
// the appliance of a gap, in a folder <zone>-to-<peer>, and takes up those that lie in <peer>-to-<zone>:
//
//	hall-0001764040665123456-001of003-08388608-9f86d081884c7d65.dat
//
// Stream, number (time in microseconds), piece, size of this file in bytes, digest of the crate. A crate that is larger than the largest
// file allowed is cut into pieces. A file is written under a name that begins with ".tmp-" and renamed; still, one whose size is not
// what its name says is left until it is. The order in which an appliance carries files, and whether it moves or copies them, does not
// matter: the taker removes what it has taken, and names it in its acknowledgement, upon which the sender removes what still lies there.
// What is nothing of the other zone (another name, a wrong size after a minute, a wrong digest or signature) is moved into the
// subfolder quarantine and shown.
package ferry
