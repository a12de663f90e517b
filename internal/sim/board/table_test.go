package board

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type row struct {
	Name string
	Tags []string
}

func openBoard(t testing.TB, dir string) *Board {
	t.Helper()
	b, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openRows(t testing.TB, dir string) *Table[row] {
	t.Helper()
	tab, err := OpenTable[row](openBoard(t, dir), "rows")
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestTableSurvivesRestart compares a table with a plain map through random changes and reopenings.
func TestTableSurvivesRestart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		tab, want := openRows(t, dir), map[string]string{}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			key := fmt.Sprint("k", rapid.IntRange(0, 5).Draw(rt, "key"))
			val := rapid.StringN(0, 8, -1).Draw(rt, "value")
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				if err := tab.Put(key, row{Name: val}); err != nil {
					rt.Fatal(err)
				}
				want[key] = val
			case 1:
				if err := tab.Delete(key); err != nil {
					rt.Fatal(err)
				}
				delete(want, key)
			case 2:
				_, err := tab.Update(key, func(r *row) error { r.Name += val; return nil })
				if _, there := want[key]; there != (err == nil) {
					rt.Fatalf("update of %s: %v", key, err)
				}
				if err == nil {
					want[key] += val
				}
			case 3:
				tab = openRows(t, dir)
			}
		}
		if tab.Len() != len(want) || len(tab.List()) != len(want) {
			rt.Fatalf("%d rows, want %d", tab.Len(), len(want))
		}
		for k, v := range want {
			if got, _ := tab.Get(k); got.Name != v {
				rt.Fatalf("%s is %q, want %q", k, got.Name, v)
			}
		}
	})
}

func TestTableForgetsTornLine(t *testing.T) {
	dir := t.TempDir()
	if err := openRows(t, dir).Put("a", row{Name: "one"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "rows.jsonl")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"k":"b","v":{"Na`); err != nil {
		t.Fatal(err)
	}
	tab := openRows(t, dir)
	if tab.Len() != 1 {
		t.Fatalf("%d rows after a torn line, want 1", tab.Len())
	}
	if err := tab.Put("c", row{Name: "three"}); err != nil {
		t.Fatal(err)
	}
	if got, ok := openRows(t, dir).Get("c"); !ok || got.Name != "three" {
		t.Fatalf("a row written after the repair reads %+v, %v", got, ok)
	}
}

func TestTableCompacts(t *testing.T) {
	dir := t.TempDir()
	tab := openRows(t, dir)
	for i := range 1100 {
		if err := tab.Put("only", row{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	before := size(t, filepath.Join(dir, "rows.jsonl"))
	tab = openRows(t, dir)
	if after := size(t, filepath.Join(dir, "rows.jsonl")); after >= before/100 {
		t.Fatalf("file went from %d to %d bytes", before, after)
	}
	if err := tab.Put("next", row{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if got, _ := openRows(t, dir).Get("only"); got.Name != "1099" {
		t.Fatalf("row is %q after compaction", got.Name)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

func TestTableUpdateLeavesReadersAlone(t *testing.T) {
	tab := openRows(t, t.TempDir())
	if err := tab.Put("a", row{Tags: []string{"x", "y"}}); err != nil {
		t.Fatal(err)
	}
	before, _ := tab.Get("a")
	if _, err := tab.Update("a", func(r *row) error { r.Tags[0] = "changed"; return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before.Tags, []string{"x", "y"}) {
		t.Fatalf("a reader's row became %v", before.Tags)
	}
	refused := errors.New("refused")
	if _, err := tab.Update("a", func(r *row) error { r.Name = "half"; return refused }); err != refused {
		t.Fatalf("error %v", err)
	}
	if now, _ := tab.Get("a"); now.Name != "" {
		t.Fatalf("a refused update left %q", now.Name)
	}
}
