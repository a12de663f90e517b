package folder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestKnowsTheServer(t *testing.T) {
	s, other := serveSFTP(t), serveSFTP(t)
	tests := []struct {
		name  string
		spoil func(*Address)
		want  error
	}{
		{"another host key", func(a *Address) { a.HostKey = other.address.HostKey }, ErrWrongHost},
		{"another password", func(a *Address) { a.Password = "secret-2" }, ErrLogin},
		{"another user", func(a *Address) { a.URL = strings.Replace(a.URL, "jingjiang", "taixing", 1) }, ErrLogin},
		{"no host key", func(a *Address) { a.HostKey = "" }, ErrHostKey},
		{"no folder", func(a *Address) { a.URL += "/nowhere" }, os.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.address
			tt.spoil(&a)
			if _, err := Open(t.Context(), a); !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestConnectsAgain(t *testing.T) {
	s := serveSFTP(t)
	f := opened(t, s.address)
	for range 3 {
		put(t, f, "x", "text")
		s.cut()
	}
	put(t, f, "x", "text")
	if n := s.logins.Load(); n != 4 {
		t.Errorf("%d logins, want 4", n)
	}
}

// stalls passes n bytes on and then nothing more.
type stalls struct {
	r    io.Reader
	n    int
	then func()
}

func (s *stalls) Read(p []byte) (int, error) {
	if s.n <= 0 {
		if s.then != nil {
			s.then()
		}
		time.Sleep(50 * time.Millisecond)
		return 0, nil
	}
	n, err := s.r.Read(p[:min(len(p), s.n)])
	s.n -= n
	return n, err
}

func TestServerThatStalls(t *testing.T) {
	s := serveSFTP(t)
	f := opened(t, s.address)
	s.cut()
	s.through = func(r io.Reader) io.Reader { return &stalls{r: r, n: 200} }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := f.Write(ctx, "x", []byte("text")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A server that takes the connection and never greets.
func TestServerThatSaysNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := serveSFTP(t).address
	a.URL = "sftp://jingjiang@" + l.Addr().String() + "/x"
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := Open(ctx, a); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

// The line breaks in the middle of a file: under the file's own name there is nothing, or what was there before.
func TestCutWhileWriting(t *testing.T) {
	s := serveSFTP(t)
	f := opened(t, s.address)
	put(t, f, "old", "before")
	s.cut()
	s.through = func(r io.Reader) io.Reader { return &stalls{r: r, n: 70_000, then: s.cut} }
	big := bytes.Repeat([]byte("x"), 300_000)
	for _, name := range []string{"new", "old"} {
		if err := f.Write(t.Context(), name, big); err == nil {
			t.Fatalf("wrote %s over a broken line", name)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("new: %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(s.dir, "old")); err != nil || string(got) != "before" {
		t.Errorf("old %q: %v", got, err)
	}
	left, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() != "old" && !Temporary(e.Name()) {
			t.Errorf("left %s", e.Name())
		}
	}
	s.through = nil
	s.cut()
	put(t, f, "new", "after")
}

func TestDeadServerIsNotHammered(t *testing.T) {
	a := serveSFTP(t).address
	a.Password = "wrong"
	s := 0
	f, err := open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	began := time.Now()
	for time.Since(began) < dialPause/2 {
		if err := f.Write(t.Context(), "x", nil); !errors.Is(err, ErrLogin) {
			t.Fatal(err)
		}
		s++
	}
	if s < 100 { // a login takes some milliseconds
		t.Errorf("only %d attempts: each seems to have gone to the server", s)
	}
}
