package land

import (
	"fmt"
	"strings"
)

// Fen is an amount of money in fen, a hundredth of a yuan.
type Fen int64

// MaxFen is the largest amount that a person may enter: 9,999,999,999.99 yuan.
const MaxFen Fen = 999_999_999_999

// The faults of an amount.
type (
	// ErrMoneyFormat says that the text is no amount.
	ErrMoneyFormat struct{ Text string }
	// ErrMoneyTooFine says that the amount has parts of a fen.
	ErrMoneyTooFine struct{ Text string }
	// ErrMoneyTooBig says that the amount is above [MaxFen].
	ErrMoneyTooBig struct{ Text string }
)

func (e ErrMoneyFormat) Error() string  { return fmt.Sprintf("%q is not an amount of money", e.Text) }
func (e ErrMoneyTooFine) Error() string { return fmt.Sprintf("%q has parts of a fen", e.Text) }
func (e ErrMoneyTooBig) Error() string  { return fmt.Sprintf("%q is above %s yuan", e.Text, MaxFen) }

// Sentence names the sentence that tells the person so.
func (e ErrMoneyFormat) Sentence() (string, map[string]any) { return "err.money.format", nil }

// Sentence names the sentence that tells the person so.
func (e ErrMoneyTooFine) Sentence() (string, map[string]any) { return "err.money.fine", nil }

// Sentence names the sentence that tells the person so.
func (e ErrMoneyTooBig) Sentence() (string, map[string]any) {
	return "err.money.big", map[string]any{"max": MaxFen.String()}
}

// ParseYuan reads an amount in yuan as people write it: 1,280,000.00, 1280000元, 128万, 1.5亿, ￥ 80, full-width; commas by three
// or four digits. No sign. Errors: [ErrMoneyFormat], [ErrMoneyTooFine], [ErrMoneyTooBig].
func ParseYuan(s string) (Fen, error) {
	text := strings.TrimPrefix(strings.TrimPrefix(compact(s), "¥"), "￥")
	for _, suffix := range []string{"元整", "元", "圆"} {
		text = strings.TrimSuffix(text, suffix)
	}
	decimals := 2
	if rest, ok := strings.CutSuffix(text, "万"); ok {
		text, decimals = rest, 6
	} else if rest, ok := strings.CutSuffix(text, "亿"); ok {
		text, decimals = rest, 10
	}
	n, err := parseDecimal(text, decimals, int64(MaxFen))
	switch err {
	case errDecimalFormat:
		return 0, ErrMoneyFormat{Text: s}
	case errDecimalFine:
		return 0, ErrMoneyTooFine{Text: s}
	case errDecimalBig:
		return 0, ErrMoneyTooBig{Text: s}
	}
	return Fen(n), nil
}

// String writes the amount in yuan with commas and two decimals: "1,280,000.00".
func (f Fen) String() string {
	sign, n := f.split()
	yuan := fmt.Sprint(n / 100)
	for i := len(yuan) - 3; i > 0; i -= 3 {
		yuan = yuan[:i] + "," + yuan[i:]
	}
	return fmt.Sprintf("%s%s.%02d", sign, yuan, n%100)
}

// Plain writes the amount in yuan without commas, as payment interfaces want it: "1280000.00".
func (f Fen) Plain() string {
	sign, n := f.split()
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// Wan writes the amount in units of ten thousand yuan, without needless zeros, as the registration database keeps prices: "128".
func (f Fen) Wan() string {
	sign, n := f.split()
	text := fmt.Sprintf("%d.%06d", n/1_000_000, n%1_000_000)
	return sign + strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// split returns the sign and the amount without it, exact for the smallest int64 too.
func (f Fen) split() (string, uint64) {
	if f < 0 {
		return "-", -uint64(f)
	}
	return "", uint64(f)
}
