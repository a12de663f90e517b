package town

// dialects are the ways in which the districts' systems speak that do not speak the interface itself, by counterpart and district.
var dialects = map[string]string{
	"registry/321204": "bizxml", "registry/321281": "bizxml-soap", "registry/321282": "filedrop",
	"housing/321203": "bizxml", "housing/321281": "filedrop", "housing/321282": "bizxml-soap",
}

// Dialect is how a district's system speaks; "" is the interface itself.
func Dialect(counterpart, district string) string { return dialects[counterpart+"/"+district] }
