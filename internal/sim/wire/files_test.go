package wire_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"yichuang/internal/kit/folder"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// served is a hub with two systems that exchange files.
func served(t *testing.T) (first, second *wire.System) {
	t.Helper()
	b, err := board.New(board.Options{Dir: t.TempDir(), Base: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, err := wire.Open(b, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.ServeFiles(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for _, s := range []struct {
		name string
		to   **wire.System
	}{{"registry/321282", &first}, {"housing/321282", &second}} {
		if *s.to, err = h.New(wire.About{Name: s.name, App: "app-of-it", Counterpart: "registry", Zone: wire.Office, Dialect: "filedrop"}); err != nil {
			t.Fatal(err)
		}
	}
	return first, second
}

func address(s *wire.System) folder.Address {
	f := s.Endpoint().Folder
	return folder.Address{URL: f.URL, HostKey: f.HostKey, Password: f.Password}
}

func TestFileServer(t *testing.T) {
	first, second := served(t)
	ctx := t.Context()
	f, err := folder.Open(ctx, address(first))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := errors.Join(f.MkdirAll(ctx, "a/b"), f.Write(ctx, "a/b/x", []byte("文字")), f.Write(ctx, "a/b/x", []byte("again")), f.Rename(ctx, "a/b/x", "a/y")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(first.Dir(), "a", "y")); err != nil || string(got) != "again" {
		t.Fatalf("on the disk %q: %v", got, err)
	}
	if l, err := f.List(ctx, "a", 10); err != nil || len(l.Entries) != 2 || l.Entries[0].Kind != folder.Dir || l.Entries[1].Size != 5 {
		t.Fatalf("list %+v: %v", l, err)
	}
	if err := errors.Join(f.Remove(ctx, "a/y"), f.Remove(ctx, "a/b")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(ctx, "a/y", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a removed file: %v", err)
	}

	// An account reaches its own folder only.
	secret := filepath.Join(second.Dir(), "secret")
	if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Symlink(second.Dir(), filepath.Join(first.Dir(), "way"))); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Read(ctx, "way/secret", 10); err == nil {
		t.Errorf("read %q of another account", got)
	}
	if err := f.Write(ctx, "way/new", nil); err == nil {
		t.Error("wrote into another account")
	}
	out := address(first)
	out.URL += ".." + second.Dir()
	if _, err := folder.Open(ctx, out); err == nil {
		t.Error("opened a folder above its own")
	}
	stranger := address(first)
	stranger.Password = second.Endpoint().Folder.Password
	if _, err := folder.Open(ctx, stranger); !errors.Is(err, folder.ErrLogin) {
		t.Errorf("with another account's password: %v", err)
	}
}
