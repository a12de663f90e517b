package land

import (
	"errors"
	"strings"
)

var (
	errDecimalFormat = errors.New("not a decimal number")
	errDecimalFine   = errors.New("too many decimals")
	errDecimalBig    = errors.New("number too big")
)

// parseDecimal reads an unsigned decimal number exactly, as an integer scaled by 10^decimals. Zeros beyond the decimals are
// allowed; commas must group by three, or by four as Chinese counts.
func parseDecimal(s string, decimals int, most int64) (int64, error) {
	s = strings.NewReplacer("，", ",", "。", ".").Replace(s)
	whole, fraction, pointed := strings.Cut(s, ".")
	whole, grouped := ungroup(whole)
	if !grouped || !allDigits(whole) || pointed && !allDigits(fraction) {
		return 0, errDecimalFormat
	}
	if rest := strings.TrimRight(fraction, "0"); len(rest) > decimals {
		return 0, errDecimalFine
	} else {
		fraction = rest + strings.Repeat("0", decimals-len(rest))
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if len(digits) > 18 {
		return 0, errDecimalBig
	}
	n := int64(0)
	for i := range len(digits) {
		n = n*10 + int64(digits[i]-'0')
	}
	if n > most {
		return 0, errDecimalBig
	}
	return n, nil
}

// ungroup removes commas between groups of three or of four digits; false if they stand elsewhere.
func ungroup(s string) (string, bool) {
	group := strings.Split(s, ",")
	if len(group) == 1 {
		return s, true
	}
	size := len(group[1])
	if size != 3 && size != 4 || group[0] == "" || len(group[0]) > size {
		return "", false
	}
	for _, g := range group[1:] {
		if len(g) != size {
			return "", false
		}
	}
	return strings.Join(group, ""), true
}
