package structure

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	requirement = regexp.MustCompile(`^R-\d{3}$`)
	goTest      = regexp.MustCompile(`\b(?:Test|Fuzz|Example)[A-Z]\w*\b`)
	nodeTest    = regexp.MustCompile(`\be2e/[\w./-]+\.m?js\b`)
)

// planned is what stands in a row of docs/trace.md instead of a test where nothing is done yet.
const planned = "planned"

// row is one requirement in docs/trace.md: | R-001 | what must be true | package | test |
type row struct {
	number string
	proof  string // the last cell
}

func traceRows(t *testing.T) []row {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "docs", "trace.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if number := strings.TrimSpace(cells[0]); requirement.MatchString(number) {
			rows = append(rows, row{number, strings.TrimSpace(cells[len(cells)-1])})
		}
	}
	return rows
}

// Each requirement has one row, which names tests that exist or says that it's planned.
func TestTrace(t *testing.T) {
	tests := testNames(t)
	seen := map[string]bool{}
	rows := traceRows(t)
	if len(rows) == 0 {
		t.Fatal("docs/trace.md has no row of a requirement")
	}
	for _, r := range rows {
		if seen[r.number] {
			t.Errorf("%s has two rows", r.number)
		}
		seen[r.number] = true
		named := goTest.FindAllString(r.proof, -1)
		files := nodeTest.FindAllString(r.proof, -1)
		if len(named)+len(files) == 0 && !strings.Contains(r.proof, planned) {
			t.Errorf("%s names no test and is not %s: %q", r.number, planned, r.proof)
		}
		for _, name := range named {
			if !tests[name] {
				t.Errorf("%s names %s, which does not exist", r.number, name)
			}
		}
		for _, file := range files {
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s names %s, which does not exist", r.number, file)
			}
		}
	}
}

// testNames are the names of all Go tests of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, src := range sources(t) {
		if !src.test {
			continue
		}
		for _, decl := range src.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && goTest.MatchString(f.Name.Name) {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
