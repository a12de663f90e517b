package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// local is a folder of this machine. It opens its root for each call: the folder may be moved away and put back, or be mounted
// later. An os.Root lets neither ".." nor a symbolic link out of it.
type local struct{ dir string }

func (l local) Close() error { return nil }

// in runs fn with the folder's root.
func (l local) in(ctx context.Context, fn func(*os.Root) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fn(root)
}

func (l local) List(ctx context.Context, dir string, max int) (out Listing, err error) {
	if err := checkDir(dir); err != nil {
		return Listing{}, err
	}
	err = l.in(ctx, func(root *os.Root) error {
		keep := first{max: max}
		if err := eachName(ctx, root, path.Join(".", dir), keep.add); err != nil {
			return err
		}
		out.More = keep.more
		for _, name := range keep.sorted() {
			info, err := root.Lstat(path.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				continue // moved meanwhile
			}
			if err != nil {
				return err
			}
			out.Entries = append(out.Entries, entryOf(info))
		}
		return nil
	})
	return out, wrap("list", dir, err)
}

// batch is how many names are read from a folder at a time.
const batch = 1024

// eachName gives every name in a folder, in no order.
func eachName(ctx context.Context, root *os.Root, dir string, give func(string)) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(batch)
		for _, name := range names {
			if checkName(name) == nil {
				give(name)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

func entryOf(info fs.FileInfo) Entry {
	e := Entry{Name: info.Name(), Size: info.Size(), Time: info.ModTime()}
	switch {
	case info.IsDir():
		e.Kind = Dir
	case !info.Mode().IsRegular():
		e.Kind = Other
	}
	return e
}

func (l local) Read(ctx context.Context, name string, max int64) (data []byte, err error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	err = l.in(ctx, func(root *os.Root) error {
		before, err := root.Lstat(name)
		if err != nil {
			return err
		}
		if !before.Mode().IsRegular() {
			return ErrNotFile
		}
		f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // should a pipe have come in its place, it is not waited for
		if err != nil {
			return err
		}
		defer f.Close()
		after, err := f.Stat()
		if err != nil {
			return err
		}
		if !os.SameFile(before, after) {
			return ErrNotFile
		}
		data, err = readFirst(f, after.Size(), max)
		return err
	})
	return data, wrap("read", name, err)
}

// readFirst reads all of a file that is said to have size bytes, or the first max of it and ErrTooBig.
func readFirst(r io.Reader, size, max int64) ([]byte, error) {
	data := make([]byte, min(size, max)+1)
	n := 0
	for {
		got, err := io.ReadFull(r, data[n:])
		n += got
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return data[:n], nil
		case err != nil:
			return nil, err
		case int64(n) > max:
			return data[:max], ErrTooBig
		}
		data = append(data, make([]byte, min(int64(n), max+1-int64(n)))...) // it has grown
	}
}

func (l local) Write(ctx context.Context, name string, data []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	return wrap("write", name, l.in(ctx, func(root *os.Root) error {
		temp := temporary(name)
		err := writeSync(root, temp, data)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = root.Rename(temp, name)
		}
		if err != nil {
			if gone := root.Remove(temp); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
			return err
		}
		return syncDir(root, path.Dir(name))
	}))
}

func writeSync(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o660)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a rename last over a loss of power.
func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (l local) Rename(ctx context.Context, from, to string) error {
	if err := errors.Join(checkName(from), checkName(to)); err != nil {
		return err
	}
	return wrap("rename", from, l.in(ctx, func(root *os.Root) error { return root.Rename(from, to) }))
}

func (l local) Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return wrap("remove", name, l.in(ctx, func(root *os.Root) error { return root.Remove(name) }))
}

func (l local) MkdirAll(ctx context.Context, dir string) error {
	if err := checkName(dir); err != nil {
		return err
	}
	return wrap("make folder", dir, l.in(ctx, func(root *os.Root) error { return root.MkdirAll(dir, 0o770) }))
}

func wrap(verb, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w", verb, name, err)
}
