package land

import (
	"fmt"
	"strings"
)

// CreditCode is the unified social credit code of an organisation, 18 characters (GB 32100).
type CreditCode string

// The faults of a credit code.
type (
	// ErrCreditLength says how many characters were given instead of 18.
	ErrCreditLength struct{ N int }
	// ErrCreditChars says which character the code may not hold: I, O, S, V and Z are left out of its alphabet.
	ErrCreditChars struct{ R rune }
	// ErrCreditCheck says that the last character does not fit the others.
	ErrCreditCheck struct{}
)

func (e ErrCreditLength) Error() string {
	return fmt.Sprintf("credit code has %d characters, not 18", e.N)
}
func (e ErrCreditChars) Error() string { return fmt.Sprintf("credit code contains %q", e.R) }
func (e ErrCreditCheck) Error() string { return "credit code fails its check character" }

// Sentence names the sentence that tells the person so.
func (e ErrCreditLength) Sentence() (string, map[string]any) {
	return "err.credit.length", map[string]any{"n": e.N}
}

// Sentence names the sentence that tells the person so.
func (e ErrCreditChars) Sentence() (string, map[string]any) {
	return "err.credit.chars", map[string]any{"c": string(e.R)}
}

// Sentence names the sentence that tells the person so.
func (e ErrCreditCheck) Sentence() (string, map[string]any) { return "err.credit.check", nil }

// creditAlphabet holds the characters of the code in the order of their values (GB 32100 annex A).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// ParseCreditCode reads a unified social credit code; blanks, full-width and small letters are accepted.
// Errors: [ErrCreditChars], [ErrCreditLength], [ErrCreditCheck].
func ParseCreditCode(s string) (CreditCode, error) {
	text := strings.ToUpper(undash(compact(s)))
	n := 0
	for _, r := range text {
		n++
		if !strings.ContainsRune(creditAlphabet, r) {
			return "", ErrCreditChars{R: r}
		}
	}
	if n != 18 {
		return "", ErrCreditLength{N: n}
	}
	if text[17] != creditCheck(text[:17]) {
		return "", ErrCreditCheck{}
	}
	return CreditCode(text), nil
}

// MakeCreditCode builds the code of the serial-th organisation (up to 8 digits) of a class ("91" enterprise, "12" public
// institution, "11" public body) registered in region, six digits. It serves synthetic data.
func MakeCreditCode(class, region string, serial int) (CreditCode, error) {
	if serial < 0 || serial > 99_999_999 {
		return "", ErrSerial{Of: "credit code", N: serial, Max: 99_999_999}
	}
	org := fmt.Sprintf("%08d", serial)
	body := class + region + org + string(orgCheck(org))
	if len(body) != 17 {
		return "", ErrCreditLength{N: len(body) + 1}
	}
	for _, r := range body {
		if !strings.ContainsRune(creditAlphabet, r) {
			return "", ErrCreditChars{R: r}
		}
	}
	return CreditCode(body + string(creditCheck(body))), nil
}

func creditCheck(body string) byte {
	sum, weight := 0, 1
	for i := range 17 {
		sum += weight * strings.IndexByte(creditAlphabet, body[i])
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

// orgCheck returns the check character of an organisation code of eight characters (GB 11714).
func orgCheck(body string) byte {
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		v := int(body[i] - '0')
		if body[i] >= 'A' {
			v = int(body[i]-'A') + 10
		}
		sum += w * v
	}
	return "0X987654321"[sum%11]
}
