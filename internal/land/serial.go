package land

import "fmt"

// ErrSerial says that a serial number does not fit its place: the year's or day's numbers are used up.
type ErrSerial struct {
	Of  string // what was to be numbered
	N   int
	Max int
}

func (e ErrSerial) Error() string {
	return fmt.Sprintf("serial %d of %s is outside 0 to %d", e.N, e.Of, e.Max)
}

// Sentence names the sentence that tells the person so.
func (e ErrSerial) Sentence() (string, map[string]any) { return "err.serial", nil }
