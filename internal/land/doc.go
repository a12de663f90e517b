// Package land is the shared vocabulary of real estate registration as pure types: codes, numbers of
// persons and papers, money, areas, shares, dates, and the lists of kinds that the law knows.
//
// In go the strings that people type or machines send; out come values in one canonical form, or a typed
// error ([Fault]) that names the sentence to show. Nothing here does I/O, reads a clock or keeps state.
// Numbers that differ from one outside system to another (right types, message types) are not here:
// they stand in a table per endpoint.
package land
