package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestClosedOn(t *testing.T) {
	open := t.TempDir()
	if err := os.Chmod(open, 0o711); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(open, "closed")
	inner := filepath.Join(closed, "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := account{uid: 12345, gid: 12345, other: true}
	owner := account{uid: uint32(os.Getuid()), gid: uint32(os.Getgid())}
	if at, err := owner.closedOn(inner); err != nil || at != "" {
		t.Errorf("the owner is stopped at %q: %v", at, err)
	}
	// The temporary folder itself may lie in a closed one: then that's the answer.
	at, err := stranger.closedOn(inner)
	if err != nil || at == "" || len(at) > len(closed) {
		t.Errorf("a stranger is stopped at %q, want %q or above: %v", at, closed, err)
	}
}

func TestSudoer(t *testing.T) {
	for _, tt := range []struct {
		uid, gid string
		want     bool
	}{{"1000", "1000", true}, {"0", "0", false}, {"", "", false}, {"x", "1", false}, {"-1", "1", false}, {"1000", "", false}} {
		t.Setenv("SUDO_UID", tt.uid)
		t.Setenv("SUDO_GID", tt.gid)
		if a, ok := sudoer(); ok != tt.want || ok && (a.uid != 1000 || !a.other) {
			t.Errorf("SUDO_UID=%q SUDO_GID=%q: %+v, %v", tt.uid, tt.gid, a, ok)
		}
	}
}

func TestCheckSpace(t *testing.T) {
	f := folder{path: t.TempDir()}
	if err := f.checkSpace(0); err != nil {
		t.Errorf("no need at all: %v", err)
	}
	var full ErrDiskFull
	if err := f.checkSpace(1 << 62); !errors.As(err, &full) || full.Free == 0 {
		t.Errorf("more than any disk: %v", err)
	}
}

func TestSocketFolderOfAStranger(t *testing.T) {
	f := folder{path: t.TempDir(), account: account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}}
	if err := os.Symlink("/tmp", filepath.Join(f.path, "socket")); err != nil {
		t.Fatal(err)
	}
	var foreign ErrForeign
	if err := f.makeSocketDir(); !errors.As(err, &foreign) {
		t.Errorf("a socket folder that points elsewhere: %v", err)
	}
}

func TestRelocate(t *testing.T) {
	from, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	bin := filepath.Join(from, "bin")
	if err := errors.Join(
		os.MkdirAll(bin, 0o755), os.MkdirAll(filepath.Join(from, "lib"), 0o755),
		os.WriteFile(filepath.Join(bin, "postgres"), []byte("#!/bin/sh\n"), 0o755),
		os.WriteFile(filepath.Join(from, "lib/libpq.so.5.18"), []byte("x"), 0o644),
		os.Symlink("libpq.so.5.18", filepath.Join(from, "lib/libpq.so.5")),
	); err != nil {
		t.Fatal(err)
	}
	first, err := relocate(programs{bin, 18}, cache)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := relocate(programs{bin, 18}, cache); err != nil || again != first {
		t.Errorf("the second time it's %+v, %v", again, err)
	}
	if info, err := os.Stat(first.postgres()); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the copy of postgres: %v", err)
	}
	if raw, err := os.ReadFile(filepath.Join(first.bin, "../lib/libpq.so.5")); err != nil || string(raw) != "x" {
		t.Errorf("the copy of a linked library: %q, %v", raw, err)
	}
	if err := os.Chmod(filepath.Dir(first.bin), 0o777); err != nil {
		t.Fatal(err)
	}
	var foreign ErrForeign
	if _, err := relocate(programs{bin, 18}, cache); !errors.As(err, &foreign) {
		t.Errorf("a copy that everybody may change is used: %v", err)
	}
}
