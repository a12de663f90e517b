package land

import "strings"

// Narrow turns full-width letters, digits and signs into half-width ones and the ideographic space into a
// plain space: Chinese input methods produce them without the writer noticing.
func Narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '　' || r == '\u00a0':
			return ' '
		}
		return r
	}, s)
}

// compact narrows s and drops every blank and invisible character, as fits numbers and codes.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '\u200b', '\u200c', '\u200d', '\ufeff', '\u2002', '\u2003', '\u2009', '\u202c', '\u202d':
			return -1
		}
		return r
	}, Narrow(s))
}

// undash drops the strokes that people and printers put between groups of a number.
func undash(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '‐', '‑', '–', '—', '－':
			return -1
		}
		return r
	}, s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// upper36 reports whether s consists of digits and capital letters only.
func upper36(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && (s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return s != ""
}
