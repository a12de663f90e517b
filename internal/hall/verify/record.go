package verify

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/land"
)

// State says whether a document still holds.
type State string

// The states.
const (
	Valid      State = "valid"
	Superseded State = "superseded"
	Cancelled  State = "cancelled"
)

// Record is an issued document as the office reports it. Holders are full names: they are not kept, only masked and indexed.
type Record struct {
	Code     string
	Kind     string
	Title    string
	Number   string
	Issuer   string
	Holders  []string
	Digest   string // SM3 of the PDF, hexadecimal
	IssuedAt time.Time
	State    State
	Reason   string // why it no longer holds, for the public
}

// FromMessage reads a document that came by ferry; its holders are joined by 、.
func FromMessage(d message.Document) Record {
	return Record{Code: d.Code, Kind: d.Kind, Title: d.Title, Number: d.Number, Issuer: d.Issuer, Holders: strings.Split(d.Holder, "、"),
		Digest: d.Digest, IssuedAt: d.IssuedAt, State: State(d.State), Reason: d.Reason}
}

// Found is what a page may show of a document.
type Found struct {
	Code     code.Code
	Title    string
	Number   string
	Issuer   string
	Holders  string // masked
	Digest   string
	IssuedAt time.Time
	State    State
	StateAt  time.Time
	Reason   string
}

// numberKey brings a number into one way of writing: the canonical form of a certificate number; otherwise without blanks
// and with half-width digits and round brackets.
func numberKey(s string) string {
	if c, err := land.ParseCertNumber(s); err == nil {
		return string(c)
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '　', '\t', '\u00a0':
			return -1
		case '〔', '［', '【', '（', '[', '{':
			return '('
		case '〕', '］', '】', '）', ']', '}':
			return ')'
		}
		return r
	}, norm.NFKC.String(s))
}

// nameKey brings a name into its canonical form; what is no name stays as typed and will match nothing.
func nameKey(s string) string {
	if n, err := land.ParseName(s); err == nil {
		return n
	}
	if n, err := land.ParseOrgName(s); err == nil {
		return n
	}
	return strings.TrimSpace(s)
}

// shown is how many holders are named, masked; of more only the number is told.
const shown = 3

func maskAll(names []string) string {
	out := make([]string, 0, shown)
	for _, n := range names[:min(shown, len(names))] {
		if organisation(n) {
			out = append(out, n)
		} else {
			out = append(out, land.MaskName(n))
		}
	}
	s := strings.Join(out, "、")
	if n := len(names); n > shown {
		s += " 等 " + itoa(n) + " 人"
	}
	return s
}

// organisation reports whether a name is one of an organisation, which is not personal: six characters or more with an
// ending that only these have.
func organisation(name string) bool {
	if len([]rune(name)) < 6 {
		return false
	}
	for _, end := range []string{"公司", "银行", "分行", "支行", "中心", "信用社", "合作社", "委员会", "管理局", "医院", "学校", "大学"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}
