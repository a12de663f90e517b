package land

import (
	"fmt"
	"math/big"
	"strings"
)

// Share is a party's exact part of a right, a fraction in lowest terms. The zero Share is no part.
type Share struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// maxDenominator bounds what a person may enter; registers hold 万分之 at the finest, surveys a little finer.
const maxDenominator = 1_000_000

// The faults of shares.
type (
	// ErrShareFormat says that the text is no share.
	ErrShareFormat struct{ Text string }
	// ErrShareRange says that a share is not above 0 and at most 1, or its denominator is beyond a million.
	ErrShareRange struct{ Text string }
	// ErrShareSum says that shares sum to less than 1, and what is left.
	ErrShareSum struct{ Sum, Rest Share }
	// ErrShareOver says that shares sum to more than 1, and by how much.
	ErrShareOver struct{ Sum, Over Share }
	// ErrShareTooFine says that a sum cannot be written as a fraction of 64-bit numbers.
	ErrShareTooFine struct{}
)

func (e ErrShareFormat) Error() string  { return fmt.Sprintf("%q is not a share", e.Text) }
func (e ErrShareRange) Error() string   { return fmt.Sprintf("share %q is out of range", e.Text) }
func (e ErrShareSum) Error() string     { return fmt.Sprintf("shares sum to %s, not 1", e.Sum) }
func (e ErrShareOver) Error() string    { return fmt.Sprintf("shares sum to %s, above 1", e.Sum) }
func (e ErrShareTooFine) Error() string { return "sum of shares is too fine a fraction" }

// Sentence names the sentence that tells the person so.
func (e ErrShareFormat) Sentence() (string, map[string]any) { return "err.share.format", nil }

// Sentence names the sentence that tells the person so.
func (e ErrShareRange) Sentence() (string, map[string]any) { return "err.share.range", nil }

// Sentence names the sentence that tells the person so.
func (e ErrShareSum) Sentence() (string, map[string]any) {
	return "err.share.sum", map[string]any{"sum": e.Sum.String(), "rest": e.Rest.String()}
}

// Sentence names the sentence that tells the person so.
func (e ErrShareOver) Sentence() (string, map[string]any) {
	return "err.share.over", map[string]any{"sum": e.Sum.String(), "over": e.Over.String()}
}

// Sentence names the sentence that tells the person so.
func (e ErrShareTooFine) Sentence() (string, map[string]any) { return "err.share.fine", nil }

// Whole is the whole right.
func Whole() Share { return Share{1, 1} }

// ParseShare reads a share: 1/3, 50%, 33.33%, 0.5, 3分之1, 全部. Errors: [ErrShareFormat], [ErrShareRange].
func ParseShare(s string) (Share, error) {
	text := compact(s)
	switch text {
	case "全部", "单独所有", "整套":
		return Whole(), nil
	}
	if den, num, ok := strings.Cut(text, "分之"); ok {
		text = num + "/" + den
	}
	share, ok := readShare(text)
	if !ok {
		return Share{}, ErrShareFormat{Text: s}
	}
	if share.Num <= 0 || share.Num > share.Den || share.Den > maxDenominator {
		return Share{}, ErrShareRange{Text: s}
	}
	return share, nil
}

func readShare(text string) (Share, bool) {
	if num, den, ok := strings.Cut(text, "/"); ok {
		if !allDigits(num) || !allDigits(den) || len(num) > 12 || len(den) > 12 {
			return Share{}, false
		}
		return fraction(int64(atoi(num)), int64(atoi(den))), true
	}
	scale := int64(1_000_000)
	if rest, ok := strings.CutSuffix(text, "%"); ok {
		text, scale = rest, 100*scale
	}
	n, err := parseDecimal(text, 6, 1e12)
	return fraction(n, scale), err == nil
}

// fraction returns num/den in lowest terms; a denominator of 0 gives a share that is out of every range.
func fraction(num, den int64) Share {
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	if a == 0 {
		return Share{0, 0}
	}
	return Share{num / a, den / a}
}

func (s Share) rat() *big.Rat {
	if s.Den == 0 {
		return new(big.Rat)
	}
	return big.NewRat(s.Num, s.Den)
}

func fromRat(r *big.Rat) (Share, error) {
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return Share{}, ErrShareTooFine{}
	}
	return Share{r.Num().Int64(), r.Denom().Int64()}, nil
}

// SumShares adds shares exactly. Error: [ErrShareTooFine].
func SumShares(shares ...Share) (Share, error) {
	sum := new(big.Rat)
	for _, s := range shares {
		sum.Add(sum, s.rat())
	}
	return fromRat(sum)
}

// CheckShares reports whether shares sum to exactly 1, as those of 按份共有 must (Civil Code 298).
// Errors: [ErrShareSum], [ErrShareOver], [ErrShareTooFine].
func CheckShares(shares ...Share) error {
	sum := new(big.Rat)
	for _, s := range shares {
		sum.Add(sum, s.rat())
	}
	total, err := fromRat(sum)
	if err != nil {
		return err
	}
	gap, err := fromRat(new(big.Rat).Abs(sum.Sub(sum, big.NewRat(1, 1))))
	switch {
	case err != nil:
		return err
	case total.IsWhole():
		return nil
	case total.Less(Whole()):
		return ErrShareSum{Sum: total, Rest: gap}
	}
	return ErrShareOver{Sum: total, Over: gap}
}

// Add returns the sum of two shares. Error: [ErrShareTooFine].
func (s Share) Add(other Share) (Share, error) { return SumShares(s, other) }

// Less reports whether s is the smaller part.
func (s Share) Less(other Share) bool { return s.rat().Cmp(other.rat()) < 0 }

// AtLeast reports whether s is num/den or more, as the two thirds of Civil Code 301.
func (s Share) AtLeast(num, den int64) bool { return s.rat().Cmp(big.NewRat(num, den)) >= 0 }

// IsWhole reports whether s is the whole right.
func (s Share) IsWhole() bool { return s.Den != 0 && s.Num == s.Den }

// IsZero reports whether s is no part.
func (s Share) IsZero() bool { return s.Num == 0 || s.Den == 0 }

// String writes the share as "1/3"; the whole as "1/1", no part as "0".
func (s Share) String() string {
	if s.IsZero() {
		return "0"
	}
	return fmt.Sprintf("%d/%d", s.Num, s.Den)
}
