// Package structure holds the project to its shape: who may import whom, where the time comes from, what every package says of itself,
// and that the requirements' trace names tests that exist. It has no code of its own.
package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "yichuang/"

// root is the project's folder as seen from this one.
const root = "../.."

// source is one Go file of the project.
type source struct {
	path string // from the project's folder, with slashes
	dir  string
	test bool
	ast  *ast.File
	fset *token.FileSet
}

// sources parses all Go files of this module. Folders with a go.mod of their own are other modules.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		all = append(all, source{
			path: rel, dir: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(rel, "_test.go"), ast: file, fset: fset,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files found below %s: the test looks in the wrong place", len(all), root)
	}
	return all
}

func skipFolder(path, name string) error {
	if path == root {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "var" {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

// rooms are the parts of the project and what each may import of the others; a room may always import itself. The longest
// matching prefix counts. What is in no room (e2e, bench, this package) may import what it needs.
var rooms = map[string][]string{
	"internal/land":          {},
	"internal/kit":           {},
	"internal/democity":      {"internal/land"},
	"internal/audit":         {"internal/land", "internal/kit"},
	"internal/flow":          {"internal/land", "internal/kit"},
	"internal/catalog":       {"internal/land", "internal/kit"},
	"internal/ferry":         {"internal/land", "internal/kit"},
	"internal/exchange":      {"internal/land", "internal/kit", "internal/audit", "internal/exchange/spec"},
	"internal/exchange/spec": {"internal/land", "internal/kit", "docs"},
	"internal/deal":          {"internal/land", "internal/catalog", "internal/ferry/message"},
	"internal/conform":       {"internal/kit", "internal/exchange/spec"},
	"internal/hall":          zone,
	"internal/office":        zone,
	"internal/sim": {"internal/land", "internal/democity", "internal/kit/clock", "internal/kit/log", "internal/kit/sm",
		"internal/kit/doc", "internal/kit/folder", "internal/exchange/spec"},
	"catalog":      {},
	"docs":         {},
	"cmd/yichuang": append([]string{"internal/hall", "internal/office", "internal/conform", "catalog", "docs"}, zone...),
	"cmd/simcity":  {"internal/sim", "internal/land", "internal/democity", "internal/kit", "internal/exchange/spec", "docs"},
}

// zone is what the two zones may import: everything shared, and never each other.
var zone = []string{"internal/land", "internal/kit", "internal/democity", "internal/flow", "internal/catalog", "internal/ferry",
	"internal/exchange", "internal/exchange/spec", "internal/audit", "internal/deal"}

// roomOf is the room that a folder belongs to.
func roomOf(dir string) string {
	best := ""
	for room := range rooms {
		if within(dir, room) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

func within(dir, room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") }

func TestImports(t *testing.T) {
	for _, src := range sources(t) {
		for _, spec := range src.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			target, ours := strings.CutPrefix(path, module)
			if ours && !mayImport(src, target) {
				t.Errorf("%s imports %s", src.path, target)
			}
		}
	}
}

func mayImport(src source, target string) bool {
	room := roomOf(src.dir)
	switch {
	case strings.HasPrefix(target, "cmd/"):
		return false
	case zonesMix(src.dir, target):
		return false
	case room == "", within(target, room) && !forTests(target):
		return true
	case src.test, forTests(src.dir):
		return true // a test may play the outside world
	case forTests(target):
		return false
	}
	for _, allowed := range rooms[room] {
		// Of two rooms one inside the other, the inner one is meant by its own name only.
		if within(target, allowed) && (roomOf(target) == allowed || within(allowed, roomOf(target))) {
			return true
		}
	}
	return false
}

// forTests tells whether a folder is there for tests only, as its name says: pgtest, webtest, officetest.
func forTests(dir string) bool { return strings.HasSuffix(dir, "test") }

// zonesMix holds in tests as well: what passes between hall and office passes through the ferry. Whole-city tests are in e2e.
func zonesMix(dir, target string) bool {
	const hall, office = "internal/hall", "internal/office"
	return within(dir, hall) && within(target, office) || within(dir, office) && within(target, hall)
}

// The rules themselves: a rule that lets everything pass would go unnoticed.
func TestImportRules(t *testing.T) {
	for _, tt := range []struct {
		dir, target string
		test, want  bool
	}{
		{"internal/land", "internal/kit/sm", false, false},
		{"internal/kit/pg", "internal/kit/clock", false, true},
		{"internal/kit/pg", "internal/land", false, false},
		{"internal/hall/account", "internal/hall/inbox", false, true},
		{"internal/hall/account", "internal/office/staff", false, false},
		{"internal/hall/account", "internal/office/staff", true, false},
		{"internal/office/staff", "internal/hall/account", true, false},
		{"internal/hall/account", "internal/exchange", false, true},
		{"internal/hall/account", "internal/sim/idp", false, false},
		{"internal/hall/account", "internal/sim/idp", true, true},
		{"internal/sim/idp", "internal/kit/clock", false, true},
		{"internal/sim/idp", "internal/kit/pg", false, false},
		{"internal/sim/idp", "internal/exchange/spec", false, true},
		{"internal/sim/idp", "internal/exchange", false, false},
		{"internal/exchange", "internal/audit", false, true},
		{"internal/ferry", "internal/audit", false, false},
		{"internal/flow", "internal/catalog", false, false},
		{"internal/office/casework", "internal/flow", false, true},
		{"internal/conform", "internal/exchange/spec", false, true},
		{"internal/conform", "internal/exchange", false, false},
		{"internal/conform", "internal/sim", true, true},
		{"cmd/yichuang", "internal/sim/idp", false, false},
		{"cmd/yichuang", "internal/office/casework", false, true},
		{"internal/kit/pg", "internal/kit/pg/pgtest", false, false},
		{"internal/kit/pg", "internal/kit/pg/pgtest", true, true},
		{"internal/office/officetest", "internal/kit/pg/pgtest", false, true},
		{"internal/office/officetest", "internal/hall/account", false, false},
		{"e2e", "cmd/yichuang", true, false},
		{"e2e", "internal/hall/account", true, true},
	} {
		if got := mayImport(source{dir: tt.dir, test: tt.test}, tt.target); got != tt.want {
			t.Errorf("%s (test: %v) may import %s: %v, want %v", tt.dir, tt.test, tt.target, got, tt.want)
		}
	}
}

// Now comes from kit/clock, so that a test or the simulator can turn it.
func TestNobodyElseAsksForTheTime(t *testing.T) {
	asks := map[string]bool{"Now": true, "Since": true, "Until": true}
	for _, src := range sources(t) {
		if src.test || within(src.dir, "internal/kit/clock") {
			continue
		}
		ast.Inspect(src.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !asks[sel.Sel.Name] {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
				t.Errorf("%s calls time.%s; take a clock.Clock", src.fset.Position(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// A newcomer opens a folder and reads what the room is for.
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	says := map[string]bool{}
	for _, src := range sources(t) {
		if src.test && !strings.HasPrefix(src.dir, "internal/structure") {
			continue
		}
		says[src.dir] = says[src.dir] || len(strings.TrimSpace(src.ast.Doc.Text())) > 80
	}
	for dir, ok := range says {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

// Nothing runs because it was imported, and nothing is left for later.
func TestNoInitAndNoUnfinishedWork(t *testing.T) {
	marks := []string{"TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"}
	for _, src := range sources(t) {
		if ast.IsGenerated(src.ast) {
			continue
		}
		for _, decl := range src.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", src.path)
			}
		}
		for _, group := range src.ast.Comments {
			for _, mark := range marks {
				if strings.Contains(group.Text(), mark) {
					t.Errorf("%s: %s", src.fset.Position(group.Pos()), mark)
				}
			}
		}
	}
}
