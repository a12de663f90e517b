// Package dialect says what a dialect is: one way of carrying an operation of the interface to a counterpart.
//
// In: the line to the counterpart and a message as the specification has it. Out: the answer as the specification has it, a
// *spec.Fault by which the counterpart verifiably refused, a *Failure, or ErrDesk. Each dialect is a folder beside
// this file; retries, limits and the log are exchange's.
package dialect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/folder"
)

// ErrDesk says that there is no system to call: people do the work in our pages.
var ErrDesk = errors.New("no system: the work is done by people")

// Line is the way to one counterpart.
type Line struct {
	// Certificate is the fingerprint of the only TLS certificate that the counterpart may show; "" for any that our authorities vouch for.
	Certificate string
	BaseURL     string
	District    string         // county code that it serves; "" for the whole city
	Folder      folder.Address // where its files lie; zero: there are none
	Self        spec.Identity  // whom we sign as
	Peer        spec.Verifier  // whose signature the answer must carry
}

// Message is one operation to send. Each sending is a new request with the same MessageID.
type Message struct {
	Info      spec.Info
	MessageID string
	Body      []byte // JSON as the specification says
	MaxAnswer int64  // bytes
	// Attachment gives the content of a file that Body names by its digest, for a dialect that sends files along instead of
	// letting the counterpart fetch them.
	Attachment func(ctx context.Context, digest string) ([]byte, error)
}

// Answer is what the counterpart answered, verified to be its own.
type Answer struct {
	Status int
	Body   []byte // JSON as the specification says, not yet validated
}

// Needs says what of an endpoint's setting a dialect cannot do without.
type Needs struct {
	Keys    bool // ours and the counterpart's, and both application ids
	Address bool // of http or https
	Folder  bool // of files that both sides reach
}

// Dialect carries messages. It is safe for concurrent use, and gives up when ctx ends.
type Dialect interface {
	// Name is what an endpoint's setting says, e.g. "unified".
	Name() string
	// Needs says what its endpoints must have set. One without keys has no system: people do the work.
	Needs() Needs
	// Send sends the message once.
	Send(ctx context.Context, line Line, m Message) (Answer, error)
}

// Porter is a dialect whose messages come to the partner listener at paths of its own.
type Porter interface {
	// Takes tells whether the path is the dialect's.
	Takes(path string) bool
	// Letter reads a request to such a path.
	Letter(w http.ResponseWriter, r *http.Request) spec.Letter
}

// Describer is a dialect that describes its port to whoever asks there.
type Describer interface {
	// Describe answers a request for the description, and tells whether it was one.
	Describe(w http.ResponseWriter, r *http.Request) bool
}

// Fetcher is a dialect whose counterparts do not call: their messages are fetched where they left them.
type Fetcher interface {
	// Fetch looks once for messages of the counterpart and gives each to take, one after the other. It is called again and
	// again; the messages that take has answered are not given again.
	Fetch(ctx context.Context, line Line, take func(context.Context, spec.Letter)) error
}

// Kind says how a sending failed.
type Kind string

// The ways in which a sending fails without a word of the counterpart that could be trusted.
const (
	Unreachable Kind = "unreachable" // no connection, or it broke
	TimedOut    Kind = "timed-out"   // no complete answer in time
	Busy        Kind = "busy"        // told to come later
	BadAnswer   Kind = "bad-answer"  // not signed by the counterpart, altered, too big, or not what the specification says
)

// Failure is a sending of which nobody knows what became: the message may have arrived.
type Failure struct {
	Kind       Kind
	Status     int           // HTTP status, where there was one
	Code       spec.Code     // what is wrong with a bad answer
	RetryAfter time.Duration // with Busy, where told
	Err        error
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("%s (status %d)", f.Kind, f.Status)
	}
	return fmt.Sprintf("%s (status %d): %v", f.Kind, f.Status, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }
