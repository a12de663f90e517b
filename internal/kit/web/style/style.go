package style

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed yc.css
var source string

// Sheet is the style sheet as it is served.
func Sheet() ([]byte, error) { return compile(source, Tokens()) }

// compile puts the tokens' values in place of their names and leaves out comments and line breaks.
func compile(src string, tokens []Token) ([]byte, error) {
	values := map[string]string{}
	for _, t := range tokens {
		values[t.Name] = t.Value
	}
	var unknown []string
	css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(src, "")
	css = regexp.MustCompile(`\$[A-Za-z][A-Za-z0-9]*`).ReplaceAllStringFunc(css, func(name string) string {
		v, ok := values[name[1:]]
		if !ok {
			unknown = append(unknown, name)
		}
		return v
	})
	if len(unknown) > 0 {
		return nil, fmt.Errorf("style sheet uses unknown tokens: %s", strings.Join(unknown, ", "))
	}
	var out strings.Builder
	for line := range strings.Lines(css) {
		out.WriteString(strings.TrimSpace(line))
	}
	return []byte(out.String()), nil
}
