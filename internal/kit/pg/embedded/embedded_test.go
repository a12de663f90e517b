package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/embedded"
)

// quick trades safety for speed where a test is not about what survives.
var quick = map[string]string{"fsync": "off"}

// TestMain removes what made leaves.
func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := made(); err == nil {
		os.RemoveAll(filepath.Dir(dir))
	}
	os.Exit(code)
}

// made is a folder after a first start: making a cluster takes ten times as long as copying one.
var made = sync.OnceValues(func() (string, error) {
	parent, err := os.MkdirTemp("", "embedded-test-")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(parent, "pg")
	s, err := embedded.Start(context.Background(), embedded.Options{Data: dir, Settings: quick})
	if err != nil {
		return "", err
	}
	return dir, s.Stop(context.Background())
})

// used returns a data folder of an earlier run, with the given name.
func used(t *testing.T, name string) string {
	t.Helper()
	from, err := made()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("cp", "-a", from, dir).CombinedOutput(); err != nil {
		t.Fatalf("copy: %v: %s", err, out)
	}
	return dir
}

func start(t *testing.T, dir string) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), embedded.Options{Data: dir, Settings: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// count is how many rows a table of the database has that mark has written to.
func count(t *testing.T, s *embedded.Server) (n int) {
	t.Helper()
	pool, err := pg.Open(t.Context(), s.URL("hall"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM mark`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// mark writes a row.
func mark(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.EnsureDB(t.Context(), "hall"); err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), s.URL("hall"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), `CREATE TABLE IF NOT EXISTS mark (id int)`); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO mark VALUES (1)`); err != nil {
		t.Fatal(err)
	}
}

func TestSecondStartKeepsTheDataAndIsFast(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pg")
	s := start(t, dir)
	mark(t, s)
	stop(t, s)
	begun := clock.System().Now()
	s = start(t, dir)
	if d := clock.System().Now().Sub(begun); d > 5*time.Second {
		t.Errorf("the second start took %v", d)
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows left of 1", n)
	}
}

func TestExtensionsAndChinese(t *testing.T) {
	s := start(t, used(t, "pg"))
	if err := s.EnsureDB(t.Context(), "office"); err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), s.URL("office"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	// The role of a zone is no superuser, and can make what the schema needs all the same.
	for _, name := range []string{"pg_trgm", "btree_gist", "pgcrypto"} {
		if _, err := pool.Exec(t.Context(), `CREATE EXTENSION `+name); err != nil {
			t.Error(err)
		}
	}
	var trigrams int
	var encoding string
	const ask = `SELECT cardinality(show_trgm('不动产登记')), current_setting('server_encoding')`
	if err := pool.QueryRow(t.Context(), ask).Scan(&trigrams, &encoding); err != nil {
		t.Fatal(err)
	}
	if trigrams == 0 || encoding != "UTF8" {
		t.Errorf("Chinese has %d trigrams in %s: the search would not use its index", trigrams, encoding)
	}
}

func TestZonesCannotEnterEachOther(t *testing.T) {
	s := start(t, used(t, "pg"))
	for _, name := range []string{"hall", "office", "hall"} { // again is no error
		if err := s.EnsureDB(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	url := strings.Replace(s.URL("hall"), "/hall?", "/office?", 1)
	if pool, err := pg.Open(t.Context(), url); err == nil {
		pool.Close()
		t.Error("the hall's role opened the office's database")
	}
}

func TestKilledServerIsStartedAgain(t *testing.T) {
	s := start(t, used(t, "pg"))
	mark(t, s)
	old := s.PID()
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is back", func() bool {
		pool, err := pg.Open(t.Context(), s.URL("hall"))
		if err != nil {
			return false
		}
		pool.Close()
		return s.PID() != old
	})
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows left of 1", n)
	}
	if err := s.Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
}

// Stop may come at any moment, also while a killed server is about to be started again.
func TestStopRightAfterAKill(t *testing.T) {
	dir := used(t, "pg")
	for range 5 {
		s := start(t, dir)
		if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		stop(t, s)
		if err := s.Err(); !errors.Is(err, embedded.ErrStopped) || s.PID() != 0 {
			t.Errorf("after Stop, Err = %v, process %d", err, s.PID())
		}
	}
}

// TestHelperProcess is not a test: it's the process that other tests kill. It starts a server and waits for its end.
func TestHelperProcess(t *testing.T) {
	dir := os.Getenv("EMBEDDED_HELPER_DATA")
	if dir == "" {
		t.Skip("for other tests")
	}
	s, err := embedded.Start(t.Context(), embedded.Options{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("EMBEDDED_HELPER_MARK") != "" {
		mark(t, s)
	}
	fmt.Printf("ready %d\n", s.PID())
	<-t.Context().Done()
}

// helper runs a process that has a server on dir and one row more in it, and returns it with the number of its server.
func helper(t *testing.T, dir string) (*exec.Cmd, int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "EMBEDDED_HELPER_DATA="+dir, "EMBEDDED_HELPER_MARK=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // may have ended long ago
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			pid, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return cmd, pid
		}
	}
	t.Fatal("the helper process did not get ready")
	return nil, 0
}

func TestKilledProcessLeavesNothingInTheWay(t *testing.T) {
	dir := used(t, "pg")
	cmd, old := helper(t, dir)
	if err := cmd.Process.Kill(); err != nil { // without a word, as by kill -9 or the kernel short of memory
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	s := start(t, dir)
	if s.PID() == old {
		t.Error("the server of the killed process is still the one")
	}
	if alive(old) {
		t.Errorf("process %d, the old server, is still there", old)
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows left of 1", n)
	}
}

// Without a death signal (or when the server itself was just starting), an orphan stays behind and still works.
func TestOrphanIsTakenOver(t *testing.T) {
	dir := used(t, "pg")
	shared, err := embedded.Start(t.Context(), embedded.Options{Data: dir, Settings: quick, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	mark(t, shared)
	old := shared.PID()
	s := start(t, dir)
	if alive(old) {
		t.Error("two servers run on one folder")
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows left of 1", n)
	}
}

func TestSharedServerIsFound(t *testing.T) {
	o := embedded.Options{Data: used(t, "pg"), Settings: quick, Shared: true}
	first, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, first)
	second, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if first.PID() != second.PID() {
		t.Errorf("two servers: %d and %d", first.PID(), second.PID())
	}
}

func TestFolderInUse(t *testing.T) {
	dir := used(t, "pg")
	cmd, _ := helper(t, dir)
	_, err := embedded.Start(t.Context(), embedded.Options{Data: dir})
	if want := (embedded.ErrInUse{Folder: dir, PID: cmd.Process.Pid}); !errors.Is(err, want) {
		t.Errorf("Start = %v, want %v", err, want)
	}
}

func TestForeignFolderIsRefusedAndLeftAlone(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		found string
	}{
		{"somebody's documents", map[string]string{"thesis.doc": "x"}, "thesis.doc"},
		{"another PostgreSQL's data", map[string]string{"PG_VERSION": "18\n", "base/1/112": "x"}, "PG_VERSION"},
		{"a cluster without a version", map[string]string{"cluster/base/1": "x"}, "a cluster without PG_VERSION"},
		{"a version that is none", map[string]string{"cluster/PG_VERSION": "eighteen"}, "a PG_VERSION that is no number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range tt.files {
				write(t, filepath.Join(dir, name), content)
			}
			_, err := embedded.Start(t.Context(), embedded.Options{Data: dir})
			var foreign embedded.ErrForeign
			if !errors.As(err, &foreign) || foreign.Found != tt.found {
				t.Errorf("Start = %v, want ErrForeign with %q", err, tt.found)
			}
			for name, content := range tt.files {
				if raw, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(raw) != content {
					t.Errorf("%s was touched: %q, %v", name, raw, err)
				}
			}
		})
	}
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		write(t, path, "x")
		var foreign embedded.ErrForeign
		if _, err := embedded.Start(t.Context(), embedded.Options{Data: path}); !errors.As(err, &foreign) {
			t.Errorf("Start = %v", err)
		}
	})
}

func TestWrongVersion(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cluster/PG_VERSION"), "12\n")
	_, err := embedded.Start(t.Context(), embedded.Options{Data: dir})
	var version embedded.ErrVersion
	if !errors.As(err, &version) || version.Data != 12 || len(version.Have) == 0 {
		t.Errorf("Start = %v, want ErrVersion of data 12", err)
	}
}

func TestNoPrograms(t *testing.T) {
	_, err := embedded.Start(t.Context(), embedded.Options{Data: t.TempDir(), Bin: t.TempDir()})
	var none embedded.ErrNoPrograms
	if !errors.As(err, &none) {
		t.Errorf("Start = %v", err)
	}
}

// After a power cut the lock file of the server is still there, and its number may by now belong to anybody.
func TestStaleLockFile(t *testing.T) {
	dir := used(t, "pg")
	s := start(t, dir)
	mark(t, s)
	stop(t, s)
	for name, pid := range map[string]int{"of nobody": 1 << 22, "of this test": os.Getpid(), "of the first process": 1, "of no process at all": -7} {
		path := filepath.Join(dir, "cluster/postmaster.pid")
		write(t, path, fmt.Sprintf("%d\n%s/cluster\n1732440000\n5432\n%s/socket\n\n  12345 67890\nready\n", pid, dir, dir))
		own(t, dir, path)
		s := start(t, dir)
		if n := count(t, s); n != 1 {
			t.Errorf("%s: %d rows left of 1", name, n)
		}
		stop(t, s)
	}
}

func TestInterruptedFirstStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pg")
	write(t, filepath.Join(dir, "cluster.new/PG_VERSION"), "18\n")
	write(t, filepath.Join(dir, "cluster.new/base/1/half"), "x")
	mark(t, start(t, dir))
}

func TestFolderNamesOfAllKinds(t *testing.T) {
	for _, name := range []string{
		"with space",
		"数据 目录",
		`comma, quote" and 'tick`,
		"percent%20",
		strings.Repeat("long-", 30),
	} {
		t.Run(name[:min(len(name), 24)], func(t *testing.T) {
			mark(t, start(t, used(t, name)))
		})
	}
}

func TestServerThatDoesNotStartSaysWhy(t *testing.T) {
	dir := used(t, "pg")
	_, err := embedded.Start(t.Context(), embedded.Options{Data: dir, Settings: map[string]string{"fsync": "off", "shared_buffers": "plenty"}})
	var said embedded.ErrServer
	if !errors.As(err, &said) || !strings.Contains(said.Said, "shared_buffers") {
		t.Errorf("Start = %v", err)
	}
	mark(t, start(t, dir)) // and the folder is free again
}

func TestFullDisk(t *testing.T) {
	bin := passable(t)
	program(t, bin, "postgres", `echo "postgres (PostgreSQL) 18.4"`)
	program(t, bin, "initdb", `echo 'initdb: error: could not write file "base/1/2": No space left on device'; exit 1`)
	dir := filepath.Join(t.TempDir(), "pg")
	_, err := embedded.Start(t.Context(), embedded.Options{Data: dir, Bin: bin})
	var full embedded.ErrDiskFull
	if !errors.As(err, &full) || full.Folder != dir {
		t.Errorf("Start = %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cluster")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a cluster was left: %v", err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := embedded.Start(ctx, embedded.Options{Data: filepath.Join(t.TempDir(), "pg")}); err == nil {
		stop(t, s)
		t.Error("a start that nobody waits for succeeded")
	}
}

// Each of these reaches a person: what to do, in Chinese.
func TestEveryErrorAdvises(t *testing.T) {
	for _, err := range []interface {
		error
		Advice() string
	}{
		embedded.ErrNoPrograms{Looked: []string{"/usr"}}, embedded.ErrForeign{Folder: "/d", Found: "x"},
		embedded.ErrVersion{Folder: "/d", Data: 12, Have: []int{18}}, embedded.ErrDiskFull{Folder: "/d", Free: 1 << 20},
		embedded.ErrInUse{Folder: "/d", PID: 7}, embedded.ErrUnreachable{Path: "/root/d", At: "/root", UID: 9},
		embedded.ErrOwner{Folder: "/d", UID: 7, Our: 8}, embedded.ErrServer{Log: "/l", Said: "x"},
	} {
		if !strings.Contains(err.Advice(), "。") && !strings.Contains(err.Advice(), ":") || err.Error() == "" {
			t.Errorf("%T: %q, %q", err, err.Error(), err.Advice())
		}
	}
}

func TestServerIsNotRoot(t *testing.T) {
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("for root on Linux")
	}
	s := start(t, used(t, "pg")) // in a folder that root alone may enter
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); fields[0] == "Uid:" && fields[1] == "0" {
			t.Errorf("the server runs as root: %s", line)
		}
	}
}

// alive tells whether a process runs. One that has ended and waits for its parent to notice does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(raw), ") Z ")
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within 20 s: %s", what)
		case <-tick.C:
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// own gives a file to the owner of the folder, as PostgreSQL's own files have.
func own(t *testing.T, dir, path string) {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(st.Uid), int(st.Gid)); err != nil {
		t.Fatal(err)
	}
}

// passable is a temporary folder that every user may enter.
func passable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "embedded-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func program(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
