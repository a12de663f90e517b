package ferry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// DirOptions are the settings of the transport by files.
type DirOptions struct {
	Root       string // holds the two folders, <zone>-to-<peer> and <peer>-to-<zone>
	Zone, Peer string
	Max        int           // largest file, in bytes; 0 means 8 MB
	Wait       time.Duration // how long a file and its acknowledgement may be on their way; 0 means 30 s
	Clock      clock.Clock
	Log        *slog.Logger
}

// Dir lays crates down as files for the appliance of the gap, and takes up those that it brings.
type Dir struct {
	o       DirOptions
	out, in string

	mu   sync.Mutex
	last int64 // number of the newest file
}

const (
	defaultMax  = 8 << 20
	smallestMax = 16 << 10
	defaultWait = 30 * time.Second
	// settle is how long a file that is not whole, or not ours, may still be being written, at least.
	settle = time.Minute
	// stale is how long the pieces of a crate wait for the others; by then it has been sent again.
	stale = time.Hour
	// widest is how large a bundle may become where files may be larger: what is lost is sent again as a whole.
	widest = 4 << 20
	// crateHead is more than what a crate is larger than what it carries.
	crateHead = 4 << 10
)

// ErrSmallFiles says that the largest file allowed is too small to carry anything.
var ErrSmallFiles = errors.New("ferry: files of the gap must be allowed 16 KB at least")

// NewDir makes the folders where they are missing.
func NewDir(o DirOptions) (*Dir, error) {
	if o.Max == 0 {
		o.Max = defaultMax
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.Max < smallestMax {
		return nil, ErrSmallFiles
	}
	d := &Dir{o: o, out: filepath.Join(o.Root, o.Zone+"-to-"+o.Peer), in: filepath.Join(o.Root, o.Peer+"-to-"+o.Zone)}
	for _, dir := range []string{d.out, d.in, d.pen()} {
		if err := os.MkdirAll(dir, 0o770); err != nil {
			return nil, fmt.Errorf("ferry: folder of the gap: %w", err)
		}
	}
	return d, nil
}

// Traits of files.
func (d *Dir) Traits() Traits {
	return Traits{Name: "dir", Bundle: min(d.o.Max-crateHead, widest), Wait: d.o.Wait, Report: d.o.Wait}
}

// Carry writes the crate as one file, or as several if it is too large. Each is written whole under another name first.
func (d *Dir) Carry(_ context.Context, raw []byte) ([]byte, error) {
	n := fileName{Stream: d.o.Zone, Number: d.number(), Parts: (len(raw) + d.o.Max - 1) / d.o.Max, Digest: sm.SM3Hex(raw)[:digestLen]}
	if n.Parts > maxParts {
		return nil, ErrTooLarge
	}
	for n.Part = 1; n.Part <= n.Parts; n.Part++ {
		piece := raw[(n.Part-1)*d.o.Max : min(len(raw), n.Part*d.o.Max)]
		n.Size = len(piece)
		if err := layDown(d.out, n.String(), piece); err != nil {
			return nil, fmt.Errorf("ferry: lay down a file: %w", err)
		}
	}
	return nil, syncFolder(d.out)
}

// number is the time in microseconds, and higher than any before.
func (d *Dir) number() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = max(d.last+1, d.o.Clock.Now().UnixMicro())
	return d.last
}

// unfinished marks files that are being written.
const unfinished = ".tmp-"

func layDown(dir, name string, content []byte) error {
	tmp := filepath.Join(dir, unfinished+name)
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o660)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, filepath.Join(dir, name))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("ferry: folder of the gap: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// Settled removes files that an appliance has copied and left, once the other zone has said that it has them.
func (d *Dir) Settled(names []string) error {
	entries, err := os.ReadDir(d.out)
	if err != nil {
		return fmt.Errorf("ferry: folder of the gap: %w", err)
	}
	gone := map[string]bool{}
	for _, n := range names {
		gone[n] = true
	}
	for _, e := range entries {
		if n, ok := parseFileName(e.Name()); ok && gone[n.crate()] {
			if err := os.Remove(filepath.Join(d.out, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("ferry: remove a file that has arrived: %w", err)
			}
		}
	}
	return nil
}

// Backlog counts what lies in the folder, and removes what is so old that its content has been laid down anew since.
func (d *Dir) Backlog() (total int64, err error) {
	entries, err := os.ReadDir(d.out)
	if err != nil {
		return 0, fmt.Errorf("ferry: folder of the gap: %w", err)
	}
	old := d.o.Clock.Now().Add(-64 * d.o.Wait)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // the appliance was faster
		}
		name := strings.TrimPrefix(e.Name(), unfinished)
		if n, ok := parseFileName(name); ok && n.Stream == d.o.Zone && info.ModTime().Before(old) {
			if err := os.Remove(filepath.Join(d.out, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, fmt.Errorf("ferry: remove an old file: %w", err)
			}
			continue
		}
		total += info.Size()
	}
	return total, nil
}
