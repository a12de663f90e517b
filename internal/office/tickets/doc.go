// Package tickets is the queue of a hall: the machine that reads identity cards and prints tickets, the board that calls
// them, and the strip at the counters.
//
// In come cards, codes of bookings and clicks of clerks; out go tickets in two series, A for who booked a time and B for who
// walked in, each called once, to one counter. A ticket of a booking leads to its case. The rules are in slot.go (when a
// booking counts) and call.go (who is next); nothing of a person is shown but a masked name.
package tickets
