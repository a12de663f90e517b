package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// cache is where root keeps copies of programs for users who can't reach the original.
const cache = "/var/cache/yichuang"

// relocate makes a copy of the programs (bin, lib and share, 60 MB) that every user can run, once, and returns it. It's for a project that
// lies in root's home: no capability helps there, since PostgreSQL asks access(2), which goes by the real user alone.
func relocate(p programs, cache string) (programs, error) {
	from := filepath.Dir(p.bin)
	info, err := os.Stat(p.postgres())
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", from, info.Size(), info.ModTime().UnixNano()))
	to := filepath.Join(cache, "postgresql-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		err = copyAll(from, to)
		if err != nil {
			return p, fmt.Errorf("copy PostgreSQL to %s: %w", to, err)
		}
	}
	if err := ownedByUs(to); err != nil {
		return p, err
	}
	return programs{bin: filepath.Join(to, filepath.Base(p.bin)), major: p.major}, nil
}

// copyAll copies under another name first, so that an interrupted copy is never used.
func copyAll(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(to), ".copy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(tmp, os.DirFS(from)); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil && !errors.Is(err, syscall.ENOTEMPTY) { // another process was faster
		return err
	}
	return nil
}

// ownedByUs refuses programs that somebody else could have put there.
func ownedByUs(path string) error {
	for _, p := range []string{filepath.Dir(path), path} {
		info, err := os.Lstat(p)
		if err != nil {
			return err
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != uint32(os.Geteuid()) || info.Mode().Perm()&0o022 != 0 {
			return ErrForeign{p, "an entry that others may change"}
		}
	}
	return nil
}
