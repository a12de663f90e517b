package style

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// rule is a block of the sheet and the at-rules around it.
type rule struct {
	selector, body string
	around         []string
}

// parse splits a sheet into its rules. It knows what a sheet of ours holds: at-blocks, rules, no strings with braces.
func parse(css string) []rule {
	css = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(css, "")
	var out []rule
	var around []string
	for css = strings.TrimSpace(css); css != ""; css = strings.TrimSpace(css) {
		if css[0] == '}' {
			around, css = around[:len(around)-1], css[1:]
			continue
		}
		head, rest, _ := strings.Cut(css, "{")
		head = strings.TrimSpace(head)
		if strings.HasPrefix(head, "@media") || strings.HasPrefix(head, "@supports") {
			around, css = append(around[:len(around):len(around)], head), rest
			continue
		}
		var body string
		body, css, _ = strings.Cut(rest, "}")
		out = append(out, rule{head, body, around})
	}
	return out
}

func TestSheetIsReadByOldBrowsers(t *testing.T) {
	rules := parse(source)
	selectors := 0
	property := regexp.MustCompile(`(^|;)\s*(gap|row-gap|column-gap|inset|aspect-ratio|object-fit|flex|flex-[a-z]+|order|grid|grid-[a-z-]+|place-[a-z]+)\s*:`)
	value := regexp.MustCompile(`var\(|clamp\(|[^-a-z](min|max)\(|:\s*(inline-)?(flex|grid)\b|:\s*sticky\b`)
	for _, r := range rules {
		selectors += len(strings.Split(r.selector, ","))
		if strings.Contains(strings.Join(r.around, " "), "@supports") {
			continue
		}
		if m := property.FindString(r.body); m != "" {
			t.Errorf("%s: %q outside @supports", r.selector, m)
		}
		if m := value.FindString(r.body); m != "" {
			t.Errorf("%s: %q outside @supports", r.selector, m)
		}
		if m := regexp.MustCompile(`:(has|is|where|focus-visible)\b`).FindString(r.selector); m != "" {
			t.Errorf("%s: selector %q outside @supports", r.selector, m)
		}
		if m := regexp.MustCompile(`(^|;)\s*font\s*:[^;]*rem`).FindString(r.body); m != "" {
			t.Errorf("%s: rem within the font shorthand: %q", r.selector, m)
		}
	}
	if selectors < 500 || selectors >= 1500 {
		t.Errorf("%d selectors, want at least 500 (else the parser lost some) and fewer than 1,500", selectors)
	}
	if n := strings.Count(source, "\n"); n > 400 {
		t.Errorf("%d lines, limit 400", n)
	}
}

func TestColoursComeFromTokensAlone(t *testing.T) {
	if m := regexp.MustCompile(`#[0-9A-Fa-f]{3,8}\b[^{]*[;}]`).FindAllString(source, -1); len(m) > 0 {
		t.Errorf("colours in the sheet: %q", m)
	}
	for _, tok := range Tokens() {
		if !regexp.MustCompile(`\$` + tok.Name + `\b`).MatchString(source) {
			t.Errorf("token %s is not used", tok.Name)
		}
	}
}

func TestCompileNamesUnknownTokens(t *testing.T) {
	css, err := compile("/* c */\na{color:$ink}\n", []Token{{Name: "ink", Value: "#111"}})
	if err != nil || string(css) != "a{color:#111}" {
		t.Errorf("compile: %q, %v", css, err)
	}
	if _, err := compile("a{color:$rosa}", nil); err == nil || !strings.Contains(err.Error(), "$rosa") {
		t.Errorf("unknown token: %v", err)
	}
	if got := parse("a{x:y}@supports (display:grid){@media (min-width:1px){b,c{z:1}}}d{e:f}"); len(got) != 3 || got[1].selector != "b,c" || len(got[1].around) != 2 || len(got[2].around) != 0 {
		t.Errorf("the test's own parser: %+v", got)
	}
}

func TestScriptsAreES5(t *testing.T) {
	for _, name := range []string{"yc.js", "keys.js"} {
		data, err := os.ReadFile("../static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range modern(string(data)) {
			t.Errorf("%s: %s", name, f)
		}
	}
	for _, bad := range []string{"let x = 1", "const y = 2", "f(x => x)", "var s = `a`", "fetch('/x')", "el.classList.add('x')", "class A {}", "new Promise(f)", "for (var x of y) {}", "a?.b", "f(...a)"} {
		if len(modern(bad)) == 0 {
			t.Errorf("the check lets %q pass", bad)
		}
	}
	if got := modern("if ('FormData' in w) { new w.FormData(); } // let it be\nvar s = 'x => y';"); len(got) > 0 {
		t.Errorf("the check complains about good code: %q", got)
	}
}

// modern finds what IE9 to 11 cannot run: syntax newer than ES5, and interfaces that are used without a feature test. A name behind
// a feature test is written w.Name, with 'Name' in w before it.
func modern(js string) []string {
	var out []string
	code := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`).ReplaceAllString(js, " ")
	quoted := regexp.MustCompile(`'(?:[^'\\\n]|\\.)*'`)
	bare := regexp.MustCompile(`([=(:,]\s*)/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/[gim]*`).ReplaceAllString(quoted.ReplaceAllString(code, "''"), "$1 0")
	for _, p := range []string{`=>`, "`", `\b(let|const|class|async|await|yield)\b`, `\bof\s+\w+\s*\)`, `\.\.\.`, `\?\.`, `\*\*`} {
		if m := regexp.MustCompile(p).FindString(bare); m != "" {
			out = append(out, "syntax "+m)
		}
	}
	for _, name := range []string{"fetch", "Promise", "EventSource", "classList", "FormData", "closest", "matches", "URLSearchParams", "assign", "from", "includes", "startsWith", "padStart", "remove", "append", "Map", "Set", "Symbol"} {
		for _, at := range regexp.MustCompile(`(\w*)\.?\b`+name+`\s*[.(]`).FindAllStringSubmatch(bare, -1) {
			guarded := at[1] == "w" && strings.Contains(js, "'"+name+"' in w")
			ofGuarded := at[1] == "data" && name == "append" // FormData's own
			if !guarded && !ofGuarded {
				out = append(out, "without a feature test: "+at[0])
			}
		}
	}
	return out
}
