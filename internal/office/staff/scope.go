package staff

// Scope is the rows that a person may see: one district or all, one department or, for leaders of the window and the
// registry, every department of their district. Store queries take it as parameters; nothing widens it.
type Scope struct {
	District   string // empty: all
	Department string // empty: all
	Roles      []string
	Org        string // a bank sees its own cases only
}

// ScopeOf derives the rows from the account.
func ScopeOf(p Person) Scope {
	s := Scope{District: p.District, Department: p.Department, Roles: p.Roles, Org: p.Org}
	if p.Has(Leader) && (p.Department == "registry" || p.Department == "window" || p.Department == "platform") {
		s.Department = ""
	}
	return s
}

// Covers tells whether a row of district and department lies within the scope.
func (s Scope) Covers(district, department string) bool {
	return (s.District == "" || s.District == district) && (s.Department == "" || s.Department == department)
}
