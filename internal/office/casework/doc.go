// Package casework is the office's desk: cases, their work orders, and everything that moves them.
//
// In come applications (open.go), decisions of people (desk.go), answers of other systems (run.go, settle.go), payments and
// replies of the parties (money.go, party.go), and time (limits.go, expire.go). Each takes the lock of its case,
// tells the flow engine in the same transaction, and the engine answers through host.go with the next work orders. Out go
// work orders for people, calls for package connect, papers, bills, notices, and a snapshot of progress for the hall.
//
// The code knows no item by name: what is asked, who reviews and in which order stands in catalog/.
package casework
