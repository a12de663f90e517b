package flow

import (
	"errors"
	"fmt"
	"strings"
)

// What a step may refuse. A refused event changes nothing.
var (
	// ErrNoSuchWork: the work was never opened, or is finished, or was cancelled. Who comes second gets this.
	ErrNoSuchWork = errors.New("flow: no such open work")
	// ErrNoSuchTimer: the timer fired before, or was cancelled.
	ErrNoSuchTimer = errors.New("flow: no such timer")
	// ErrNoCatch: nothing in the instance waits for this message now.
	ErrNoCatch = errors.New("flow: nobody waits for this message")
	// ErrUncaught: the definition has no handler for this error code.
	ErrUncaught = errors.New("flow: nobody catches this error")
	// ErrNotStarted and ErrStarted: a start comes once, first.
	ErrNotStarted = errors.New("flow: instance is not started")
	ErrStarted    = errors.New("flow: instance is started already")
	// ErrEnded: the instance is over.
	ErrEnded = errors.New("flow: instance has ended")
	// ErrNoStart: the process cannot be started by this message.
	ErrNoStart = errors.New("flow: process has no such start")
	// ErrEvent: the event is of no known kind.
	ErrEvent = errors.New("flow: unknown kind of event")
	// ErrRunaway: the drawing loops without ever waiting.
	ErrRunaway = errors.New("flow: flow moves without end")
	// ErrNoSuchInstance: no instance has this id.
	ErrNoSuchInstance = errors.New("flow: no such instance")
	// ErrNoSuchProcess: no definition of this process, or of the version an instance runs on, is published.
	ErrNoSuchProcess = errors.New("flow: no such process")
)

// DataError refuses data that the definition does not declare at that place, or that has another type.
type DataError struct {
	Name string
	Want DataType // empty: the name is not declared
}

func (e *DataError) Error() string {
	if e.Want == "" {
		return fmt.Sprintf("flow: data %q is not declared", e.Name)
	}
	return fmt.Sprintf("flow: data %q must be %s", e.Name, e.Want)
}

// OutcomeError refuses a completion whose outcome the task does not have.
type OutcomeError struct {
	Node, Got string
	Want      []string
}

func (e *OutcomeError) Error() string {
	return fmt.Sprintf("flow: %s ended with outcome %q, want one of %s", e.Node, e.Got, strings.Join(e.Want, ", "))
}

// ExpressionError is an expression that failed on the data of the instance.
type ExpressionError struct {
	Element, Source string
	Err             error
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("flow: expression %q of %s: %v", e.Source, e.Element, e.Err)
}

// Unwrap gives the failure of the expression itself.
func (e *ExpressionError) Unwrap() error { return e.Err }
