package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pkg/sftp"
)

// remote is a folder behind SFTP.
type remote struct {
	base string // path on the server
	wire *wire
}

func newRemote(a Address) (*remote, error) {
	u, err := url.Parse(a.URL)
	if err != nil {
		return nil, ErrAddress
	}
	w, err := newWire(u, a)
	if err != nil {
		return nil, err
	}
	return &remote{base: path.Clean(u.Path), wire: w}, nil
}

func (r *remote) Close() error { return r.wire.close() }

func (r *remote) at(name string) string { return path.Join(r.base, name) }

func (r *remote) List(ctx context.Context, dir string, max int) (out Listing, err error) {
	if err := checkDir(dir); err != nil {
		return Listing{}, err
	}
	err = r.wire.do(ctx, func(ctx context.Context, c *conn) error {
		all, full, err := c.list(ctx, r.at(dir))
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(i fs.FileInfo) bool { return checkName(i.Name()) != nil })
		slices.SortFunc(all, func(a, b fs.FileInfo) int { return strings.Compare(a.Name(), b.Name()) })
		out = Listing{More: full || len(all) > max}
		for _, info := range all[:min(len(all), max)] {
			out.Entries = append(out.Entries, entryOf(info))
		}
		return nil
	})
	return out, wrap("list", dir, err)
}

func (r *remote) Read(ctx context.Context, name string, max int64) (data []byte, err error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	err = r.wire.do(ctx, func(ctx context.Context, c *conn) error {
		info, err := c.Lstat(r.at(name))
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return ErrNotFile
		}
		f, err := c.OpenFile(r.at(name), os.O_RDONLY)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err = readFirst(until{ctx, f}, info.Size(), max)
		return err
	})
	return data, wrap("read", name, err)
}

// until reads until a context ends, lest a server that gives a byte now and then be listened to for ever.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

func (r *remote) Write(ctx context.Context, name string, data []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	return wrap("write", name, r.wire.do(ctx, func(ctx context.Context, c *conn) error {
		temp := r.at(temporary(name))
		err := c.write(temp, data)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = c.replace(temp, r.at(name))
		}
		if err != nil {
			_ = c.Remove(temp) // where it cannot be removed, the one who sweeps finds it
		}
		return err
	}))
}

func (r *remote) Rename(ctx context.Context, from, to string) error {
	if err := errors.Join(checkName(from), checkName(to)); err != nil {
		return err
	}
	return wrap("rename", from, r.wire.do(ctx, func(_ context.Context, c *conn) error { return c.replace(r.at(from), r.at(to)) }))
}

func (r *remote) Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return wrap("remove", name, r.wire.do(ctx, func(_ context.Context, c *conn) error { return c.Remove(r.at(name)) }))
}

func (r *remote) MkdirAll(ctx context.Context, dir string) error {
	if err := checkName(dir); err != nil {
		return err
	}
	return wrap("make folder", dir, r.wire.do(ctx, func(_ context.Context, c *conn) error { return c.MkdirAll(r.at(dir)) }))
}

// conn is an open connection.
type conn struct {
	*sftp.Client
	received *meter
	hang     func() error // ends it at once, whoever waits for what
	lost     chan struct{}
	used     time.Time
}

// maxListing is how many bytes of names a server may send: some 100,000 entries.
const maxListing = 32 << 20

// list reads a folder. Full says that the server had more than maxListing to say.
func (c *conn) list(ctx context.Context, dir string) (all []fs.FileInfo, full bool, err error) {
	enough, stop := context.WithCancel(ctx)
	defer stop()
	defer c.received.limit(maxListing, stop)()
	all, err = c.ReadDirContext(enough, dir)
	if enough.Err() != nil && ctx.Err() == nil {
		return all, true, nil
	}
	return all, false, err
}

// write makes a file; a server that can is asked to bring it to its disk.
func (c *conn) write(name string, data []byte) error {
	f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if _, can := c.HasExtension("fsync@openssh.com"); can && err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replace moves a file. A server without posix-rename does not move onto a file that is there: that one is removed first.
func (c *conn) replace(from, to string) error {
	if _, can := c.HasExtension("posix-rename@openssh.com"); can {
		return c.PosixRename(from, to)
	}
	err := c.Client.Rename(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, there := c.Lstat(to); there != nil {
		return err
	}
	if err := c.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.Client.Rename(from, to)
}
