// Package inquiry answers what other authorities ask of us, and does what courts order.
//
// In come questions who owns what, of police, civil affairs, courts and banks, one by one or in batches of up to ten thousand
// persons, and courts' orders to seize, renew and release. Out go answers, pages of results, reports, and entries in the book. All
// questions are exact, each names its legal basis, and each is in the audit record without a name in the clear.
//
// A title query is answered in the transaction of its message. A batch is taken in at once and worked through by a job, one
// statement a page. A court's order is entered at once where the book is ours, and passed to the registry of the district elsewhere.
package inquiry
