package catalog

import (
	"yichuang/internal/catalog/when"
)

// Kind is the kind of a form field; it decides how the value is read and shown.
type Kind string

// The kinds of fields.
const (
	KindText     Kind = "text"
	KindName     Kind = "name"     // person or organisation
	KindDocument Kind = "document" // number of an identity paper, beside its kind
	KindPhone    Kind = "phone"
	KindMoney    Kind = "money"
	KindDate     Kind = "date"
	KindShare    Kind = "share"
	KindAddress  Kind = "address"
	KindCert     Kind = "certificate" // number of a title
	KindNumber   Kind = "number"
	KindRadio    Kind = "radio"
	KindSelect   Kind = "select"
	KindYesNo    Kind = "yesno"
	KindParties  Kind = "parties"   // the list of sellers and buyers
	KindAccounts Kind = "accounts"  // the utility accounts
	KindFiles    Kind = "materials" // the materials
)

var kinds = []string{"text", "name", "document", "phone", "money", "date", "share", "address", "certificate", "number", "radio", "select", "yesno", "parties", "accounts", "materials"}

// Section is one page of the form, one topic.
type Section struct {
	Code   string  `yaml:"code"`
	Title  string  `yaml:"title"`
	Group  string  `yaml:"group"` // heading of the task list
	Intro  string  `yaml:"intro"`
	Fields []Field `yaml:"fields"`
}

// Field is one question. Its name is the place of the answer in the application, as contract.price.
type Field struct {
	Name     string   `yaml:"name"`
	Label    string   `yaml:"label"`
	Hint     string   `yaml:"hint"`
	Kind     Kind     `yaml:"kind"`
	Optional bool     `yaml:"optional"`
	From     string   `yaml:"from"`  // where a prefilled value comes from, in words
	Codes    string   `yaml:"codes"` // code list of the options
	Options  []Option `yaml:"options"`
	If       string   `yaml:"when"`

	When When `yaml:"-"`
}

// Option is one possible answer.
type Option struct {
	Value string         `yaml:"value"`
	Label string         `yaml:"label"`
	Hint  string         `yaml:"hint"`
	Set   map[string]any `yaml:"set"` // facts that follow from the answer, in guide questions
}

// Shown returns the fields that a deal with these facts is asked.
func (s Section) Shown(f Facts) []Field {
	var out []Field
	for _, field := range s.Fields {
		if field.When.Holds(f) {
			out = append(out, field)
		}
	}
	return out
}

// Field finds a field by its name.
func (s Section) Field(name string) (Field, bool) {
	for _, f := range s.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func checkSections(p *problems, list []Section, codes map[string]CodeList) map[string]Section {
	known := map[string]Section{}
	for i, s := range list {
		at := path{"sections", i}
		if _, twice := known[s.Code]; twice || s.Code == "" {
			p.add(append(at, "code"), "section %q has no code of its own", s.Code)
		}
		if s.Title == "" || s.Group == "" || len(s.Fields) == 0 {
			p.add(at, "section %s needs title, group and fields", s.Code)
		}
		names := map[string]bool{}
		for k := range s.Fields {
			s.Fields[k].check(p, append(at, "fields", k), names, codes)
		}
		known[s.Code] = s
	}
	return known
}

func (f *Field) check(p *problems, at path, names map[string]bool, codes map[string]CodeList) {
	if names[f.Name] || f.Name == "" || f.Label == "" {
		p.add(append(at, "name"), "field %q needs a name of its own and a label", f.Name)
	}
	names[f.Name] = true
	oneOf(p, append(at, "kind"), string(f.Kind), kinds...)
	_, listed := codes[f.Codes]
	switch {
	case f.Codes != "" && !listed:
		p.add(append(at, "codes"), "there is no code list %q", f.Codes)
	case f.Codes == "" && len(f.Options) < 2 && f.Kind == KindRadio:
		p.add(at, "field %s offers fewer than two options", f.Name)
	}
	cond, err := when.Compile[Facts](f.If)
	if err != nil {
		p.add(append(at, "when"), "%v", err)
	}
	f.When = cond
}
