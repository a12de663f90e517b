package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// orphan is the server that a killed process left running in the folder, 0 where there is none.
func (f folder) orphan() int {
	raw, err := os.ReadFile(f.pidFile())
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || !worksIn(pid, f.cluster()) {
		return 0
	}
	return pid
}

// takeOver ends an orphan cleanly, so that the server can be started as our own child, and removes a stale lock file that would
// keep PostgreSQL from starting. The caller holds the folder's lock: nobody else starts a server here meanwhile.
func (f folder) takeOver(ctx context.Context) error {
	if pid := f.orphan(); pid != 0 {
		if err := stop(ctx, pid, func() bool { return worksIn(pid, f.cluster()) }); err != nil {
			return fmt.Errorf("end the server of an earlier run: %w", err)
		}
	}
	if anyoneWorksIn(f.cluster()) {
		return nil // servants of a killed server are about to notice; PostgreSQL itself waits for them
	}
	// After a power cut the number in the file may belong to any process by now, and PostgreSQL would believe that one to be a server.
	if err := os.Remove(f.pidFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.explain(err)
	}
	return nil
}

// stop asks a server to end: fast (SIGINT) first, at once (SIGQUIT, as in a crash: nothing committed is lost) when ctx ends.
func stop(ctx context.Context, pid int, alive func() bool) error {
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT}
	patience := []context.Context{ctx, context.WithoutCancel(ctx)}
	for i, sig := range signals {
		if err := syscall.Kill(pid, sig); errors.Is(err, syscall.ESRCH) {
			return nil
		} else if err != nil {
			return err
		}
		limit, cancel := context.WithTimeout(patience[i], 30*time.Second)
		for alive() && pause(limit, 10*time.Millisecond) == nil {
		}
		cancel()
		if !alive() {
			return nil
		}
	}
	return fmt.Errorf("process %d does not end", pid)
}
