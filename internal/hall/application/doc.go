// Package application is where citizens fill in the one form, together and over several days, until all of them have confirmed it.
//
// In: what people type, what the office answers about homes, contracts and shared data, files, and the catalog, which says what
// is asked and what is needed. Out: message.ApplicationSubmitted by the ferry, with its files. A draft saves itself, goes on from
// another device, and is erased when nobody comes back to it. Each part of the form is a section with a file of its own:
// home, contract, parties, tax, trust, loan, utilities, materials, delivery; check, sent and confirm lead to the end.
// No item is known by name: which sections a deal has stands in the catalog.
package application
