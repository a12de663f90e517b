package land

import (
	"fmt"
	"strings"
)

// IDNumber is a citizen identity number of 18 characters with a capital X (GB 11643).
type IDNumber string

// The faults of an identity number, from the outside in: its length, its characters, its region, its
// birthday, its check character.
type (
	// ErrIDLength says how many characters were given instead of 18.
	ErrIDLength struct{ N int }
	// ErrIDChars says which character does not belong into an identity number.
	ErrIDChars struct{ R rune }
	// ErrIDRegion says that no province has this code.
	ErrIDRegion struct{ Code string }
	// ErrIDDate says that the birthday in the number does not exist, lies ahead, or is over 150 years ago.
	ErrIDDate struct{ Date string }
	// ErrIDCheck says that the last character does not fit the others: one of them is mistyped.
	ErrIDCheck struct{}
)

func (e ErrIDLength) Error() string {
	return fmt.Sprintf("identity number has %d characters, not 18", e.N)
}
func (e ErrIDChars) Error() string { return fmt.Sprintf("identity number contains %q", e.R) }
func (e ErrIDRegion) Error() string {
	return fmt.Sprintf("identity number has unknown region %s", e.Code)
}
func (e ErrIDDate) Error() string {
	return fmt.Sprintf("identity number has impossible birthday %s", e.Date)
}
func (e ErrIDCheck) Error() string { return "identity number fails its check character" }

// Sentence names the sentence that tells the person so.
func (e ErrIDLength) Sentence() (string, map[string]any) {
	return "err.idno.length", map[string]any{"n": e.N}
}

// Sentence names the sentence that tells the person so.
func (e ErrIDChars) Sentence() (string, map[string]any) {
	return "err.idno.chars", map[string]any{"c": string(e.R)}
}

// Sentence names the sentence that tells the person so.
func (e ErrIDRegion) Sentence() (string, map[string]any) {
	return "err.idno.region", map[string]any{"code": e.Code}
}

// Sentence names the sentence that tells the person so.
func (e ErrIDDate) Sentence() (string, map[string]any) {
	return "err.idno.date", map[string]any{"date": e.Date}
}

// Sentence names the sentence that tells the person so.
func (e ErrIDCheck) Sentence() (string, map[string]any) { return "err.idno.check", nil }

// provinces are the first two digits in use (GB/T 2260), with 83 for residents from Taiwan.
const provinces = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 "

// oldest is the greatest age in years that an identity number may state.
const oldest = 150

// ParseIDNumber reads an identity number; blanks, full-width digits and a small x are accepted. today bounds
// the birthday. Errors: [ErrIDChars], [ErrIDLength], [ErrIDRegion], [ErrIDDate], [ErrIDCheck].
func ParseIDNumber(s string, today Date) (IDNumber, error) {
	text := strings.ToUpper(compact(s))
	n := 0
	for _, r := range text {
		n++
		if (r < '0' || r > '9') && (r != 'X' || n != 18) {
			return "", ErrIDChars{R: r}
		}
	}
	if n != 18 {
		return "", ErrIDLength{N: n}
	}
	if !strings.Contains(provinces, " "+text[:2]+" ") {
		return "", ErrIDRegion{Code: text[:6]}
	}
	birth, err := ParseDate(text[6:14])
	if err != nil || birth > today || birth < today.AddYears(-oldest) {
		return "", ErrIDDate{Date: text[6:10] + "-" + text[10:12] + "-" + text[12:14]}
	}
	if text[17] != idCheck(text[:17]) {
		return "", ErrIDCheck{}
	}
	return IDNumber(text), nil
}

// MakeIDNumber builds the identity number of the person who is seq-th (0–999, odd for men) in the registers of
// region, six digits, on the day of birth. It serves synthetic data.
func MakeIDNumber(region string, birth Date, seq int) (IDNumber, error) {
	if len(region) != 6 || !allDigits(region) || !strings.Contains(provinces, " "+region[:2]+" ") {
		return "", ErrIDRegion{Code: region}
	}
	if !birth.Valid() {
		return "", ErrIDDate{Date: string(birth)}
	}
	if seq < 0 || seq > 999 {
		return "", ErrSerial{Of: "identity number", N: seq, Max: 999}
	}
	body := fmt.Sprintf("%s%s%03d", region, strings.ReplaceAll(string(birth), "-", ""), seq)
	return IDNumber(body + string(idCheck(body))), nil
}

// idCheck returns the check character of 17 digits (ISO 7064 MOD 11-2).
func idCheck(body string) byte {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(body[i]-'0')
	}
	return "10X98765432"[sum%11]
}

// Birthday returns the day of birth that the number states.
func (id IDNumber) Birthday() Date {
	if len(id) != 18 {
		return ""
	}
	return Date(id[6:10] + "-" + id[10:12] + "-" + id[12:14])
}

// AgeOn returns the full years of age on a day. Who was born on 29 February has a birthday on 1 March in other years.
func (id IDNumber) AgeOn(day Date) int {
	birth := id.Birthday()
	if birth == "" || !day.Valid() {
		return 0
	}
	years := day.Year() - birth.Year()
	if day[5:] < birth[5:] {
		years--
	}
	return years
}

// Minor reports whether the person is under 18 on a day (Civil Code 17); of a number that tells no birthday, nobody is.
func (id IDNumber) Minor(day Date) bool { return id.Birthday() != "" && id.AgeOn(day) < 18 }

// Female reports whether the number is a woman's.
func (id IDNumber) Female() bool { return len(id) == 18 && (id[16]-'0')%2 == 0 }

// Masked returns the first three and last four characters, the rest as stars.
func (id IDNumber) Masked() string { return MaskNumber(string(id)) }
