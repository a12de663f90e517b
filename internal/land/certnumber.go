package land

import (
	"fmt"
	"regexp"
	"strings"
)

// CertNumber is the number of a title (不动产权) or of a proof (不动产证明: mortgage, advance notice …), in the canonical form
// "苏(2026)泰州市不动产权第0001234号" with half-width brackets.
type CertNumber string

// ErrCertFormat says that the text is not formed as a certificate number.
type ErrCertFormat struct{ Text string }

func (e ErrCertFormat) Error() string { return fmt.Sprintf("%q is not a certificate number", e.Text) }

// Sentence names the sentence that tells the person so.
func (ErrCertFormat) Sentence() (string, map[string]any) { return "err.cert.format", nil }

var certPattern = regexp.MustCompile(`^(\p{Han})[(\[](20\d\d)[)\]](\p{Han}{2,12}?)(不动产权|不动产证明)第?(\d{1,7})号?$`)

// ParseCertNumber reads a certificate number as printed or typed: any brackets, blanks, full-width digits, "不动产权证第" for
// "不动产权第", without 第 or 号, or without the leading zeros of the serial. Error: [ErrCertFormat].
func ParseCertNumber(s string) (CertNumber, error) {
	text := strings.NewReplacer("〔", "(", "〕", ")", "【", "(", "】", ")", "{", "(", "}", ")", "［", "[", "］", "]",
		"不动产权证", "不动产权", "NO.", "", "No.", "").Replace(compact(s))
	m := certPattern.FindStringSubmatch(text)
	if m == nil || atoi(m[5]) == 0 {
		return "", ErrCertFormat{Text: s}
	}
	return makeCert(m[1], atoi(m[2]), m[3], m[4] == "不动产证明", atoi(m[5]))
}

// MakeCertNumber builds the serial-th number of a year (1 to 9,999,999) of a registry of Jiangsu, by its issuing name
// ([District].Issuing). Errors: [ErrCertFormat], [ErrSerial].
func MakeCertNumber(year int, issuing string, proof bool, serial int) (CertNumber, error) {
	return makeCert("苏", year, issuing, proof, serial)
}

func makeCert(province string, year int, issuing string, proof bool, serial int) (CertNumber, error) {
	if serial < 1 || serial > 9_999_999 {
		return "", ErrSerial{Of: "certificate number", N: serial, Max: 9_999_999}
	}
	kind := "不动产权"
	if proof {
		kind = "不动产证明"
	}
	text := fmt.Sprintf("%s(%04d)%s%s第%07d号", province, year, issuing, kind, serial)
	if !certPattern.MatchString(text) {
		return "", ErrCertFormat{Text: text}
	}
	return CertNumber(text), nil
}

func (c CertNumber) parts() []string {
	if m := certPattern.FindStringSubmatch(string(c)); m != nil {
		return m
	}
	return make([]string, 6)
}

// IsProof reports whether the number is one of a proof, not of a title.
func (c CertNumber) IsProof() bool { return strings.Contains(string(c), "不动产证明") }

// Year returns the year of the number.
func (c CertNumber) Year() int { return atoi(c.parts()[2]) }

// Issuing returns the issuing name, as 泰州市.
func (c CertNumber) Issuing() string { return c.parts()[3] }

// Serial returns the serial within year, registry and kind.
func (c CertNumber) Serial() int { return atoi(c.parts()[5]) }

// Printed writes the number with full-width brackets, as on the certificate.
func (c CertNumber) Printed() string {
	return strings.NewReplacer("(", "（", ")", "）").Replace(string(c))
}
