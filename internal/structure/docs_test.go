package structure

import (
	"go/ast"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// documents are those that people read first; links in them must lead somewhere.
var documents = []string{"README.md", "README.zh.md", "docs/*.md", "docs/decisions/*.md", "docs/interface/*.md", "catalog/flows/*.md"}

// screens are drawn by make screens.
const screens = "docs/screens/"

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksInDocuments(t *testing.T) {
	n := 0
	for _, pattern := range documents {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no document (%v)", pattern, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(raw), -1) {
				target, _, _ := strings.Cut(m[1], "#")
				if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, screens) {
					continue
				}
				n++
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), target)); err != nil {
					t.Errorf("%s leads to %s, which does not exist", strings.TrimPrefix(file, root+"/"), target)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d links found: the test looks in the wrong place", n)
	}
}

var (
	setting  = regexp.MustCompile("(?m)^\\| (\\w+) \\| `(--[\\w-]+)` \\| `([A-Z_]+)` \\|")
	wordHead = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// The table of settings in docs/operations.md is that of the programs: each flag with its environment variable, and none
// besides.
func TestSettingsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range setting.FindAllStringSubmatch(string(raw), -1) {
		documented[strings.Join(m[1:], " ")] = true
	}
	known := map[string]bool{}
	for _, s := range settings(t) {
		known[s] = true
		if !documented[s] {
			t.Errorf("docs/operations.md has no row of %s", s)
		}
	}
	for s := range documented {
		if !known[s] {
			t.Errorf("docs/operations.md has a row of %s, which no program knows", s)
		}
	}
}

// settings lists "command --flag ENVIRONMENT" of every field with such a tag in the programs' structs.
func settings(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, src := range sources(t) {
		if src.test || !within(src.dir, "cmd") {
			continue
		}
		ast.Inspect(src.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			command, isCommand := strings.CutSuffix(spec.Name.Name, "Cmd")
			if !isCommand {
				command = filepath.Base(src.dir)
			}
			for _, f := range fields.Fields.List {
				if f.Tag == nil || len(f.Names) == 0 {
					continue
				}
				tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
				env := tag.Get("env")
				if env == "" {
					continue
				}
				name := tag.Get("name")
				if name == "" {
					name = strings.ToLower(wordHead.ReplaceAllString(f.Names[0].Name, "$1-$2"))
				}
				all = append(all, command+" --"+name+" "+env)
			}
			return true
		})
	}
	if len(all) < 10 {
		t.Fatalf("only %d settings found in cmd: the test looks in the wrong place", len(all))
	}
	return all
}
