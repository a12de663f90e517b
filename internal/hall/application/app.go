package application

import (
	"net/url"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// State says how far an application is in the hall.
type State string

// The states. Drafting and Refused may be changed by their owner; what was Submitted is the office's.
const (
	Drafting   State = "draft"
	Confirming State = "confirming"
	Submitted  State = "submitted"
	Refused    State = "refused" // a party did not agree; the owner may change it and send it again
	Withdrawn  State = "withdrawn"
	Expired    State = "expired" // erased: nobody came back to it, or its owner gave it up
)

// App is an application as the hall keeps it.
type App struct {
	ID          uuid.UUID
	No          string // CG-…, until the office gives a case number
	Item        string // catalog code
	ItemVersion int
	Owner       uuid.UUID // account of who started it
	State       State
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	SentAt      *time.Time // to the other parties
	ConfirmBy   *time.Time
	SubmittedAt *time.Time
	Draft
}

// Draft is the form, and what is of use only while it is being filled in. It is kept sealed.
type Draft struct {
	Form   message.Application   `json:"form"`
	CoOwn  land.CoOwn            `json:"coOwn,omitempty"`  // how the buyers will hold
	HomeOK bool                  `json:"homeOK,omitempty"` // the owner said that this is the home
	Typed  map[string]url.Values `json:"typed,omitempty"`  // by section: typed, not yet accepted
	Saved  map[string]Saved      `json:"saved,omitempty"`  // by section
	Asked  map[string]Asked      `json:"asked,omitempty"`  // questions under way, by kind
	From   map[string]Source     `json:"from,omitempty"`   // by field: where a value came from
	Failed map[string]string     `json:"failed,omitempty"` // by kind of question: "none" or "silent", until it is asked again
	Shared Shared                `json:"shared"`

	Imported []message.Party `json:"imported,omitempty"` // parties as the imported contract names them
	Stop     *Stop           `json:"stop,omitempty"`     // why it came back to its owner
}

// Saved is the last time that a section was accepted. Rev counts, so that a second window is noticed.
type Saved struct {
	Rev int       `json:"rev"`
	At  time.Time `json:"at"`
}

// Asked is a question to the office that has no answer yet.
type Asked struct {
	ID  uuid.UUID `json:"id"`
	At  time.Time `json:"at"`
	For string    `json:"for,omitempty"` // digest of what was asked about: an answer to something else is dropped
}

// Source says where a value came from, and when.
type Source struct {
	Who string    `json:"who"` // 民政
	At  time.Time `json:"at"`
}

// Shared is what departments said about the parties.
type Shared struct {
	For     string    `json:"for,omitempty"` // digest of the persons asked about
	At      time.Time `json:"at,omitzero"`
	Missing []string  `json:"missing,omitempty"`
	Silent  bool      `json:"silent,omitempty"`
}

// Stop says why an application came back to its owner: a party refused, or did not answer in time.
type Stop struct {
	Who    string    `json:"who,omitempty"` // full name; "" when time ran out
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Open reports whether the owner may still change the form.
func (a *App) Open() bool { return a.State == Drafting || a.State == Refused }

// source returns where a field's value came from, as pages show it: 民政 · 11-24 10:31.
func (a *App) source(field string) string {
	s, ok := a.From[field]
	if !ok {
		return ""
	}
	return s.Who + " · " + stamp(s.At)
}

// stamp is a moment in a list.
func stamp(t time.Time) string { return t.Format("01-02 15:04") }

func (d *Draft) cameFrom(field, who string, at time.Time) {
	if d.From == nil {
		d.From = map[string]Source{}
	}
	d.From[field] = Source{who, at}
}

// forget drops what is known about where the fields under a prefix came from.
func (d *Draft) forget(prefix string) {
	for k := range d.From {
		if len(k) >= len(prefix) && k[:len(prefix)] == prefix {
			delete(d.From, k)
		}
	}
}

// accept marks a section as saved.
func (d *Draft) accept(section string, at time.Time) {
	if d.Saved == nil {
		d.Saved = map[string]Saved{}
	}
	d.Saved[section] = Saved{Rev: d.Saved[section].Rev + 1, At: at}
	delete(d.Typed, section)
}

// reopen makes a section unfinished again, because what it stood on has changed.
func (d *Draft) reopen(sections ...string) {
	for _, s := range sections {
		if old, ok := d.Saved[s]; ok {
			d.Saved[s] = Saved{Rev: old.Rev + 1}
		}
		delete(d.Typed, s)
	}
}

// isSaved reports whether a section was accepted and nothing has undone it.
func (d *Draft) isSaved(section string) bool { return !d.Saved[section].At.IsZero() }

func (d *Draft) keep(section string, v url.Values) {
	if d.Typed == nil {
		d.Typed = map[string]url.Values{}
	}
	d.Typed[section] = v
}
