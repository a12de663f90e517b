package wire

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pkg/sftp"
)

// chroot answers SFTP requests from one folder; an os.Root lets no name and no link out of it.
type chroot struct{ root *os.Root }

func handlers(root *os.Root) sftp.Handlers {
	r := chroot{root}
	return sftp.Handlers{FileGet: r, FilePut: r, FileCmd: r, FileList: r}
}

// inside turns the path of a request, absolute and clean, into a name below the root.
func inside(path string) string {
	if name := strings.TrimPrefix(path, "/"); name != "" {
		return name
	}
	return "."
}

func (r chroot) Fileread(q *sftp.Request) (io.ReaderAt, error) {
	return r.root.Open(inside(q.Filepath))
}

func (r chroot) Filewrite(q *sftp.Request) (io.WriterAt, error) {
	flags := os.O_WRONLY
	if p := q.Pflags(); p.Creat {
		flags |= os.O_CREATE
		if p.Excl {
			flags |= os.O_EXCL
		}
		if p.Trunc {
			flags |= os.O_TRUNC
		}
	}
	return r.root.OpenFile(inside(q.Filepath), flags, 0o600)
}

func (r chroot) Filecmd(q *sftp.Request) error {
	name := inside(q.Filepath)
	switch q.Method {
	case "Rename":
		if _, err := r.root.Lstat(inside(q.Target)); !errors.Is(err, fs.ErrNotExist) {
			return fs.ErrExist
		}
		return r.root.Rename(name, inside(q.Target))
	case "Remove", "Rmdir":
		info, err := r.root.Lstat(name)
		if err != nil {
			return err
		}
		if info.IsDir() != (q.Method == "Rmdir") {
			return sftp.ErrSSHFxFailure
		}
		return r.root.Remove(name)
	case "Mkdir":
		return r.root.Mkdir(name, 0o700)
	case "Setstat":
		return nil // modes and times of a caller's do not matter here
	}
	return sftp.ErrSSHFxOpUnsupported // links among others
}

func (r chroot) PosixRename(q *sftp.Request) error {
	return r.root.Rename(inside(q.Filepath), inside(q.Target))
}

func (r chroot) Filelist(q *sftp.Request) (sftp.ListerAt, error) {
	name := inside(q.Filepath)
	if q.Method != "List" {
		info, err := r.root.Stat(name)
		return infos{info}, err
	}
	entries, err := fs.ReadDir(r.root.FS(), name)
	if err != nil {
		return nil, err
	}
	all := make(infos, 0, len(entries))
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else moved meanwhile
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

func (r chroot) Lstat(q *sftp.Request) (sftp.ListerAt, error) {
	info, err := r.root.Lstat(inside(q.Filepath))
	return infos{info}, err
}

// infos gives entries piece by piece.
type infos []fs.FileInfo

func (i infos) ListAt(out []fs.FileInfo, from int64) (int, error) {
	if from >= int64(len(i)) {
		return 0, io.EOF
	}
	n := copy(out, i[from:])
	if n < len(out) {
		return n, io.EOF
	}
	return n, nil
}
