// Package billing keeps bills: what one payer owes for a case, line by line, and what came for it.
//
// In come lines that others computed (taxes as assessed, fees by the catalog, the down payment into trust) and the word of a
// payment channel that money was paid, which may come twice, late, or with a wrong amount. Out come bills, one outcome for each
// payment, and refunds of every payment that cannot be kept: each fen is either kept against a bill or on its way back.
// All functions run in the caller's transaction with the bill's row locked.
package billing
