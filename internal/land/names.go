package land

import "fmt"

// names is a code list of the law in its official order, with the Chinese label of each code.
type names[K comparable] []struct {
	code  K
	label string
}

func (n names[K]) label(code K) string {
	for _, row := range n {
		if row.code == code {
			return row.label
		}
	}
	return ""
}

func (n names[K]) has(code K) bool {
	for _, row := range n {
		if row.code == code {
			return true
		}
	}
	return false
}

func (n names[K]) codes() []K {
	list := make([]K, len(n))
	for i, row := range n {
		list[i] = row.code
	}
	return list
}

// parse accepts a code or its label.
func (n names[K]) parse(list, s string) (K, error) {
	s = compact(s)
	for _, row := range n {
		if fmt.Sprint(row.code) == s || compact(row.label) == s {
			return row.code, nil
		}
	}
	var none K
	return none, ErrUnknownCode{List: list, Code: s}
}
