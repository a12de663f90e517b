package land

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DocKind is the kind of paper that identifies a party, with the numbers of the registration database standard.
type DocKind string

// The kinds of identity papers (证件种类).
const (
	DocIDCard    DocKind = "1"
	DocHKMOTW    DocKind = "2" // residents of Hong Kong, Macao and Taiwan
	DocPassport  DocKind = "3"
	DocHousehold DocKind = "4"
	DocMilitary  DocKind = "5"
	DocOrgCode   DocKind = "6"
	DocLicence   DocKind = "7" // business licence, by its unified social credit code
	DocOther     DocKind = "99"
)

var docKinds = names[DocKind]{
	{DocIDCard, "身份证"}, {DocHKMOTW, "港澳台身份证"}, {DocPassport, "护照"}, {DocHousehold, "户口簿"},
	{DocMilitary, "军官证（士兵证）"}, {DocOrgCode, "组织机构代码"}, {DocLicence, "营业执照"}, {DocOther, "其他"},
}

// DocKinds lists the kinds in official order.
func DocKinds() []DocKind { return docKinds.codes() }

// ParseDocKind accepts a number or label. Error: [ErrUnknownCode].
func ParseDocKind(s string) (DocKind, error) { return docKinds.parse("证件种类", s) }

// Label returns the Chinese name of the kind.
func (k DocKind) Label() string { return docKinds.label(k) }

// Organisation reports whether papers of this kind identify organisations, not persons.
func (k DocKind) Organisation() bool { return k == DocOrgCode || k == DocLicence }

// Document identifies a party: kind and number of a paper, the number in canonical form.
type Document struct {
	Kind   DocKind `json:"kind"`
	Number string  `json:"number"`
}

// ErrDocNumber says that a number does not look like one of this kind of paper.
type ErrDocNumber struct {
	Kind   DocKind
	Number string
}

func (e ErrDocNumber) Error() string { return fmt.Sprintf("not a number of document kind %s", e.Kind) }

// Sentence names the sentence that tells the person so.
func (e ErrDocNumber) Sentence() (string, map[string]any) {
	return "err.doc.number", map[string]any{"kind": e.Kind.Label()}
}

// ParseDocument reads the number of a paper of a kind. Identity cards and licences are checked to the last
// character, other papers for length and characters. Errors: those of [ParseIDNumber] and [ParseCreditCode],
// [ErrDocNumber], [ErrUnknownCode].
func ParseDocument(kind DocKind, number string, today Date) (Document, error) {
	switch kind {
	case DocIDCard:
		id, err := ParseIDNumber(number, today)
		return Document{kind, string(id)}, err
	case DocLicence:
		code, err := ParseCreditCode(number)
		return Document{kind, string(code)}, err
	case DocOrgCode:
		text := strings.ToUpper(undash(compact(number)))
		if len(text) != 9 || !upper36(text) || text[8] != orgCheck(text[:8]) {
			return Document{}, ErrDocNumber{kind, number}
		}
		return Document{kind, text}, nil
	case DocPassport, DocHKMOTW:
		text := strings.ToUpper(compact(number))
		if len(text) < 6 || len(text) > 18 || !upper36(strings.NewReplacer("(", "", ")", "").Replace(text)) {
			return Document{}, ErrDocNumber{kind, number}
		}
		return Document{kind, text}, nil
	case DocHousehold, DocMilitary, DocOther:
		text := strings.ToUpper(compact(number))
		if n := utf8.RuneCountInString(text); n < 4 || n > 30 || !printable(text) {
			return Document{}, ErrDocNumber{kind, number}
		}
		return Document{kind, text}, nil
	}
	return Document{}, ErrUnknownCode{List: "证件种类", Code: string(kind)}
}

// Masked shows enough of the number to recognise it.
func (d Document) Masked() string { return MaskNumber(d.Number) }
