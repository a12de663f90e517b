package ferry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"yichuang/internal/kit/sm"
)

// round bounds how many crates are taken until they are acknowledged.
const round = 100

// pieces are the files of one crate that have arrived.
type pieces struct {
	crate  string
	files  []fileName
	parts  int
	newest time.Time
}

func (p *pieces) whole() bool { return len(p.files) == p.parts }

func (p *pieces) size() (n int) {
	for _, f := range p.files {
		n += f.Size
	}
	return n
}

// Collect hands over what has arrived whole, oldest first. Files that are still being written are left; what is nothing of the other zone
// goes to quarantine; pieces whose others never came are removed.
func (d *Dir) Collect(ctx context.Context, take func(ctx context.Context, crate []byte) error) (got []string, err error) {
	arrived, err := d.scan()
	if err != nil {
		return nil, err
	}
	for _, p := range arrived {
		if ctx.Err() != nil || len(got) == round {
			return got, ctx.Err()
		}
		if !p.whole() {
			if d.age(p.newest) > stale {
				err = d.remove(p)
			}
		} else {
			var ok bool
			if ok, err = d.takeUp(ctx, p, take); ok {
				got = append(got, p.crate)
			}
		}
		if err != nil {
			return got, err
		}
	}
	return got, nil
}

// scan sorts what lies in the folder by crates, in the order of their numbers.
func (d *Dir) scan() ([]*pieces, error) {
	entries, err := os.ReadDir(d.in)
	if err != nil {
		return nil, fmt.Errorf("ferry: folder of the gap: %w", err)
	}
	crates := map[string]*pieces{}
	var order []*pieces
	for _, e := range entries {
		if e.Name() == penName {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // carried on meanwhile
		}
		n, ok, err := d.sort(e.Name(), info)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		p := crates[n.crate()]
		if p == nil {
			p = &pieces{crate: n.crate(), parts: n.Parts}
			crates[p.crate] = p
			order = append(order, p)
		}
		p.files = append(p.files, n)
		if info.ModTime().After(p.newest) {
			p.newest = info.ModTime()
		}
	}
	return order, nil
}

// sort tells whether a file is a whole piece of a crate of the other zone. It sets aside what will never be one.
func (d *Dir) sort(name string, info fs.FileInfo) (n fileName, ok bool, err error) {
	n, named := parseFileName(name)
	old := d.age(info.ModTime()) > settle
	switch {
	case !info.Mode().IsRegular() && (old || named):
		return n, false, d.setAside(name, "foreign")
	case info.Size() > int64(max(d.o.Max, defaultMax)):
		return n, false, d.setAside(name, "large")
	case (!named || n.Stream != d.o.Peer) && old:
		return n, false, d.setAside(name, "foreign")
	case !named || n.Stream != d.o.Peer || !info.Mode().IsRegular():
		return n, false, nil
	case info.Size() != int64(n.Size) && old:
		return n, false, d.setAside(name, "damaged")
	}
	return n, info.Size() == int64(n.Size), nil
}

func (d *Dir) age(t time.Time) time.Duration { return d.o.Clock.Now().Sub(t) }

// takeUp joins the pieces of a crate and hands it over.
func (d *Dir) takeUp(ctx context.Context, p *pieces, take func(context.Context, []byte) error) (ok bool, err error) {
	if p.size() > maxCrate {
		return false, d.setAllAside(p, "large")
	}
	slices.SortFunc(p.files, func(a, b fileName) int { return a.Part - b.Part })
	raw := make([]byte, 0, p.size())
	for _, f := range p.files {
		piece, err := readPlain(filepath.Join(d.in, f.String()), f.Size)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil // another process, or a person, was faster
		}
		if err != nil {
			return false, fmt.Errorf("ferry: read a file of the gap: %w", err)
		}
		raw = append(raw, piece...)
	}
	if !strings.HasPrefix(sm.SM3Hex(raw), p.files[0].Digest) {
		if d.age(p.newest) > settle {
			return false, d.setAllAside(p, "damaged")
		}
		return false, nil
	}
	switch err := take(ctx, raw); {
	case refused(err):
		d.o.Log.Warn("ferry refused a file of the gap", "file", p.crate, "error", err)
		return false, d.setAllAside(p, "refused")
	case err != nil:
		return false, err
	}
	return true, d.remove(p)
}

// readPlain reads a file of a known size, and no link to one.
func readPlain(path string, size int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(size)))
}

func (d *Dir) remove(p *pieces) error {
	for _, f := range p.files {
		if err := os.Remove(filepath.Join(d.in, f.String())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("ferry: remove a file of the gap: %w", err)
		}
	}
	return nil
}
