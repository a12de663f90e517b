package pgtest

import (
	"cmp"
	"context"
	_ "embed" // the keeper
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/embedded"
)

// place is where the shared server of this user lives.
//
//	server/       the data folder
//	users/        one file per test process that uses the server, named by its number
//	users.gone/   what users was, while the keeper ends the server: nobody may join meanwhile
//	join.lock     held while joining
//	keeper.sh     the keeper
//	keeper.lock   held by it
type place string

func (p place) data() string  { return filepath.Join(string(p), "server") }
func (p place) users() string { return filepath.Join(string(p), "users") }
func (p place) gone() string  { return filepath.Join(string(p), "users.gone") }

// tester is the role that owns all test databases. It's no superuser, as the product's isn't.
const tester = "tester"

// server is the shared server as one process sees it.
type server struct {
	*embedded.Server
	admin     *pgxpool.Pool // as superuser
	templates sync.Map      // name → func() error that has made it
}

// url is the address of one database, to be opened as the tester.
func (s *server) url(dbname string) string {
	return strings.Replace(s.URL(tester), "/"+tester+"?", "/"+dbname+"?", 1)
}

// shared joins the server, once per process.
var shared = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	p := place(filepath.Join(os.TempDir(), fmt.Sprintf("yichuang-pgtest-%d", os.Getuid())))
	s, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	// Making a template may take longer than the product would wait for a lock.
	admin, err := pg.Open(ctx, s.URL("postgres")+"&lock_timeout=0&pool_max_conns=4")
	if err != nil {
		return nil, err
	}
	return &server{Server: s, admin: admin}, nil
})

func (p place) join(ctx context.Context) (*embedded.Server, error) {
	if err := p.make(); err != nil {
		return nil, err
	}
	lock, err := acquire(ctx, filepath.Join(string(p), "join.lock"))
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := p.register(ctx); err != nil {
		return nil, err
	}
	s, err := p.start(ctx)
	if err != nil {
		return nil, err
	}
	return s, s.EnsureDB(ctx, tester)
}

// make makes the place, and refuses one that somebody else has made for us: /tmp is everybody's.
func (p place) make() error {
	if err := os.Mkdir(string(p), 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(string(p))
	if err != nil {
		return err
	}
	if st := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(st.Uid) != os.Getuid() {
		return fmt.Errorf("%s belongs to another user; set TMPDIR to a folder of your own", p)
	}
	return nil
}

// register leaves this process's number in users. The keeper renames users before it ends the server, looks into it once
// more, and takes users.gone away last. So after the number is written and there is no users.gone, the server stays.
func (p place) register(ctx context.Context) error {
	mine := filepath.Join(p.users(), strconv.Itoa(os.Getpid()))
	for {
		if err := os.Mkdir(p.users(), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		err := os.WriteFile(mine, nil, 0o600)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, gone := os.Stat(p.gone()); err == nil && errors.Is(gone, fs.ErrNotExist) {
			return nil
		}
		if lock, err := tryLock(p.keeperLock()); err == nil {
			// The keeper was killed in the middle of its work.
			err := os.RemoveAll(p.gone())
			lock.Close()
			if err != nil {
				return err
			}
			continue
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("wait for the old test server to end: %w", err)
		}
	}
}

func (p place) keeperLock() string { return filepath.Join(string(p), "keeper.lock") }

// start finds or starts the server. Without a keeper, whatever is there was left by a crash: nothing of it's used.
func (p place) start(ctx context.Context) (*embedded.Server, error) {
	options := embedded.Options{Data: p.data(), Shared: true, Settings: settings()}
	lock, err := tryLock(p.keeperLock())
	if errors.Is(err, errHeld) {
		return embedded.Start(ctx, options)
	}
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := p.clear(ctx, options); err != nil {
		return nil, err
	}
	s, err := embedded.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	return s, p.keep(lock)
}

func (p place) clear(ctx context.Context, options embedded.Options) error {
	if _, err := os.Stat(filepath.Join(p.data(), "cluster", "postmaster.pid")); err == nil {
		if s, err := embedded.Start(ctx, options); err == nil {
			if err := s.Stop(ctx); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(p.data())
}

// settings trade durability for speed, and allow for many packages at once.
func settings() map[string]string {
	return map[string]string{
		"fsync":              "off",
		"synchronous_commit": "off",
		"full_page_writes":   "off",
		"wal_level":          "minimal",
		"max_wal_senders":    "0",
		"autovacuum":         "off",
		"max_connections":    "500",
		"max_wal_size":       "4GB",
	}
}

// keeper is a script so that it outlives the test program, whose file is deleted when it ends.
//
//go:embed keeper.sh
var keeper string

// keep starts the keeper. It inherits the lock and so holds it as long as it lives.
func (p place) keep(lock *os.File) error {
	patience := cmp.Or(os.Getenv("PGTEST_PATIENCE"), "60") // seconds without any test process
	script := filepath.Join(string(p), "keeper.sh")
	if err := os.WriteFile(script, []byte(keeper), 0o600); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", script, string(p), patience)
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start keeper of the test server: %w", err)
	}
	go cmd.Wait()
	return nil
}

var errHeld = errors.New("held by another process")

func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errHeld
		}
		return nil, err
	}
	return f, nil
}

func acquire(ctx context.Context, path string) (*os.File, error) {
	for {
		f, err := tryLock(path)
		if !errors.Is(err, errHeld) {
			return f, err
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, fmt.Errorf("wait for %s: %w", path, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
