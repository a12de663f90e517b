// Package reconcile compares, a day later, what we booked with what the counterparts booked: the movements of trust accounts with the
// banks' statements, payments and refunds with those of the channels, our pages of the book with the registries' lists of entries
// (R-424, R-425, R-415; domain-detail: "reconcile by bank statement").
//
// In: our own books (trust, billing, register), the banks and registries over exchange, the channels' statements by the ferry. Out: a
// run a counterpart and day, with its differences; pages on which leaders and the banks' people explain or settle them. A difference
// never changes a book by itself: money that a bank booked and we did not is a matter for people, and a page of the book
// follows its registry only when somebody presses the button.
package reconcile
