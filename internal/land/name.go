package land

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The faults of a name.
type (
	// ErrNameLength says that a name has N characters, too few or too many.
	ErrNameLength struct{ N int }
	// ErrNameChar says which character no name may hold.
	ErrNameChar struct{ R rune }
)

func (e ErrNameLength) Error() string { return fmt.Sprintf("name has %d characters", e.N) }
func (e ErrNameChar) Error() string   { return fmt.Sprintf("name contains %q", e.R) }

// Sentence names the sentence that tells the person so.
func (e ErrNameLength) Sentence() (string, map[string]any) {
	return "err.name.length", map[string]any{"n": e.N}
}

// Sentence names the sentence that tells the person so.
func (e ErrNameChar) Sentence() (string, map[string]any) {
	return "err.name.chars", map[string]any{"c": string(e.R)}
}

// ParseName reads a person's name: 2 to 50 Han characters, rare ones of the extension blocks included, middle
// dots, or Latin letters with spaces and hyphens between them. It is kept as written, in NFC; blanks around it
// go, the various dots become "·". Errors: [ErrNameLength], [ErrNameChar].
func ParseName(s string) (string, error) {
	text := cleanName(s)
	for i, r := range text {
		inside := i > 0 && i+utf8.RuneLen(r) < len(text)
		switch {
		case unicode.Is(unicode.Han, r) || unicode.Is(unicode.Latin, r):
		case inside && (r == '·' || strings.ContainsRune(" -'", r) && latinBefore(text[:i])):
		default:
			return "", ErrNameChar{R: r}
		}
	}
	if n := utf8.RuneCountInString(text); n < 2 || n > 50 {
		return "", ErrNameLength{N: n}
	}
	return text, nil
}

// ParseOrgName reads the name of an organisation: 2 to 100 Han characters, letters, digits and the marks that
// company names hold, with brackets full-width as on the licence. Errors: [ErrNameLength], [ErrNameChar].
func ParseOrgName(s string) (string, error) {
	text := strings.NewReplacer("(", "（", ")", "）").Replace(cleanName(s))
	for _, r := range text {
		if !unicode.Is(unicode.Han, r) && !unicode.Is(unicode.Latin, r) && !unicode.IsDigit(r) && !strings.ContainsRune("·（）&-.、,' ", r) {
			return "", ErrNameChar{R: r}
		}
	}
	if n := utf8.RuneCountInString(text); n < 2 || n > 100 {
		return "", ErrNameLength{N: n}
	}
	return text, nil
}

func cleanName(s string) string {
	s = strings.ReplaceAll(norm.NFC.String(s), "．", "·")
	text := strings.Join(strings.Fields(Narrow(s)), " ")
	return strings.Map(func(r rune) rune {
		switch r {
		case '•', '・', '･', '‧', '∙', '⋅', '●':
			return '·'
		}
		return r
	}, text)
}

func latinBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.Is(unicode.Latin, r)
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}
