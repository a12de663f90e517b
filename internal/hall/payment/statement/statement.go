// Package statement holds what the daily statements (对账单) of all payment channels have in common.
//
// In come files as a channel hands them out: packed, of any size, maybe altered or meant to burst. Out go lines that were
// checked as a whole, so that either all of a day is used or nothing. How a file is asked for and what its columns are, each
// channel knows in its own folder.
package statement

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/land"
)

// Line is one movement of money by the channel's book.
type Line struct {
	Refund    bool   // money that went back; else a payment
	Order     string // the merchant's number of the order
	Number    string // the merchant's number of the refund; of a payment that of the order
	Reference string // the channel's number of the payment or, where it has one, of the refund
	Amount    land.Fen
	At        time.Time
}

var (
	// ErrNotReady says that the channel is still making the statement.
	ErrNotReady = errors.New("statement: not made yet")
	// ErrNone says that the channel has no file of the day. It says so before the file is made, and of days without payments.
	ErrNone = errors.New("statement: no file of this day")
	// ErrBad is a statement that cannot be used: altered, cut off, of another merchant, or not adding up.
	ErrBad = errors.New("statement: cannot be used")
)

// Bad is ErrBad with what is wrong.
func Bad(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrBad, fmt.Errorf(format, args...))
}

var yuan = regexp.MustCompile(`^-?[0-9]{1,13}\.[0-9]{2}$`)

// Yuan reads an amount as statements write them, "-12800.50", exactly.
func Yuan(text string) (land.Fen, error) {
	if !yuan.MatchString(text) {
		return 0, Bad("amount %q", text)
	}
	n, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		return 0, Bad("amount %q", text)
	}
	return land.Fen(n), nil
}

// Columns finds the named columns in a heading, in the order of names.
func Columns(heading []string, names ...string) ([]int, error) {
	at := make([]int, len(names))
	for i, name := range names {
		at[i] = -1
		for k, h := range heading {
			if strings.TrimSpace(h) == name && at[i] >= 0 {
				return nil, Bad("column %s stands twice", name)
			} else if strings.TrimSpace(h) == name {
				at[i] = k
			}
		}
		if at[i] < 0 {
			return nil, Bad("no column %s", name)
		}
	}
	return at, nil
}

// Check looks at all lines together: each is complete, positive, and there once.
func Check(lines []Line) error {
	seen := map[string]bool{}
	for n, l := range lines {
		key := strconv.FormatBool(l.Refund) + " " + l.Reference + " " + l.Number
		switch {
		case l.Amount <= 0:
			return Bad("line %d moves nothing", n+1)
		case l.Order == "" || l.Number == "" || l.Reference == "" || l.At.IsZero():
			return Bad("line %d is not complete", n+1)
		case seen[key]:
			return Bad("line %d stands twice", n+1)
		}
		seen[key] = true
	}
	return nil
}

// InDay is Check for channels whose day ends at midnight.
func InDay(lines []Line, day land.Date) error {
	for n, l := range lines {
		if land.DateOf(l.At) != day {
			return Bad("line %d is of %s", n+1, land.DateOf(l.At))
		}
	}
	return Check(lines)
}

// Sum adds the payments and the refunds up.
func Sum(lines []Line) (payments, refunds int, paid, back land.Fen) {
	for _, l := range lines {
		if l.Refund {
			refunds, back = refunds+1, back+l.Amount
		} else {
			payments, paid = payments+1, paid+l.Amount
		}
	}
	return payments, refunds, paid, back
}
