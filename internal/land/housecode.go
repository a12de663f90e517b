package land

import (
	"fmt"
	"strings"
)

// HouseCode identifies a house through its whole life and is never used again: region (6), geography (6: zone and sub-zone),
// survey agency (4), serial (7), a hyphen and a check character (ISO 7064 MOD 37,36).
type HouseCode string

// The faults of a house code.
type (
	// ErrHouseFormat says that the text is not formed as a house code.
	ErrHouseFormat struct{}
	// ErrHouseCheck says that the check character does not fit the others.
	ErrHouseCheck struct{}
)

func (ErrHouseFormat) Error() string { return "not a house code" }
func (ErrHouseCheck) Error() string  { return "house code fails its check character" }

// Sentence names the sentence that tells the person so.
func (ErrHouseFormat) Sentence() (string, map[string]any) { return "err.house.format", nil }

// Sentence names the sentence that tells the person so.
func (ErrHouseCheck) Sentence() (string, map[string]any) { return "err.house.check", nil }

// ParseHouseCode reads a house code; blanks, a missing hyphen, small and full-width letters are accepted.
// Errors: [ErrHouseFormat], [ErrHouseCheck].
func ParseHouseCode(s string) (HouseCode, error) {
	text := strings.ToUpper(undash(compact(s)))
	if len(text) != 24 || !upper36(text) || !allDigits(text[:12]) || !allDigits(text[16:23]) {
		return "", ErrHouseFormat{}
	}
	if text[23] != check3736(text[:23]) {
		return "", ErrHouseCheck{}
	}
	return HouseCode(text[:23] + "-" + text[23:]), nil
}

// MakeHouseCode builds the code of the serial-th house (up to 7 digits) that agency (four of 0–9A–Z) surveyed in a zone
// (six digits) of a region (six digits). Errors: [ErrHouseFormat], [ErrSerial].
func MakeHouseCode(region, zone, agency string, serial int) (HouseCode, error) {
	if serial < 0 || serial > 9_999_999 {
		return "", ErrSerial{Of: "house code", N: serial, Max: 9_999_999}
	}
	if len(region) != 6 || len(zone) != 6 || len(agency) != 4 || !allDigits(region+zone) || !upper36(agency) {
		return "", ErrHouseFormat{}
	}
	body := fmt.Sprintf("%s%s%s%07d", region, zone, agency, serial)
	return HouseCode(body + "-" + string(check3736(body))), nil
}

// check3736 returns the check character of a text of digits and capital letters by ISO 7064 MOD 37,36, which
// finds every single wrong character and nearly every transposition of two.
func check3736(body string) byte {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	p := 36
	for i := range len(body) {
		p = (p + strings.IndexByte(alphabet, body[i])) % 36
		if p == 0 {
			p = 36
		}
		p = p * 2 % 37
	}
	return alphabet[(37-p)%36]
}

// Region returns the code of the district, six digits.
func (h HouseCode) Region() string {
	if len(h) < 6 {
		return ""
	}
	return string(h[:6])
}
