package land

// District is a county-level district with a registry of its own (GB/T 2260).
type District struct {
	Code    string // six digits
	Name    string // short name, as on screens
	Issuing string // issuing name in certificate numbers; districts of one issuing name share one number series
	Place   string // full place name, the head of addresses
}

// CityCode is the code of the prefecture-level city itself.
const CityCode = "321200"

var districts = [...]District{
	{"321202", "海陵区", "泰州市", "江苏省泰州市海陵区"},
	{"321203", "医药高新区（高港区）", "泰州市", "江苏省泰州市医药高新区（高港区）"},
	{"321204", "姜堰区", "泰州市姜堰区", "江苏省泰州市姜堰区"},
	{"321281", "兴化市", "兴化市", "江苏省兴化市"},
	{"321282", "靖江市", "靖江市", "江苏省靖江市"},
	{"321283", "泰兴市", "泰兴市", "江苏省泰兴市"},
}

// Districts lists the six districts of the city by code.
func Districts() []District { return append([]District(nil), districts[:]...) }

// FindDistrict returns the district with a code.
func FindDistrict(code string) (District, bool) {
	for _, d := range districts {
		if d.Code == code {
			return d, true
		}
	}
	return District{}, false
}
