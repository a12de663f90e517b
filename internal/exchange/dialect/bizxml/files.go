package bizxml

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/folder"
)

// looked is how many files of one case are looked at; a case has a few dozen.
const looked = 1000

var errNoFiles = errors.New("bizxml: the message names files, and nothing gives their content")

// leave puts the files of a message into the counterpart's folder, those excepted that are there. A folder that cannot be reached is
// a *dialect.Failure.
func (d *Dialect) leave(ctx context.Context, at folder.Address, m dialect.Message, files []bizxml.File) error {
	if len(files) == 0 {
		return nil
	}
	if m.Attachment == nil {
		return errNoFiles
	}
	f, err := d.folders.Open(at)
	if err != nil {
		return fmt.Errorf("folder of attachments: %w", err)
	}
	dir := path.Dir(files[0].Path) // all of one message are of one case
	there, err := sizes(ctx, f, dir)
	if err != nil {
		return unreached(ctx, err)
	}
	for _, file := range files {
		if size, is := there[path.Base(file.Path)]; is && size == file.Size {
			continue
		}
		content, err := m.Attachment(ctx, file.Digest)
		if err != nil {
			return fmt.Errorf("content of attachment %s: %w", file.Digest, err)
		}
		if err := f.Write(ctx, file.Path, content); err != nil {
			return unreached(ctx, err)
		}
	}
	return nil
}

// sizes gives the sizes of the files of a case by name, and makes its folder.
func sizes(ctx context.Context, f folder.Folder, dir string) (map[string]int64, error) {
	list, err := f.List(ctx, dir, looked)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, f.MkdirAll(ctx, dir)
	}
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, e := range list.Entries {
		if e.Kind == folder.File {
			sizes[e.Name] = e.Size
		}
	}
	return sizes, nil
}

// unreached is the failure of a folder; the client tries again.
func unreached(ctx context.Context, err error) error {
	return dialect.Broken(fmt.Errorf("folder of attachments: %w", errors.Join(err, ctx.Err())), 0)
}
