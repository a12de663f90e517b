package land

import "strings"

// Capital writes the amount in capital numerals as contracts and receipts must: 壹佰贰拾捌万元整. The choices that the rule leaves
// open follow its own examples (支付结算办法, annex 1): 整 after whole yuan only, no 零 before 角 when the yuan end in 0, none between
// 万 and a full group of four.
func (f Fen) Capital() string {
	sign, n := f.split()
	yuan, jiao, fen := n/100, n/10%10, n%10
	var b strings.Builder
	if sign != "" {
		b.WriteString("负")
	}
	if yuan > 0 || n == 0 {
		b.WriteString(capitalWhole(yuan) + "元")
	}
	switch {
	case jiao == 0 && fen == 0:
		b.WriteString("整")
	case jiao > 0:
		b.WriteString(capitalDigit(jiao) + "角")
	case yuan > 0:
		b.WriteString("零")
	}
	if fen > 0 {
		b.WriteString(capitalDigit(fen) + "分")
	}
	return b.String()
}

// capitalWhole writes a whole number by its groups: 亿, 万, and up to four digits.
func capitalWhole(n uint64) string {
	for _, unit := range []struct {
		size uint64
		name string
	}{{100_000_000, "亿"}, {10_000, "万"}, {1000, "仟"}, {100, "佰"}, {10, "拾"}} {
		if n < unit.size {
			continue
		}
		text, rest := capitalWhole(n/unit.size)+unit.name, n%unit.size
		if rest == 0 {
			return text
		}
		if rest < unit.size/10 {
			text += "零"
		}
		return text + capitalWhole(rest)
	}
	return capitalDigit(n)
}

func capitalDigit(n uint64) string { return string([]rune("零壹贰叁肆伍陆柒捌玖")[n]) }
