package application

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"yichuang/internal/land"
)

// What a field holds is read here. Each reader fails the field with the sentence of the catalog and then returns a zero value.

func (v *view) fail(name, id string, slots map[string]any) {
	v.Input.Fail(name, v.say(id, slots))
}

// wrong fails a field with the sentence that a fault of the vocabulary names.
func (v *view) wrong(name string, err error) bool {
	if err == nil {
		return false
	}
	if words, ok := v.room.Catalog().Sentence(err); ok {
		v.Input.Fail(name, words)
	} else {
		v.Input.Fail(name, "请对照证件或合同再看一遍这一项")
	}
	return true
}

// required reads a text that must be there.
func (v *view) required(name string) string { return v.requiredAs(name, name) }

func (v *view) requiredAs(field, name string) string {
	s := v.Input.Value(name)
	if s == "" {
		v.fail(name, "err.required", map[string]any{"label": v.label(field)})
	}
	return s
}

// text reads a text of at most max characters; it may be empty where it is optional.
func (v *view) text(field, name string, max int, optional bool) string {
	s := v.Input.Value(name)
	switch {
	case s == "" && !optional:
		v.fail(name, "err.required", map[string]any{"label": v.label(field)})
	case utf8.RuneCountInString(s) > max:
		v.fail(name, "err.long", map[string]any{"n": max})
	case !printable(s):
		v.Input.Fail(name, "这里有看不见的字符，请删掉后重新填写")
	}
	return s
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' || r == 0x7f || r == utf8.RuneError || r >= 0x202a && r <= 0x202e
	})
}

func (v *view) certificate(name string) land.CertNumber {
	s := v.required(name)
	if s == "" {
		return ""
	}
	cert, err := land.ParseCertNumber(s)
	if v.wrong(name, err) {
		return ""
	}
	v.Input.Set(name, string(cert))
	return cert
}

// money reads an amount and shows it back in full: 128万 becomes 1,280,000.00.
func (v *view) money(field, name string) (land.Fen, bool) {
	s := v.requiredAs(field, name)
	if s == "" {
		return 0, false
	}
	fen, err := land.ParseYuan(s)
	if v.wrong(name, err) {
		return 0, false
	}
	v.Input.Set(name, fen.String())
	return fen, true
}

func (v *view) date(field, name string, optional bool) land.Date {
	s := v.Input.Value(name)
	if s == "" {
		if !optional {
			v.fail(name, "err.required", map[string]any{"label": v.label(field)})
		}
		return ""
	}
	d, err := land.ParseDate(s)
	if v.wrong(name, err) {
		return ""
	}
	v.Input.Set(name, string(d))
	return d
}

// after fails a date that lies before another one.
func (v *view) after(name, field string, d, earlier land.Date, earlierLabel string) {
	if d != "" && earlier != "" && d < earlier {
		v.fail(name, "err.date.order", map[string]any{"later": v.label(field), "earlier": earlierLabel})
	}
}

// number reads a whole number between two bounds.
func (v *view) number(field, name string, min, max int) int {
	s := strings.TrimSpace(land.Narrow(v.requiredAs(field, name)))
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < min || n > max {
		v.fail(name, "err.number.range", map[string]any{"min": min, "max": max})
		return 0
	}
	v.Input.Set(name, strconv.Itoa(n))
	return n
}

// choice reads one of the answers that the catalog offers.
func (v *view) choice(field, name string, optional bool) string {
	s := v.Input.Value(name)
	if s == "" {
		if !optional {
			v.fail(name, "err.choose", map[string]any{"label": v.label(field)})
		}
		return ""
	}
	for _, c := range v.choices(field) {
		if c.Value == s {
			return s
		}
	}
	v.fail(name, "err.code.unknown", map[string]any{"code": s})
	return ""
}

// yes reads a yes-or-no question.
func (v *view) yes(field, name string) bool {
	switch v.Input.Value(name) {
	case "yes":
		return true
	case "no":
		return false
	}
	v.fail(name, "err.choose", map[string]any{"label": v.label(field)})
	return false
}

// personName reads the name of a person or organisation, by the kind of its paper.
func (v *view) personName(field, name string, kind land.DocKind) string {
	s := v.requiredAs(field, name)
	if s == "" {
		return ""
	}
	parse := land.ParseName
	if kind.Organisation() {
		parse = land.ParseOrgName
	}
	clean, err := parse(s)
	if v.wrong(name, err) {
		return ""
	}
	v.Input.Set(name, clean)
	return clean
}

func (v *view) document(field, name string, kind land.DocKind) land.Document {
	s := v.requiredAs(field, name)
	if s == "" {
		return land.Document{}
	}
	doc, err := land.ParseDocument(kind, s, v.today())
	if v.wrong(name, err) {
		return land.Document{}
	}
	v.Input.Set(name, doc.Number)
	return doc
}

// shortPaper is how long the numbers of passports and permits are at most; what is longer is an identity number or a licence.
const shortPaper = 12

// anyDocument reads the number of a paper whose kind is not asked. What looks like an identity number has to be a right one.
func (v *view) anyDocument(name string) string {
	s := v.required(name)
	if s == "" {
		return ""
	}
	text := strings.ToUpper(strings.Join(strings.Fields(land.Narrow(s)), ""))
	digits := strings.Trim(strings.TrimSuffix(text, "X"), "0123456789") == ""
	for _, kind := range []land.DocKind{land.DocLicence, land.DocOrgCode, land.DocPassport} {
		doc, err := land.ParseDocument(kind, text, v.today())
		if err == nil && (kind == land.DocLicence || !digits && len(text) <= shortPaper) {
			v.Input.Set(name, doc.Number)
			return doc.Number
		}
	}
	id, err := land.ParseIDNumber(text, v.today())
	if v.wrong(name, err) {
		return ""
	}
	v.Input.Set(name, string(id))
	return string(id)
}

func (v *view) phone(field, name string) string {
	s := v.requiredAs(field, name)
	if s == "" {
		return ""
	}
	phone, err := land.ParsePhone(s)
	if v.wrong(name, err) {
		return ""
	}
	v.Input.Set(name, phone)
	return phone
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// notZero is an amount as a form shows it; nothing for none.
func notZero(f land.Fen) string {
	if f == 0 {
		return ""
	}
	return f.String()
}
