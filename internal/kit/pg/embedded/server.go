package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/log"
)

// superuser is the role that owns the cluster. It has no password: the socket's folder is closed to all but its owner.
const superuser = "postgres"

// Options say where and how a server runs.
type Options struct {
	// Data is the folder of the server, made where missing. It must be empty or of an earlier run.
	Data string
	// Log gets what happens to the server; nil for nothing.
	Log *slog.Logger
	// Bin is the folder with postgres and initdb; found by itself where empty.
	Bin string
	// Settings override postgresql.conf parameters.
	Settings map[string]string
	// Shared makes a server that outlives this process and that processes share: the first one starts it, the next ones find
	// it. For tests.
	Shared bool
}

// settings are ours for every server. Personal data must not reach the server's log: no statement parameters, no DETAIL lines.
var settings = map[string]string{
	"listen_addresses":                "",
	"unix_socket_permissions":         "0700",
	"max_connections":                 "100",
	"shared_buffers":                  "128MB",
	"max_wal_size":                    "1GB",
	"jit":                             "off",
	"max_parallel_workers_per_gather": "0", // containers have 64 MB of /dev/shm, and two cores have other work
	"timezone":                        "Asia/Shanghai",
	"log_timezone":                    "Asia/Shanghai",
	"log_error_verbosity":             "terse",
	"log_min_error_statement":         "panic",
	"log_parameter_max_length":        "0",
	"log_line_prefix":                 "%m [%p] %q%d ",
	"cluster_name":                    "yichuang",
}

// Server is a running PostgreSQL.
type Server struct {
	folder
	with     programs
	log      *slog.Logger
	settings map[string]string
	shared   bool
	lock     *lock

	mu       sync.Mutex
	pid      int  // 0 while it isn't running
	ready    bool // it has answered once
	stopping bool // it is not to be started again

	done chan struct{} // closed when a server that we started has ended for good
	err  error         // why, after done
	ours bool          // we started it
}

// Start starts the server of a data folder, and returns when it answers. It ends with the process, or by Stop.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = log.Discard()
	}
	found, err := findPrograms(ctx, o.Bin)
	if err != nil {
		return nil, err
	}
	f, err := openFolder(o.Data)
	if err != nil {
		return nil, err
	}
	held, err := lockFolder(ctx, f, o.Shared)
	if err != nil {
		return nil, err
	}
	s := &Server{folder: f, log: o.Log, settings: merged(o.Settings), shared: o.Shared, lock: held, done: make(chan struct{})}
	if err := s.start(ctx, found); err != nil {
		held.release()
		return nil, err
	}
	if o.Shared {
		held.release() // the next process may come and find the server
	}
	return s, nil
}

func merged(override map[string]string) map[string]string {
	out := maps.Clone(settings)
	maps.Copy(out, override)
	return out
}

func (s *Server) start(ctx context.Context, found []programs) error {
	data, err := s.version()
	if err != nil {
		return err
	}
	if s.with, err = choose(found, data, s.path); err != nil {
		return err
	}
	if s.with, err = s.reachable(s.with); err != nil {
		return err
	}
	if err := s.checkWay(); err != nil {
		return err
	}
	if s.caps != nil {
		s.log.Warn("the database's user cannot enter a folder on the way to its files and was given a capability to pass; better keep them outside of root's home",
			"folder", s.path)
	}
	if err := s.makeSocketDir(); err != nil {
		return err
	}
	if pid := s.orphan(); pid != 0 && s.shared {
		s.pid = pid
		return s.untilReady(ctx)
	}
	if err := s.prepare(ctx, data); err != nil {
		return err
	}
	return s.launch(ctx)
}

func (s *Server) prepare(ctx context.Context, data int) error {
	if err := s.checkSpace(minFree); err != nil {
		return err
	}
	if data == 0 {
		s.log.Info("making the database", "folder", s.path, "postgresql", s.with.major)
		return s.initdb(ctx, s.with, s.settings["fsync"] != "off")
	}
	return s.takeOver(ctx)
}

// launch starts the process and waits until it answers or ends.
func (s *Server) launch(ctx context.Context) error {
	s.ours = true
	started := make(chan error, 1)
	go s.supervise(started)
	if err := <-started; err != nil {
		return err
	}
	if err := s.untilReady(ctx); err != nil {
		return errors.Join(err, s.end(context.WithoutCancel(ctx)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = true
	return nil
}

// supervise runs the server until it's stopped, and starts it again when it was killed. It stays on one thread, since the
// kernel sends the death signal when the thread ends that started the child.
func (s *Server) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer close(s.done)
	for failures := 0; ; {
		cmd, err := s.spawn()
		if started != nil {
			started <- err
			started = nil
		}
		if err != nil {
			s.err = err
			return
		}
		begun := clock.System().Now()
		err = cmd.Wait()
		if !s.ended() {
			s.err = ErrStopped
			return
		}
		if failures++; clock.System().Now().Sub(begun) > time.Minute {
			failures = 1
		}
		if failures > maxRestarts || !s.worthAnother() {
			s.err = s.lastWords()
			s.log.Error("the database does not stay up", "err", s.err)
			return
		}
		s.log.Error("the database ended by itself and is started again", "err", err, "time", failures)
		time.Sleep(time.Duration(failures) * restartPause)
	}
}

// maxRestarts within a minute each, with a growing pause: killed servants of the old server need a moment to notice that it's gone.
const (
	maxRestarts  = 8
	restartPause = 100 * time.Millisecond
)

// ended notes that the process is gone, and tells whether it's to be started again.
func (s *Server) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pid = 0
	return !s.stopping && !s.shared
}

// worthAnother tells whether a server that ended by itself may stay up the next time: one that has run before, or that found the servants of
// a killed one still at its memory. One that does not start at all has told why.
func (s *Server) worthAnother() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready || strings.Contains(s.lastWords().Error(), "still in use")
}

func (s *Server) spawn() (*exec.Cmd, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil, ErrStopped
	}
	if err := s.rotateLog(); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(s.logFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, s.explain(err)
	}
	defer out.Close()
	cmd := s.command(context.Background(), s.shared, s.with.postgres(), s.args()...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.pid = cmd.Process.Pid
	return cmd, nil
}

// rotateLog keeps the server's log and one before it, of some megabytes each.
func (s *Server) rotateLog() error {
	const most = 8 << 20
	info, err := os.Stat(s.logFile())
	if err != nil || info.Size() < most {
		return nil // none yet, or small
	}
	if err := os.Rename(s.logFile(), s.logFile()+".1"); err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *Server) args() []string {
	args := []string{"-D", s.cluster(), "-c", "unix_socket_directories=" + s.socketDir}
	for _, name := range slices.Sorted(maps.Keys(s.settings)) {
		args = append(args, "-c", name+"="+s.settings[name])
	}
	return args
}

// silence is how long a server may say nothing at all while it starts. One that recovers from a crash says so, and may take longer.
const silence = time.Minute

// untilReady waits until the server takes connections: 50 ms normally, longer while it recovers from a crash.
func (s *Server) untilReady(ctx context.Context) error {
	clk := clock.System()
	for heard := clk.Now(); ; {
		conn, err := s.admin(ctx)
		if err == nil {
			return conn.Close(ctx)
		}
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) {
			if pgErr.Code != "57P03" { // cannot_connect_now: starting up or shutting down
				return fmt.Errorf("connect to own database: %w", err)
			}
			heard = clk.Now()
		}
		if clk.Now().Sub(heard) > silence {
			return fmt.Errorf("own database does not answer: %w", err)
		}
		select {
		case <-s.done:
			return s.lastWords()
		case <-ctx.Done():
			return fmt.Errorf("wait for own database: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
		if !s.ours && s.orphan() == 0 {
			return s.lastWords()
		}
	}
}

// lastWords reads from the log why the server ended.
func (s *Server) lastWords() error {
	raw, err := os.ReadFile(s.logFile())
	if err != nil {
		return fmt.Errorf("read database log: %w", err)
	}
	return s.diagnose(raw[max(0, len(raw)-4096):])
}

// URL is the address of a database on this server, for pg.Open. The connection is made as the role that owns it, which has the database's name.
func (s *Server) URL(dbname string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(dbname),
		Path:     "/" + dbname,
		RawQuery: "sslmode=disable&host=" + url.PathEscape(s.socketDir), // in such an address, a plus sign is not a space
	}
	return u.String()
}

func (s *Server) admin(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, s.URL(superuser))
}

// EnsureDB makes a database, with a role of the same name that owns it and nothing else, unless it's there.
func (s *Server) EnsureDB(ctx context.Context, name string) error {
	conn, err := s.admin(ctx)
	if err != nil {
		return fmt.Errorf("make database %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	id := pgx.Identifier{name}.Sanitize()
	for _, step := range []struct{ exists, create string }{
		{`SELECT count(*) FROM pg_roles WHERE rolname = $1`, `CREATE ROLE ` + id + ` LOGIN`},
		{`SELECT count(*) FROM pg_database WHERE datname = $1`, `CREATE DATABASE ` + id + ` OWNER ` + id},
	} {
		var n int
		if err := conn.QueryRow(ctx, step.exists, name).Scan(&n); err != nil {
			return fmt.Errorf("make database %s: %w", name, err)
		}
		if n > 0 {
			continue
		}
		if _, err := conn.Exec(ctx, step.create); err != nil {
			return fmt.Errorf("make database %s: %w", name, err)
		}
	}
	if _, err := conn.Exec(ctx, `REVOKE CONNECT ON DATABASE `+id+` FROM PUBLIC`); err != nil {
		return fmt.Errorf("make database %s: %w", name, err)
	}
	return nil
}

// PID is the server's process, 0 while it isn't running: for the page of the system's state, and for drills that kill it.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pid
}

// Done is closed when the server has ended and is not started again; Err then says why.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is why the server ended: ErrStopped after Stop. It is nil before Done is closed.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stop ends the server: open transactions are rolled back, everything committed is kept. When ctx ends first, it's ended as in a
// crash, from which the next start recovers.
func (s *Server) Stop(ctx context.Context) error {
	defer s.lock.release()
	return s.end(ctx)
}

func (s *Server) end(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	pid := s.pid
	s.mu.Unlock()
	if pid != 0 {
		if err := stop(ctx, pid, func() bool { return worksIn(pid, s.cluster()) }); err != nil {
			return fmt.Errorf("stop own database: %w", err)
		}
	}
	if s.ours {
		<-s.done
	}
	return nil
}
