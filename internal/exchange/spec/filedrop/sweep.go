package filedrop

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"time"

	"yichuang/internal/kit/folder"
)

const (
	sweepEvery = time.Hour
	sweepMax   = 2000 // removals in one go
)

// sweep removes what was kept long enough: days of done/ and bad/, and what interrupted writing left in the half that is written.
func (b *Box) sweep(ctx context.Context, f folder.Folder) error {
	now := b.machine.Now()
	b.mu.Lock()
	due := now.Sub(b.swept) >= sweepEvery
	if due {
		b.swept = now
	}
	b.mu.Unlock()
	if !due {
		return nil
	}
	left := sweepMax
	oldest := now.Add(-b.o.Limits.Keep).Format(time.DateOnly)
	for _, where := range []string{doneDir, badDir} {
		days, err := f.List(ctx, b.in(where), 400)
		if err != nil {
			return err
		}
		for _, day := range days.Entries {
			if _, err := time.Parse(time.DateOnly, day.Name); err != nil || day.Kind != folder.Dir || day.Name >= oldest {
				continue
			}
			if err := empty(ctx, f, b.in(where, day.Name), &left); err != nil {
				return err
			}
		}
	}
	return b.sweepParts(ctx, f, now)
}

// empty removes a folder with what is in it, as long as left lasts; the rest goes next time.
func empty(ctx context.Context, f folder.Folder, dir string, left *int) error {
	l, err := f.List(ctx, dir, *left)
	if err != nil {
		return err
	}
	for _, e := range l.Entries {
		at := path.Join(dir, e.Name)
		if e.Kind == folder.Dir {
			err = empty(ctx, f, at, left)
		} else {
			err = f.Remove(ctx, at)
			*left--
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if l.More || *left <= 0 {
		return nil
	}
	return f.Remove(ctx, dir)
}

func (b *Box) sweepParts(ctx context.Context, f folder.Folder, now time.Time) error {
	l, err := f.List(ctx, b.o.Out, 1000) // temporary names sort first
	if err != nil {
		return err
	}
	for _, e := range l.Entries {
		if folder.Temporary(e.Name) && now.Sub(e.Time) > 24*time.Hour {
			if err := f.Remove(ctx, b.out(e.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
