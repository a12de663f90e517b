package ferry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	penName = "quarantine"
	// maxPen is how many files are kept there; the oldest go first.
	maxPen = 1000
)

// pen is the folder of what is nothing of the other zone. A file's name there begins with when it was moved and why.
func (d *Dir) pen() string { return filepath.Join(d.in, penName) }

func (d *Dir) setAside(name, reason string) error {
	moved := fmt.Sprintf("%019d.%s.%s", d.o.Clock.Now().UnixMicro(), reason, tame(name))
	err := os.Rename(filepath.Join(d.in, name), filepath.Join(d.pen(), moved))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ferry: set a file of the gap aside: %w", err)
	}
	d.o.Log.Warn("ferry: a file of the gap was set aside", "file", moved, "reason", reason)
	return d.thin()
}

func (d *Dir) setAllAside(p *pieces, reason string) error {
	for _, f := range p.files {
		if err := d.setAside(f.String(), reason); err != nil {
			return err
		}
	}
	return nil
}

// thin removes the oldest of too many.
func (d *Dir) thin() error {
	entries, err := os.ReadDir(d.pen()) // sorted by name, and so by time
	if err != nil || len(entries) <= maxPen {
		return err
	}
	for _, e := range entries[:len(entries)-maxPen] {
		if err := os.RemoveAll(filepath.Join(d.pen(), e.Name())); err != nil {
			return fmt.Errorf("ferry: thin the quarantine: %w", err)
		}
	}
	return nil
}

// tame keeps a foreign name short and printable.
func tame(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || r == '/' || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
	for r := []rune(name); len(name) > 160; name = string(r) {
		r = r[:len(r)-1]
	}
	return name
}

// Quarantine lists what was set aside, newest first.
func (d *Dir) Quarantine() ([]Quarantined, error) {
	entries, err := os.ReadDir(d.pen())
	if err != nil {
		return nil, fmt.Errorf("ferry: quarantine: %w", err)
	}
	slices.Reverse(entries)
	var all []Quarantined
	for _, e := range entries {
		parts := strings.SplitN(e.Name(), ".", 3)
		info, err := e.Info()
		if err != nil || len(parts) != 3 {
			continue
		}
		micro, err := strconv.ParseInt(parts[0], 10, 64)
		if err != nil {
			continue
		}
		all = append(all, Quarantined{Name: parts[2], Size: info.Size(), At: time.UnixMicro(micro), Reason: parts[1]})
	}
	return all, nil
}
