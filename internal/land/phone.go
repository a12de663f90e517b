package land

import (
	"fmt"
	"strings"
)

// The faults of a mobile number.
type (
	// ErrPhoneLength says how many digits were given instead of 11.
	ErrPhoneLength struct{ N int }
	// ErrPhoneFormat says that the text is no mobile number of the mainland.
	ErrPhoneFormat struct{}
)

func (e ErrPhoneLength) Error() string {
	return fmt.Sprintf("mobile number has %d digits, not 11", e.N)
}
func (e ErrPhoneFormat) Error() string { return "not a mobile number" }

// Sentence names the sentence that tells the person so.
func (e ErrPhoneLength) Sentence() (string, map[string]any) {
	return "err.phone.length", map[string]any{"n": e.N}
}

// Sentence names the sentence that tells the person so.
func (e ErrPhoneFormat) Sentence() (string, map[string]any) { return "err.phone.format", nil }

// ParsePhone reads a mobile number of the mainland; +86, blanks and hyphens are accepted. It returns 11 digits.
// Errors: [ErrPhoneLength], [ErrPhoneFormat].
func ParsePhone(s string) (string, error) {
	text := undash(compact(s))
	for _, prefix := range []string{"+86", "0086", "86"} {
		if rest, ok := strings.CutPrefix(text, prefix); ok && len(rest) >= 11 {
			text = rest
			break
		}
	}
	if !allDigits(text) {
		return "", ErrPhoneFormat{}
	}
	if len(text) != 11 {
		return "", ErrPhoneLength{N: len(text)}
	}
	if text[0] != '1' || text[1] < '3' {
		return "", ErrPhoneFormat{}
	}
	return text, nil
}
