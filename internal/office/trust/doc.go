// Package trust keeps the money of a deal until the book has changed (资金托管): a ledger in double entry for each agreement.
//
// In come the agreement, the bank's word of what arrived, and the moment to pay out or to give back. Out come instructions to the
// bank, in the agreed order, and statements. Every movement balances and no account passes its limit: constraints of the
// database see to that. What the bank tells twice counts once, by its voucher. All functions run in the caller's
// transaction with the agreement's row locked. Source: 建住房〔2006〕321号; the agreement itself.
package trust
