package land

import (
	"math/big"
	"strings"
)

// Percent writes a rate as people read it: "0.015" is 1.5%, "0.03" is 3%. What is no decimal number, such as "免征" or "1%", stays as it is.
func Percent(rate string) string {
	x, ok := new(big.Rat).SetString(rate)
	if !ok || strings.ContainsAny(rate, "/eE") {
		return rate
	}
	words := x.Mul(x, big.NewRat(100, 1)).FloatString(6)
	return strings.TrimRight(strings.TrimRight(words, "0"), ".") + "%"
}

// Among says in words what one of n holders has: the whole of several holders is a common ownership without shares.
func (s Share) Among(n int) string {
	switch {
	case s.IsZero():
		return "—"
	case s.IsWhole() && n > 1:
		return "共同共有"
	case s.IsWhole():
		return "全部"
	}
	return s.String()
}
