package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// both runs a test on a folder of each kind; dir is where its files really are.
func both(t *testing.T, test func(t *testing.T, f Folder, dir string)) {
	t.Run("local", func(t *testing.T) {
		dir := t.TempDir()
		test(t, opened(t, Address{URL: "file://" + dir}), dir)
	})
	t.Run("sftp", func(t *testing.T) {
		s := serveSFTP(t)
		test(t, opened(t, s.address), s.dir)
	})
}

func opened(t *testing.T, a Address) Folder {
	t.Helper()
	f, err := Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "closed") {
			t.Error(err)
		}
	})
	return f
}

func put(t *testing.T, f Folder, name, text string) {
	t.Helper()
	if err := f.Write(t.Context(), name, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func listed(l Listing) string {
	var out []string
	for _, e := range l.Entries {
		out = append(out, e.Name)
	}
	return strings.Join(out, " ")
}

func TestFiles(t *testing.T) {
	both(t, func(t *testing.T, f Folder, dir string) {
		ctx := t.Context()
		for range 2 {
			if err := f.MkdirAll(ctx, "from/done/2026-11-25"); err != nil {
				t.Fatal(err)
			}
		}
		put(t, f, "from/b.txt", "first")
		put(t, f, "from/b.txt", "第二") // in place of the first
		put(t, f, "from/a.txt", "")
		got, err := f.Read(ctx, "from/b.txt", 100)
		if err != nil || string(got) != "第二" {
			t.Fatalf("read %q: %v", got, err)
		}
		l, err := f.List(ctx, "from", 10)
		if err != nil || listed(l) != "a.txt b.txt done" || l.More {
			t.Fatalf("list %+v: %v", l, err)
		}
		if e := l.Entries[1]; e.Kind != File || e.Size != int64(len("第二")) || time.Since(e.Time) > time.Minute || l.Entries[2].Kind != Dir {
			t.Fatalf("entries %+v", l.Entries)
		}
		if l, err := f.List(ctx, "from", 2); err != nil || listed(l) != "a.txt b.txt" || !l.More {
			t.Fatalf("first two %+v: %v", l, err)
		}
		put(t, f, "from/done/a.txt", "old")
		if err := f.Rename(ctx, "from/a.txt", "from/done/a.txt"); err != nil {
			t.Fatalf("rename onto a file: %v", err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "from/done/a.txt")); err != nil || len(got) != 0 {
			t.Fatalf("renamed %q: %v", got, err)
		}
		if err := errors.Join(f.Remove(ctx, "from/done/a.txt"), f.Remove(ctx, "from/done/2026-11-25")); err != nil {
			t.Fatal(err)
		}
		for verb, err := range map[string]error{
			"rename": f.Rename(ctx, "from/a.txt", "from/c.txt"), "remove": f.Remove(ctx, "from/a.txt"),
			"read": second(f.Read(ctx, "from/a.txt", 1)), "list": second(f.List(ctx, "nowhere", 1)), "write": f.Write(ctx, "nowhere/x", nil),
		} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s of what is not there: %v", verb, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestRefusesNames(t *testing.T) {
	both(t, func(t *testing.T, f Folder, dir string) {
		ctx := t.Context()
		for _, name := range []string{"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "./a", `a\b`, "a\x00b", "a\nb", "\xff", strings.Repeat("n", 256), "a/"} {
			for verb, err := range map[string]error{
				"read": second(f.Read(ctx, name, 1)), "write": f.Write(ctx, name, nil), "remove": f.Remove(ctx, name), "make": f.MkdirAll(ctx, name),
				"rename": f.Rename(ctx, "ok", name), "rename from": f.Rename(ctx, name, "ok"),
			} {
				if !errors.Is(err, ErrName) {
					t.Errorf("%s %q: %v", verb, name, err)
				}
			}
			if name != "" && !errors.Is(second(f.List(ctx, name, 1)), ErrName) {
				t.Errorf("list %q", name)
			}
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Fatalf("left %v: %v", left, err)
		}
	})
}

func TestReadIsBounded(t *testing.T) {
	both(t, func(t *testing.T, f Folder, _ string) {
		text := strings.Repeat("0123456789", 20_000)
		put(t, f, "big", text)
		for _, max := range []int64{0, 1, 199_999} {
			if got, err := f.Read(t.Context(), "big", max); !errors.Is(err, ErrTooBig) || string(got) != text[:max] {
				t.Errorf("the first %d bytes: %d bytes, %v", max, len(got), err)
			}
		}
		if got, err := f.Read(t.Context(), "big", 200_000); err != nil || string(got) != text {
			t.Errorf("all: %d bytes, %v", len(got), err)
		}
	})
}

func TestReadsPlainFilesOnly(t *testing.T) {
	both(t, func(t *testing.T, f Folder, dir string) {
		secret := filepath.Join(t.TempDir(), "secret")
		if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Symlink(secret, filepath.Join(dir, "out")),
			os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600), os.Symlink("plain", filepath.Join(dir, "in")),
			os.Mkdir(filepath.Join(dir, "folder"), 0o700), syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"out", "in", "folder", "pipe"} {
			if got, err := f.Read(t.Context(), name, 100); !errors.Is(err, ErrNotFile) {
				t.Errorf("read %s: %q, %v", name, got, err)
			}
		}
		l, err := f.List(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]Kind{}
		for _, e := range l.Entries {
			kinds[e.Name] = e.Kind
		}
		if kinds["out"] != Other || kinds["in"] != Other || kinds["pipe"] != Other || kinds["folder"] != Dir || kinds["plain"] != File {
			t.Errorf("kinds %v", kinds)
		}
		if err := f.Rename(t.Context(), "out", "bad"); err != nil { // the link goes, what it points to stays
			t.Error(err)
		}
		if got, err := os.ReadFile(secret); err != nil || string(got) != "secret" {
			t.Errorf("secret %q: %v", got, err)
		}
	})
}

// A link out of the folder is no way to write there either.
func TestLocalStaysInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "way")); err != nil {
		t.Fatal(err)
	}
	f := opened(t, Address{URL: "file://" + dir})
	for verb, err := range map[string]error{
		"write": f.Write(t.Context(), "way/x", nil), "make": f.MkdirAll(t.Context(), "way/x"), "list": second(f.List(t.Context(), "way", 1)),
	} {
		if err == nil {
			t.Errorf("%s went out", verb)
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("outside %v: %v", left, err)
	}
}

// While a file is replaced again and again, a reader sees one of its versions whole.
func TestReadersSeeWholeFiles(t *testing.T) {
	both(t, func(t *testing.T, f Folder, _ string) {
		version := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%20)}, 40_000) }
		put(t, f, "x", string(version(0)))
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			defer stop()
			for i := range 40 {
				if err := f.Write(t.Context(), "x", version(i)); err != nil {
					t.Error(err)
				}
			}
		})
		for ctx.Err() == nil {
			got, err := f.Read(t.Context(), "x", 1<<20)
			if err == nil && (len(got) != 40_000 || bytes.Count(got, got[:1]) != len(got)) {
				t.Errorf("saw %d bytes, %d of them %q", len(got), bytes.Count(got, got[:1]), got[:1])
			}
			if err != nil && !errors.Is(err, ErrNotFile) { // replaced between look and opening
				t.Error(err)
			}
		}
		all.Wait()
	})
}

// Of many who claim a file by moving it, one gets it.
func TestOneClaims(t *testing.T) {
	both(t, func(t *testing.T, f Folder, _ string) {
		for round := range 10 {
			put(t, f, "x", "text")
			won := make(chan string, 8)
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					name := fmt.Sprintf("claim-%d-%d", round, i)
					switch err := f.Rename(t.Context(), "x", name); {
					case err == nil:
						won <- name
					case !errors.Is(err, fs.ErrNotExist):
						t.Errorf("claim: %v", err)
					}
				})
			}
			all.Wait()
			if len(won) != 1 {
				t.Fatalf("%d got it", len(won))
			}
		}
	})
}

func TestManyFilesInLittleMemory(t *testing.T) {
	dir := t.TempDir()
	for i := range 20_000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d", (i*7919)%20_000)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := opened(t, Address{URL: "file://" + dir})
	var l Listing
	took := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			var err error
			if l, err = f.List(b.Context(), "", 100); err != nil {
				b.Fatal(err)
			}
		}
	})
	if len(l.Entries) != 100 || l.Entries[0].Name != "00000" || l.Entries[99].Name != "00099" || !l.More {
		t.Fatalf("%d entries from %+v", len(l.Entries), l.Entries[0])
	}
	if took.AllocedBytesPerOp() > 2<<20 {
		t.Errorf("%d bytes for a list of 100", took.AllocedBytesPerOp())
	}
}

func TestPoolKeepsOnePerAddress(t *testing.T) {
	s := serveSFTP(t)
	var p Pool
	for range 20 {
		f, err := p.Open(s.address)
		if err != nil {
			t.Fatal(err)
		}
		put(t, f, "x", "text")
	}
	if n := s.logins.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
	other := s.address
	other.Password = "another"
	f, err := p.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), "x", nil); !errors.Is(err, ErrLogin) {
		t.Errorf("with another password: %v", err)
	}
	_ = p.Close()
	if _, err := p.Open(Address{URL: "ftp://x/y"}); !errors.Is(err, ErrAddress) {
		t.Errorf("another scheme: %v", err)
	}
}
