package casework

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// States of a case.
const (
	Running   = "running"
	Done      = "done"
	Withdrawn = "withdrawn"
	Refused   = "refused"
	Lapsed    = "lapsed"
)

// Case is an application in the office.
type Case struct {
	ID          uuid.UUID
	No          land.CaseNumber
	Item        string
	ItemVersion int
	ItemName    string
	District    string
	Unit        land.UnitCode
	Address     string
	People      string // masked
	Channel     message.Channel
	State       string
	Stage       int
	StageAt     []time.Time
	OpenedAt    time.Time
	AcceptedAt  *time.Time
	PromisedBy  *time.Time
	PausedAt    *time.Time
	ClosedAt    *time.Time
	Version     int
	App         message.Application
	Facts       Facts
}

// over tells whether the case has ended, or is on its way to an early end: refused, lapsed or withdrawn.
func (c *Case) over() bool { return c.State != Running || c.Facts.WhyClosed != "" }

// Kinds of work order.
const (
	Person = "person" // somebody decides
	System = "system" // another system answers
	Wait   = "wait"   // a party or an event ends it
)

// Order is a work order: one open work of the flow.
type Order struct {
	ID           uuid.UUID
	Case         uuid.UUID
	Node         string
	Name         string
	Kind         string
	Department   string
	Role         string
	Org          string
	Operation    string
	Form         string
	District     string
	Item         string
	Element      json.RawMessage
	Attr         map[string]string
	State        string
	Assignee     *uuid.UUID
	AssigneeName string
	ClaimedAt    *time.Time
	OpenedAt     time.Time
	DueAt        *time.Time
	Escalated    int
	SentAt       *time.Time
	Attempts     int
	Trouble      string
	Said         string // what the counterpart gave as its reason
	ClosedAt     *time.Time
	ClosedBy     string
	Outcome      string
	Opinion      string
}

// Check is one automatic comparison of the application with a source.
type Check struct {
	Code   string
	Name   string
	Result string // pass | warn | fail
	Form   string // what the form says, masked
	Source string // what the source says, masked
	Origin string
	At     time.Time
}

// Event is a line of a case's history.
type Event struct {
	At     time.Time
	Text   string
	Actor  string
	Public bool
}

// Errors that the pages turn into sentences.
var (
	ErrNoCase     = errors.New("casework: no such case")
	ErrNoOrder    = errors.New("casework: no such work order")
	ErrNotOpen    = errors.New("casework: work order is no longer open")
	ErrNotYours   = errors.New("casework: work order is somebody else's")
	ErrSamePerson = errors.New("casework: the second review must be another person's")
	ErrOutcome    = errors.New("casework: that outcome is not offered here")
)

// ErrHeld says who holds the work order and since when.
type ErrHeld struct {
	By    string
	Since time.Time
}

func (e ErrHeld) Error() string { return "casework: work order is held by a colleague" }
