package blob_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/sm"
)

const limit = 20 << 20

func open(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	s, err := blob.Open(t.Context(), dir, sm.NewTestKeyring(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, dir
}

func TestPutAndGet(t *testing.T) {
	s, dir := open(t)
	data := pdfFile(2)
	ref, err := s.Put(t.Context(), bytes.NewReader(data), limit)
	if err != nil {
		t.Fatal(err)
	}
	if want := (blob.Ref{Digest: sm.SM3Hex(data), Size: int64(len(data)), Mime: blob.MimePDF}); ref != want {
		t.Errorf("Put = %+v, want %+v", ref, want)
	}
	got, err := s.Get(t.Context(), ref.Digest)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("Get = %d bytes, %v", len(got), err)
	}
	if again, err := s.Put(t.Context(), bytes.NewReader(data), limit); err != nil || again != ref {
		t.Errorf("the same file again: %+v, %v", again, err)
	}
	if n := len(stored(t, dir)); n != 1 {
		t.Errorf("%d files on disk after the same was stored twice", n)
	}
	for path, raw := range stored(t, dir) {
		if bytes.Contains(raw, []byte("PDF")) || bytes.Contains(raw, []byte("endobj")) {
			t.Errorf("%s holds plain text", path)
		}
	}
	if err := s.Delete(t.Context(), ref.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), ref.Digest); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("after Delete: %v", err)
	}
	if err := s.Delete(t.Context(), ref.Digest); err != nil {
		t.Errorf("a second Delete: %v", err)
	}
}

func TestPutRefuses(t *testing.T) {
	s, dir := open(t)
	big := append(pdfFile(1), make([]byte, limit)...)
	for _, tt := range []struct {
		name string
		r    io.Reader
		want error
	}{
		{"0 bytes", strings.NewReader(""), blob.ErrEmpty},
		{"21 MB", bytes.NewReader(big), blob.ErrTooBig{Max: limit}},
		{"an endless stream", endless{}, blob.ErrTooBig{Max: limit}},
		{"a program", bytes.NewReader(exe()), blob.ErrKind{Mime: "application/octet-stream"}},
		{"an upload that breaks off", io.MultiReader(bytes.NewReader(pdfFile(1)), broken{}), io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.Put(t.Context(), tt.r, limit); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
	if n := len(stored(t, dir)); n != 0 {
		t.Errorf("refused files left %d files on disk", n)
	}
}

func TestGetNoticesEveryChange(t *testing.T) {
	s, dir := open(t)
	ref, err := s.Put(t.Context(), bytes.NewReader(pdfFile(1)), limit)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Put(t.Context(), bytes.NewReader(pdfFile(2)), limit)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, ref.Digest[:2], ref.Digest)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := os.ReadFile(filepath.Join(dir, other.Digest[:2], other.Digest))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for name, content := range map[string][]byte{
		"one bit": flipped, "cut off": good[:len(good)/2], "emptied": nil, "another file of ours": swapped,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), ref.Digest); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("%s: error = %v, want ErrDamaged", name, err)
		}
		if again, err := s.Put(t.Context(), bytes.NewReader(pdfFile(1)), limit); err != nil || again != ref {
			t.Errorf("%s: storing the file again: %v", name, err)
		}
		if _, err := s.Get(t.Context(), ref.Digest); err != nil {
			t.Errorf("%s: storing the file again did not mend it: %v", name, err)
		}
	}
}

func TestNamesAreNeverPaths(t *testing.T) {
	s, dir := open(t)
	secret := filepath.Join(filepath.Dir(dir), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "ab", "../secret", secret, strings.Repeat("../", 22) + "zz", strings.Repeat("A", 64), strings.Repeat("a", 63) + "/"} {
		if _, err := s.Get(t.Context(), name); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Get(%q) = %v", name, err)
		}
		if ok, err := s.Has(t.Context(), name); ok || err != nil {
			t.Errorf("Has(%q) = %v, %v", name, ok, err)
		}
		if err := s.Delete(t.Context(), name); err != nil {
			t.Errorf("Delete(%q) = %v", name, err)
		}
	}
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("a file outside of the store is gone: %v", err)
	}
}

func TestPutTheSameAtOnce(t *testing.T) {
	s, dir := open(t)
	data := jpegFile(t, 400, 400)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			ref, err := s.Put(t.Context(), bytes.NewReader(data), limit)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Get(t.Context(), ref.Digest); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(stored(t, dir)); n != 1 {
		t.Errorf("%d files on disk", n)
	}
}

// stored returns all files below dir.
func stored(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
