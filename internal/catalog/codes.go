package catalog

import "yichuang/internal/land"

// CodeList is a list of codes of a standard, kept as data because lists change and endpoints differ.
type CodeList struct {
	Name   string `yaml:"name"`  // name of the file
	Title  string `yaml:"title"` // in words
	Field  string `yaml:"field"` // field of the database standard that holds such codes
	Source string `yaml:"source"`
	Rows   []Code `yaml:"rows"`
}

// Code is a row of a list.
type Code struct {
	Code  string            `yaml:"code"`
	Label string            `yaml:"label"`
	From  land.Date         `yaml:"from"`
	To    land.Date         `yaml:"to"`
	Attrs map[string]string `yaml:"attrs"` // what else the list says of the code
}

// Label returns the words for a code; "" if the list does not have it.
func (l CodeList) Label(code string) string {
	for _, r := range l.Rows {
		if r.Code == code {
			return r.Label
		}
	}
	return ""
}

// On returns the rows that are in force on a day.
func (l CodeList) On(day land.Date) []Code {
	var out []Code
	for _, r := range l.Rows {
		if r.From <= day && (r.To == "" || day <= r.To) {
			out = append(out, r)
		}
	}
	return out
}

func (l CodeList) check(p *problems) {
	if l.Title == "" || l.Source == "" || len(l.Rows) == 0 {
		p.add(nil, "a code list needs title, source and rows")
	}
	type key struct {
		code string
		from land.Date
	}
	seen := map[key]bool{}
	for i, r := range l.Rows {
		at := path{"rows", i}
		if seen[key{r.Code, r.From}] || r.Code == "" || r.Label == "" {
			p.add(at, "code %q needs to be there once, with a label", r.Code)
		}
		seen[key{r.Code, r.From}] = true
		if r.From != "" && !r.From.Valid() || r.To != "" && (!r.To.Valid() || r.To < r.From) {
			p.add(at, "code %s is in force from %q to %q, which are no days in order", r.Code, r.From, r.To)
		}
	}
}
