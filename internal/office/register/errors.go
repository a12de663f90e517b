package register

import (
	"errors"
	"strings"
)

// ErrNoMatch is the one answer of the exact query to every cause: no such certificate, another name, another document, a
// certificate that is history.
var ErrNoMatch = errors.New("register: nothing matches")

// What the book refuses. A [Refusal] is each of its causes for errors.Is.
var (
	ErrNoUnit       = errors.New("register: no such unit")
	ErrNoTitle      = errors.New("register: nobody owns the unit")
	ErrTitleChanged = errors.New("register: the title is not the one that the case was reviewed on")
	ErrSeized       = errors.New("register: the unit is seized")
	ErrObjected     = errors.New("register: an objection is entered and was not acknowledged")
	ErrNoticed      = errors.New("register: an advance notice runs and its holder has not consented")
	ErrRestricted   = errors.New("register: a mortgage forbids transfer and its holder has not consented")
	ErrMortgaged    = errors.New("register: the unit is mortgaged")
	ErrReserved     = errors.New("register: another case has reserved the unit")
	ErrNotHolder    = errors.New("register: not the holder of the unit")
	ErrCoOwner      = errors.New("register: a co-owner who must act is missing")
	ErrUnpaid       = errors.New("register: the tax is not paid")                         // Deed Tax Law 11, R-011
	ErrUnconfirmed  = errors.New("register: the transaction is not confirmed by housing")
	ErrUnapproved   = errors.New("register: the reviews have not approved the entry")
)

// What is wrong with an order or application itself.
var (
	ErrEmpty          = errors.New("register: nothing to enter")
	ErrShares         = errors.New("register: shares do not make up the whole")
	ErrMortgage       = errors.New("register: claim and term of a mortgage must be given")
	ErrNoMortgage     = errors.New("register: no such mortgage on the unit")
	ErrNoSeizure      = errors.New("register: no such seizure in force or waiting on the unit")
	ErrNoObjection    = errors.New("register: no such objection in force on the unit")
	ErrNoAdvance      = errors.New("register: no such advance notice in force on the unit")
	ErrTerm           = errors.New("register: a seizure lasts from 1 to 36 months")
	ErrTermOver       = errors.New("register: a renewal must be served before the seizure ends")
	ErrServedLater    = errors.New("register: an order cannot be served after now")
	ErrOtherCourt     = errors.New("register: only the court that ordered it, or one above it, lifts or renews a seizure")
	ErrObjectedBefore = errors.New("register: the same person objected on the same ground before") // Rules 84
	ErrStale          = errors.New("register: the report is older than what the book has")
)

// Refusal says why the book does not let a disposal pass: all causes at once.
type Refusal struct{ Obstacles []Obstacle }

func (e *Refusal) Error() string {
	codes := make([]string, len(e.Obstacles))
	for i, o := range e.Obstacles {
		codes[i] = string(o.Code)
	}
	return "register: refused: " + strings.Join(codes, ", ")
}

// Unwrap gives the errors that the obstacles stand for.
func (e *Refusal) Unwrap() []error {
	var out []error
	for _, o := range e.Obstacles {
		if err := o.Code.err(); err != nil {
			out = append(out, err)
		}
	}
	return out
}
