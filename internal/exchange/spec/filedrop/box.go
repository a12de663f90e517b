package filedrop

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"path"
	"sync"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
)

// The halves of the folder: what lies in To is for the counterpart, what lies in From is for the platform.
const (
	To   = "to"
	From = "from"
)

// The folders in the half that one reads.
const (
	takenDir = "taken" // files in work
	doneDir  = "done"  // files that were taken, by day
	badDir   = "bad"   // files that could not be, by day, each with the reason beside it
)

// Box is one side of a folder. A process has one for each folder, so that all who wait for answers look into it together. It is
// safe for concurrent use.
type Box struct {
	o       Options
	machine clock.Clock
	id      string // of this process, in the names of files in work

	mu       sync.Mutex
	made     bool                 // the folders are there
	stamped  time.Time            // the last file that was written
	days     map[string]bool      // folders of days that are there
	waiting  map[about]*wait      // who waits for which answer
	watching bool                 // somebody looks for answers
	trouble  error                // of the last look for answers
	strange  map[string]time.Time // files that are not whole or not ours, since when
	working  map[string]bool      // files in work here
	swept    time.Time
	slots    chan struct{}
	workers  sync.WaitGroup
}

// Options are what a box stands on.
type Options struct {
	Open    func() (folder.Folder, error) // the folder; asked for at each use
	Out, In string                        // To and From at the platform, the other way round at the counterpart
	Source  string                        // what letters give as their source
	Clock   clock.Clock                   // stamps files and judges their age

	// Workers is how many letters are taken in at a time. With 0 they are taken in one after the other, each before Take returns.
	Workers int
	Limits  Limits
}

// Limits are spans and numbers that a test may shorten. Zero means what DefaultLimits says.
type Limits struct {
	PollMin, PollMax time.Duration // between looks for an answer, shorter for those who have waited shortly
	Grace            time.Duration // that a file may stay incomplete or misnamed
	Lease            time.Duration // after which a file in work is taken to be abandoned; longer than any operation takes
	Keep             time.Duration // of done/ and bad/
	Round            int           // letters in one Take
	List             int           // names seen at a time
}

// DefaultLimits are the limits in service.
func DefaultLimits() Limits {
	return Limits{PollMin: 10 * time.Millisecond, PollMax: 500 * time.Millisecond, Grace: 2 * time.Minute, Lease: 5 * time.Minute,
		Keep: 30 * 24 * time.Hour, Round: 200, List: 5000}
}

// New makes a box.
func New(o Options) *Box {
	d := DefaultLimits()
	for _, x := range []struct{ given, def *time.Duration }{{&o.Limits.PollMin, &d.PollMin}, {&o.Limits.PollMax, &d.PollMax}, {&o.Limits.Grace, &d.Grace},
		{&o.Limits.Lease, &d.Lease}, {&o.Limits.Keep, &d.Keep}} {
		if *x.given == 0 {
			*x.given = *x.def
		}
	}
	if o.Limits.Round == 0 {
		o.Limits.Round = d.Round
	}
	if o.Limits.List == 0 {
		o.Limits.List = d.List
	}
	return &Box{o: o, machine: clock.System(), id: rand.Text()[:10], days: map[string]bool{}, waiting: map[about]*wait{}, strange: map[string]time.Time{},
		working: map[string]bool{}, slots: make(chan struct{}, max(o.Workers, 1))}
}

// open gives the folder with all that is needed in it.
func (b *Box) open(ctx context.Context) (folder.Folder, error) {
	f, err := b.o.Open()
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	made := b.made
	b.mu.Unlock()
	if made {
		return f, nil
	}
	for _, dir := range []string{b.o.Out, path.Join(b.o.In, takenDir), path.Join(b.o.In, doneDir), path.Join(b.o.In, badDir)} {
		if err := f.MkdirAll(ctx, dir); err != nil {
			return nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made = true
	return f, nil
}

// lost notes that something was not there: should it be the folders, the next use makes them again.
func (b *Box) lost(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.made = false
		clear(b.days)
	}
	return err
}

// Wait waits until no letter is being taken in by a worker.
func (b *Box) Wait() { b.workers.Wait() }

// in and out are names in the halves.
func (b *Box) in(parts ...string) string  { return path.Join(append([]string{b.o.In}, parts...)...) }
func (b *Box) out(parts ...string) string { return path.Join(append([]string{b.o.Out}, parts...)...) }

// aside moves a file of the half that is read into done/ or bad/, and leaves the reason beside it.
func (b *Box) aside(ctx context.Context, f folder.Folder, from, where, name, reason string) error {
	day := b.in(where, b.machine.Now().Format(time.DateOnly))
	b.mu.Lock()
	there := b.days[day]
	b.mu.Unlock()
	if !there {
		if err := f.MkdirAll(ctx, day); err != nil {
			return err
		}
		b.mu.Lock()
		clear(b.days) // yesterday's will not be asked for again
		for _, w := range []string{doneDir, badDir} {
			if d := b.in(w, b.machine.Now().Format(time.DateOnly)); d == day {
				b.days[d] = true
			}
		}
		b.mu.Unlock()
	}
	if where == badDir && len(name) > 180 { // with the reason's suffix it must still be a name
		name = name[:180]
	}
	if err := f.Rename(ctx, from, path.Join(day, name)); err != nil {
		return b.lost(err)
	}
	if reason == "" {
		return nil
	}
	return f.Write(ctx, path.Join(day, name+".reason.txt"), []byte(reason+"\n"))
}
