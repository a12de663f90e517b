package exchange

import (
	"errors"
	"fmt"
	"time"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
)

var (
	// ErrDesk says that the endpoint has no system: people do the work in our pages.
	ErrDesk = dialect.ErrDesk
	// ErrUnavailable says that the counterpart did not decide: the call is to be made again later, with the same key.
	// It is what errors.Is finds in an *Unavailable, a *BadAnswer and a *Rejected.
	ErrUnavailable = errors.New("counterpart unavailable")
	// ErrNoEndpoint says that no endpoint is configured for a counterpart and route.
	ErrNoEndpoint = errors.New("no endpoint configured")
	// ErrNotFound says that no endpoint has this id.
	ErrNotFound = errors.New("no such endpoint")
	// ErrStale says that the setting was changed by someone else since it was read.
	ErrStale = errors.New("endpoint was changed meanwhile")
)

// Refusal is a decision on the content of a message: sending the same again cannot change it. A handler of Receive
// returns one to refuse; Call returns one when the counterpart did.
type Refusal struct {
	Code    spec.Code // of the operation's x-refusals, or spec.CodeNotFound, spec.CodeWrongState
	Message string    // Chinese, free of personal data
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused: %s: %s", r.Code, r.Message) }

// Unavailable says why a counterpart could not be asked. Nobody knows whether a message that was sent has arrived.
type Unavailable struct {
	Endpoint string    // name
	Reason   string    // switched-off, circuit-open, quiet-hours, limited, or a dialect.Kind
	Since    time.Time // of an open circuit
	Err      error
}

func (u *Unavailable) Error() string {
	return fmt.Sprintf("%s unavailable (%s): %v", u.Endpoint, u.Reason, u.Err)
}

// Is makes the error an ErrUnavailable.
func (u *Unavailable) Is(target error) bool { return target == ErrUnavailable }

// Unwrap gives the cause.
func (u *Unavailable) Unwrap() error { return u.Err }

// The reasons of an Unavailable that have nothing to do with a sending.
const (
	ReasonSwitchedOff = "switched-off"
	ReasonCircuitOpen = "circuit-open"
	ReasonQuiet       = "quiet-hours" // of the endpoint: it is called again when they are over
	ReasonLimited     = "limited"     // the rate or concurrency limit left no room before the context ended
)

// BadAnswer is an answer that must not be believed: not signed by the counterpart, altered, too big, or not what the specification
// says. Nothing of it has been used.
type BadAnswer struct {
	Endpoint string
	Code     spec.Code // bad-signature, altered, schema, too-big, header …
	Err      error
}

func (b *BadAnswer) Error() string {
	return fmt.Sprintf("bad answer of %s (%s): %v", b.Endpoint, b.Code, b.Err)
}

// Is makes the error an ErrUnavailable: the counterpart has not decided.
func (b *BadAnswer) Is(target error) bool { return target == ErrUnavailable }

// Unwrap gives the cause.
func (b *BadAnswer) Unwrap() error { return b.Err }

// Rejected is a message that the counterpart would not take in: keys, clock, grants or specifications of the two sides
// differ. It is no decision on the content; a technician has to look.
type Rejected struct {
	Endpoint string
	Fault    *spec.Fault
}

func (r *Rejected) Error() string { return fmt.Sprintf("rejected by %s: %v", r.Endpoint, r.Fault) }

// Is makes the error an ErrUnavailable: the counterpart has not decided.
func (r *Rejected) Is(target error) bool { return target == ErrUnavailable }

// Unwrap gives the fault.
func (r *Rejected) Unwrap() error { return r.Fault }
