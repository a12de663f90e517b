package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The guide comes as a paper and as a page, and what is not there is said so before a file is touched.
func TestGuideIsWritten(t *testing.T) {
	dir := t.TempDir()
	for name, begins := range map[string]string{"queue.pdf": "%PDF-", "queue.html": "<!doctype html>"} {
		c := guideCmd{Counterpart: "queue", Out: filepath.Join(dir, name)}
		if err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(c.Out)
		if err != nil || !bytes.HasPrefix(raw, []byte(begins)) {
			t.Errorf("%s: %v, begins with %q", name, err, raw[:min(len(raw), 20)])
		}
	}
	for _, c := range []guideCmd{{"../queue", filepath.Join(dir, "none.pdf")}, {"queue", filepath.Join(dir, "none.doc")}} {
		if err := c.Run(t.Context()); err == nil {
			t.Errorf("%v is taken", c)
		}
		if _, err := os.Stat(c.Out); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", c.Out, err)
		}
	}
}
