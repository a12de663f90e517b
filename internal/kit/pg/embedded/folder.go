package embedded

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// minFree is the space below which starting makes no sense: a fresh cluster takes 40 MB, its log of changes soon 64 MB more.
const minFree = 256 << 20

// folder is the place of one server on disk.
type folder struct {
	path string
	account
	socketDir string
	caps      []uintptr
}

func (f folder) cluster() string { return filepath.Join(f.path, "cluster") }
func (f folder) logFile() string { return filepath.Join(f.path, "postgres.log") }
func (f folder) pidFile() string { return filepath.Join(f.cluster(), "postmaster.pid") }

// ours are the names that may lie in the folder.
var ours = map[string]bool{
	"cluster": true, "cluster.new": true, "socket": true, "postgres.log": true, "postgres.log.1": true, "owner.lock": true,
	"lost+found": true,
}

// openFolder makes the folder where it is missing, and refuses one that holds what is not ours. Nothing in it is changed.
func openFolder(path string) (folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return folder{}, err
	}
	f := folder{path: path, account: accountFor(path)}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, f.make()
	case errors.Is(err, syscall.ENOTDIR):
		return f, ErrForeign{path, "a file instead of a folder"}
	case err != nil:
		return f, fmt.Errorf("open data folder: %w", err)
	}
	if err := f.checkOwner(); err != nil {
		return f, err
	}
	for _, e := range entries {
		if !ours[e.Name()] {
			return f, ErrForeign{path, e.Name()}
		}
	}
	return f, f.own(path)
}

func (f folder) make() error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return f.explain(err)
	}
	if err := os.Mkdir(f.path, 0o700); err != nil {
		return f.explain(err)
	}
	return f.own(f.path)
}

func (f folder) checkOwner() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; !f.other && uid != f.uid {
		return ErrOwner{Folder: f.path, UID: uid, Our: f.uid}
	}
	return nil
}

// explain turns the failure of a file operation into what the person can mend.
func (f folder) explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrDiskFull{Folder: f.path}
	}
	return fmt.Errorf("data folder: %w", err)
}

// version is the major version of the data in the folder, 0 where there is none yet.
func (f folder) version() (int, error) {
	raw, err := os.ReadFile(filepath.Join(f.cluster(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(f.cluster()); err == nil {
			return 0, ErrForeign{f.path, "a cluster without PG_VERSION"}
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, ErrForeign{f.path, "a PG_VERSION that is no number"}
	}
	return major, nil
}

// checkSpace refuses to start on a disk with less than need bytes.
func (f folder) checkSpace(need uint64) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(f.path, &st); err != nil {
		return nil // some file systems can't tell: then the writing will
	}
	if free := uint64(st.Bavail) * uint64(st.Bsize); free < need {
		return ErrDiskFull{Folder: f.path, Free: free}
	}
	return nil
}

// checkWay makes sure that the account reaches its data, with a capability where that's the only way.
func (f *folder) checkWay() error {
	if !f.other {
		return nil
	}
	at, err := f.closedOn(f.path)
	if err != nil || at == "" {
		return err
	}
	if f.caps = passAll(); f.caps == nil {
		return ErrUnreachable{Path: f.path, At: at, UID: f.uid}
	}
	return nil
}

// reachable returns programs that the account can run: these, or a copy where it can't enter their folder.
func (f *folder) reachable(p programs) (programs, error) {
	if !f.other {
		return p, nil
	}
	at, err := f.closedOn(p.bin)
	if err != nil || at == "" {
		return p, err
	}
	return relocate(p, cache)
}

// makeSocketDir makes the folder of the socket: in the data folder, unless the path would pass the limit of a socket's name (107
// bytes on Linux, 103 on macOS) or has a character that connection strings treat as special.
func (f *folder) makeSocketDir() error {
	f.socketDir = filepath.Join(f.path, "socket")
	if len(f.socketDir)+len("/.s.PGSQL.5432.lock") > 103 || strings.ContainsAny(f.socketDir, `,"\`) {
		sum := sha256.Sum256([]byte(f.path))
		f.socketDir = "/tmp/yichuang-" + hex.EncodeToString(sum[:8])
	}
	if err := os.Mkdir(f.socketDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return f.explain(err)
	}
	info, err := os.Lstat(f.socketDir)
	if err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || (st.Uid != f.uid && st.Uid != uint32(os.Geteuid())) || info.Mode().Perm()&0o022 != 0 {
		return ErrForeign{f.socketDir, "an entry of another user, who might listen in"}
	}
	return f.own(f.socketDir)
}

// initdb makes the cluster under another name and renames it when it's complete: one that was interrupted is never mistaken for data.
func (f folder) initdb(ctx context.Context, p programs, sync bool) error {
	fresh := f.cluster() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return f.explain(err)
	}
	runtime.LockOSThread() // the death signal of a child goes by the thread that started it
	defer runtime.UnlockOSThread()
	var out []byte
	for _, locale := range locales(p.major) {
		args := append([]string{"--pgdata=" + fresh, "--username=" + superuser, "--auth=trust", "--encoding=UTF8",
			"--data-checksums", "--no-instructions"}, locale...)
		if !sync {
			args = append(args, "--no-sync")
		}
		cmd := f.command(ctx, false, p.initdb(), args...)
		var err error
		if out, err = cmd.CombinedOutput(); err == nil {
			return os.Rename(fresh, f.cluster())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(out) == 0 { // it did not even begin
			out = []byte(err.Error())
		}
		if !bytes.Contains(out, []byte("locale")) {
			break
		}
	}
	os.RemoveAll(fresh)
	return f.diagnose(out)
}

// locales are the ways to ask for UTF-8 with the order of code points, the preferred first. The builtin provider (since 17) is
// the same on every machine, so that an index never depends on the C library.
func locales(major int) [][]string {
	if major >= 17 {
		return [][]string{
			{"--locale-provider=builtin", "--locale=C.UTF-8"},
			{"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"},
		}
	}
	return [][]string{{"--locale=C.UTF-8"}, {"--locale=C"}}
}

// command prepares a program of PostgreSQL to be run as the account.
func (f folder) command(ctx context.Context, detached bool, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/"
	cmd.Env = childEnv()
	cmd.SysProcAttr = f.attr(detached, f.caps)
	return cmd
}

// childEnv is all that the server's programs see of our environment: no secret of ours, and messages that diagnose understands.
func childEnv() []string {
	return []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=Asia/Shanghai"}
}

// diagnose finds in the last words of a program what a person can mend.
func (f folder) diagnose(out []byte) error {
	if bytes.Contains(out, []byte("No space left on device")) || bytes.Contains(out, []byte("Disk quota exceeded")) {
		return ErrDiskFull{Folder: f.path}
	}
	return ErrServer{Log: f.logFile(), Said: lastLines(out, 5)}
}

func lastLines(out []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
