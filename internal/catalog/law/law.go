// Package law cites the ground of a rule. In: name and article as the catalog's data hold them; out: the citation as people read it.
package law

import (
	"errors"
	"strings"
)

// Law is the ground of a rule, as it is cited to people.
type Law struct {
	Name    string `yaml:"name"`    // without 《》
	Article string `yaml:"article"` // "38", or "17 第 2 款"; empty for norms cited as a whole
}

// String writes the citation: 《不动产登记暂行条例实施细则》第 38 条.
func (l Law) String() string {
	if l.Name == "" {
		return ""
	}
	if l.Article == "" {
		return "《" + l.Name + "》"
	}
	number, rest, _ := strings.Cut(l.Article, " ")
	return "《" + l.Name + "》第 " + number + " 条" + rest
}

// Check reports what is wrong with a citation in the data.
func (l Law) Check() error {
	switch {
	case l.Name == "":
		return errors.New("the law is missing")
	case strings.ContainsAny(l.Name, "《》"):
		return errors.New("the name of a law stands without 《》")
	}
	return nil
}
