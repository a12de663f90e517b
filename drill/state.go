package main

// state is what the drill finds in the city when it has come to rest. Checks are functions of it alone, so that each can be shown
// a city in which something went wrong.
type state struct {
	Sent         []string // applications whose people were told that they are sent
	Apps         []app
	Views        []view
	Cases        []kase
	Orders       []order // those that are open
	Jobs         []job   // those that have not succeeded
	Post         []post  // of both directions
	Reservations []reservation
	Agreements   []agreement
	Movements    []movement
	Vaults       []vault
	Bills        []bill
	Payments     []payment
	Told         []told
	Collected    []collected
	Pages        []page
	Papers       []paper
	Filings      []filing
	Chains       []chain
	Failed       []string // pages that answered 500 while nothing was being killed, and parts that did not come back
	Restless     []string // what was still in motion when the drill gave up waiting
}

// app is an application in the hall.
type app struct{ ID, State string }

// view is what the hall shows of a case.
type view struct {
	App, No, State string
	Seq            int64
}

// kase is a case in the office. Opened counts the applied messages that opened it.
type kase struct {
	ID, No, State, Unit, District string
	Seq                           int64
	Opened                        int
}

// order is an open work order.
type order struct {
	ID, CaseNo, Node, Name, Kind, Department, Role, Operation, Message, Bill string
	Sent, Job                                                                bool // the other system took it; a job will try again
	Outside                                                                  string
}

// What the other system knows of an order that it took: Outside is one of these.
const (
	unknown  = ""         // it never heard of it, or has no memory
	deciding = "deciding" // its people work at it
	decided  = "decided"  // it has answered
)

// job is a queued job that has neither succeeded nor is waiting for its time.
type job struct{ Zone, ID, Kind, State, Error string }

// post is one direction of the ferry.
type post struct {
	From    string
	Out, In []letter
}

// letter is a message as one side has it. Order counts applied messages of a case that were applied after a later one.
type letter struct {
	Seq                           int64
	ID, Type, Case, State, Reason string
	Overtaken                     bool
}

// reservation keeps a unit for a case.
type reservation struct{ Unit, Case, CaseState string }

// agreement is money in trust as our ledger has it, in fen.
type agreement struct {
	Number, CaseNo, CaseState, State string
	Held, In, Out                    int64
	Others                           int64 // what payers and payees together have put in: the other side of the same money
}

// movement is one booking: the sum of its postings, and how much it changed what is held.
type movement struct {
	No        int64
	Agreement string
	Reference string
	Postings  int
	Sum, Held int64
}

// vault is a trust account as the bank has it.
type vault struct {
	Agreement string
	Balance   int64
	Entries   []entry
}

// entry is a movement at the bank; money that leaves is negative.
type entry struct {
	Voucher string
	Amount  int64
}

// bill is what somebody owes or owed.
type bill struct {
	ID, CaseNo, Kind, State string
	Total                   int64
}

// payment is money that came for a bill, as the office booked it, and what went back of it.
type payment struct {
	Bill, Kind, Channel, Reference, Outcome string
	Amount, Refunded                        int64
	RefundDone                              bool
}

// told is a payment as the hall heard of it.
type told struct {
	Channel, Reference string
	Amount             int64
}

// collected is a paid order as the channel has it.
type collected struct {
	Channel, Reference string
	Amount, Refunded   int64
}

// page is what two registers say of a unit.
type page struct {
	Unit, CaseNo string
	Ours, Theirs entries
}

// entries of a page, each in words that both registers write alike, sorted.
type entries struct {
	Holders, Mortgages, Seizures []string
}

// paper is an issued document: as the office has it, as the hall has it, and what its page of verification says.
type paper struct {
	Code, Number, State, Digest string
	HallState, HallDigest       string
	Shown                       string
}

// filing is a contract that a housing bureau filed for a case. Revoked tells whether that was taken back, or is being.
type filing struct {
	CaseNo, CaseState string
	Number            string
	Revoked           bool
}

// chain is an audit record.
type chain struct {
	Zone    string
	Broken  string // why, empty when whole
	Pending int
	Links   int
}
