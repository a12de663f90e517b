package land

import (
	"fmt"
	"strings"
)

// Area is an area in hundredths of a square metre, the precision of the register.
type Area int64

// MaxArea is the largest area that a person may enter: 9,999,999.99 square metres.
const MaxArea Area = 999_999_999

// The faults of an area.
type (
	// ErrAreaFormat says that the text is no area.
	ErrAreaFormat struct{ Text string }
	// ErrAreaTooFine says that the area has more than two decimals.
	ErrAreaTooFine struct{ Text string }
	// ErrAreaTooBig says that the area is above [MaxArea].
	ErrAreaTooBig struct{ Text string }
)

func (e ErrAreaFormat) Error() string  { return fmt.Sprintf("%q is not an area", e.Text) }
func (e ErrAreaTooFine) Error() string { return fmt.Sprintf("%q has more than two decimals", e.Text) }
func (e ErrAreaTooBig) Error() string {
	return fmt.Sprintf("%q is above %s square metres", e.Text, MaxArea)
}

// Sentence names the sentence that tells the person so.
func (e ErrAreaFormat) Sentence() (string, map[string]any) { return "err.area.format", nil }

// Sentence names the sentence that tells the person so.
func (e ErrAreaTooFine) Sentence() (string, map[string]any) { return "err.area.fine", nil }

// Sentence names the sentence that tells the person so.
func (e ErrAreaTooBig) Sentence() (string, map[string]any) {
	return "err.area.big", map[string]any{"max": MaxArea.String()}
}

// ParseArea reads an area in square metres, with or without its unit: 89.46, 89.46㎡, 89.46平方米.
// Errors: [ErrAreaFormat], [ErrAreaTooFine], [ErrAreaTooBig].
func ParseArea(s string) (Area, error) {
	text := compact(s)
	for _, unit := range []string{"平方米", "平米", "㎡", "m²", "m2", "M2"} {
		text = strings.TrimSuffix(text, unit)
	}
	n, err := parseDecimal(text, 2, int64(MaxArea))
	switch err {
	case errDecimalFormat:
		return 0, ErrAreaFormat{Text: s}
	case errDecimalFine:
		return 0, ErrAreaTooFine{Text: s}
	case errDecimalBig:
		return 0, ErrAreaTooBig{Text: s}
	}
	return Area(n), nil
}

// String writes the area in square metres with two decimals: "89.46".
func (a Area) String() string { return Fen(a).Plain() }
