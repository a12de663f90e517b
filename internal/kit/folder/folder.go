package folder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Folder is a folder of files. Names are relative to it, with slashes: "to/a.txt". It is safe for concurrent use; each
// method gives up when its context ends. A file that is not there is fs.ErrNotExist for errors.Is.
type Folder interface {
	// List gives the entries of a folder below this one ("" is itself) in order of name: the first max, and whether there are
	// more. Symbolic links are not followed. Temporary files of Write are among them; names that the other methods would refuse are not.
	List(ctx context.Context, dir string, max int) (Listing, error)
	// Read gives the content of a file. Of one that is larger come the first max bytes and ErrTooBig; what is no plain file is
	// ErrNotFile.
	Read(ctx context.Context, name string, max int64) ([]byte, error)
	// Write makes or replaces a file, whole or not at all in the eyes of a reader.
	Write(ctx context.Context, name string, data []byte) error
	// Rename moves an entry, in place of the file that has the new name. Of several who move the same entry one succeeds, for the others it is not there.
	Rename(ctx context.Context, from, to string) error
	// Remove removes a file or an empty folder.
	Remove(ctx context.Context, name string) error
	// MkdirAll makes a folder with those above it, unless it is there.
	MkdirAll(ctx context.Context, dir string) error
	// Close lets go of what it stands on.
	Close() error
}

// Listing is what a folder holds.
type Listing struct {
	Entries []Entry // in order of name
	More    bool    // there are others
}

// Entry is one name in a folder.
type Entry struct {
	Name string // its last part
	Kind Kind
	Size int64
	Time time.Time // of its last change, by the clock of who holds the folder
}

// Kind is what an entry is.
type Kind int

// The kinds of entries.
const (
	File Kind = iota
	Dir
	Other // a link, a device, a pipe: never to be read
)

// The faults of what is asked of a folder.
var (
	ErrName    = errors.New("folder: not a name below the folder")
	ErrTooBig  = errors.New("folder: the file is larger than may be read")
	ErrNotFile = errors.New("folder: not a plain file")
)

// maxName is what file systems take as one part of a name, in bytes.
const maxName = 255

// checkName tells whether a name stays below the folder and can be written on any file system.
func checkName(name string) error {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || len(part) > maxName || !utf8.ValidString(part) ||
			strings.ContainsFunc(part, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
			return fmt.Errorf("%q: %w", name, ErrName)
		}
	}
	return nil
}

// checkDir is checkName for a folder, which may be "" for the folder itself.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	return checkName(dir)
}

// The temporary names of Write.
const (
	tempPrefix = ".yc-"
	tempSuffix = ".part"
)

// Temporary tells whether a name is one that Write, here or at another process, gives a file while it is being written.
func Temporary(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

// temporary is a new temporary name beside a name.
func temporary(name string) string {
	return path.Join(path.Dir(name), tempPrefix+rand.Text()+tempSuffix)
}

// Open opens the folder at an address. For SFTP that takes a connection, kept until Close and made anew when it breaks.
func Open(ctx context.Context, a Address) (Folder, error) {
	f, err := open(a)
	if err != nil {
		return nil, err
	}
	if _, err := f.List(ctx, "", 1); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// open makes the folder of an address without touching it.
func open(a Address) (Folder, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if dir, ok := a.local(); ok {
		return local{dir}, nil
	}
	return newRemote(a)
}
