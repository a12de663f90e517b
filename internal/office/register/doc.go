// Package register is the book: the platform's database of units, rights and restrictions, and the law that holds in it.
//
// In come exact queries (certificate number, owner's name and document number together), reservations of cases, entries that
// transfer, mortgage and discharge, courts' orders, objections and advance notices, and the reports of districts that
// keep a registry of their own ([Register.Mirror]). Out come a [Page] of the book, obstacles to a disposal as typed values,
// and certificate numbers. In a district whose registry has no interface this is the book; elsewhere it mirrors it.
//
// All that changes a unit locks its row first and runs in the caller's transaction: two cases, or a case and a court, meet there and
// the later one sees what the earlier did. Times come from the clock given to [New].
package register
