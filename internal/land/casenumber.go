package land

import (
	"fmt"
	"regexp"
	"strings"
)

// CaseNumber is the number of a case or notice as people read it over the phone: two letters, the day, a serial of that day, and
// a check digit: TZ-261124-00412-6.
type CaseNumber string

// The faults of a case number.
type (
	// ErrCaseFormat says that the text is not formed as a case number.
	ErrCaseFormat struct{}
	// ErrCaseCheck says that the check digit does not fit: a digit is wrong, or two stand in the wrong order.
	ErrCaseCheck struct{}
)

func (ErrCaseFormat) Error() string { return "not a case number" }
func (ErrCaseCheck) Error() string  { return "case number fails its check digit" }

// Sentence names the sentence that tells the person so.
func (ErrCaseFormat) Sentence() (string, map[string]any) { return "err.case.format", nil }

// Sentence names the sentence that tells the person so.
func (ErrCaseCheck) Sentence() (string, map[string]any) { return "err.case.check", nil }

var casePattern = regexp.MustCompile(`^([A-Z]{2})(\d{6})(\d{5})(\d)$`)

// ParseCaseNumber reads a case number; hyphens may be missing, blanks, small and full-width letters are accepted.
// Errors: [ErrCaseFormat], [ErrCaseCheck].
func ParseCaseNumber(s string) (CaseNumber, error) {
	m := casePattern.FindStringSubmatch(strings.ToUpper(undash(compact(s))))
	if m == nil {
		return "", ErrCaseFormat{}
	}
	if _, err := ParseDate("20" + m[2]); err != nil {
		return "", ErrCaseFormat{}
	}
	if caseCheck(m[1], m[2]+m[3]) != m[4][0] {
		return "", ErrCaseCheck{}
	}
	return CaseNumber(strings.Join(m[1:], "-")), nil
}

// MakeCaseNumber builds the serial-th number of a day (0 to 99,999) under a prefix of two capital letters.
// Errors: [ErrCaseFormat], [ErrSerial].
func MakeCaseNumber(prefix string, day Date, serial int) (CaseNumber, error) {
	if serial < 0 || serial > 99_999 {
		return "", ErrSerial{Of: "case number", N: serial, Max: 99_999}
	}
	if !day.Valid() || len(prefix) != 2 {
		return "", ErrCaseFormat{}
	}
	digits := fmt.Sprintf("%s%05d", strings.ReplaceAll(string(day[2:]), "-", ""), serial)
	return ParseCaseNumber(prefix + digits + string(caseCheck(prefix, digits)))
}

// caseCheck returns the check digit by Damm's quasigroup of order 10, which finds every single wrong digit and every
// transposition of two neighbours. A digit, not a letter: letters are misheard. The prefix sets the start.
func caseCheck(prefix, digits string) byte {
	damm := [10]string{"0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
		"3674209581", "5869720134", "8945362017", "9438617205", "2581436790"}
	state := 0
	for i := range len(prefix) {
		state += int(prefix[i]-'A') + 1
	}
	state %= 10
	for i := range len(digits) {
		state = int(damm[state][digits[i]-'0'] - '0')
	}
	return byte('0' + state)
}
