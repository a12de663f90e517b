package land

import "strings"

// MaskName hides the middle of a person's name: 王晓明 → 王*明, 李华 → 李*. Dots stay, so that the name keeps its shape.
func MaskName(name string) string {
	r := []rune(name)
	last := len(r) - 1
	for i := range r {
		if i == 0 && last > 0 || i == last && last > 1 || r[i] == '·' {
			continue
		}
		r[i] = '*'
	}
	return string(r)
}

// MaskPhone keeps the first three and last four digits: 138****5678.
func MaskPhone(phone string) string { return MaskNumber(phone) }

// MaskNumber keeps the first three and last four characters of a number; of one shorter than ten the last two only.
func MaskNumber(number string) string {
	r := []rune(number)
	head, tail := 3, 4
	if len(r) < 10 {
		head, tail = 0, min(2, len(r)/3)
	}
	return string(r[:head]) + strings.Repeat("*", len(r)-head-tail) + string(r[len(r)-tail:])
}
