package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lock holds a folder for this process. The kernel lets go of it when the process ends, however that happens.
type lock struct{ file *os.File }

// lockFolder takes the folder, or fails with ErrInUse. With patience it waits until ctx ends.
func lockFolder(ctx context.Context, f folder, patient bool) (*lock, error) {
	path := filepath.Join(f.path, "owner.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, f.explain(err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, fmt.Errorf("lock data folder: %w", err)
		}
		if !patient || pause(ctx, 20*time.Millisecond) != nil {
			defer file.Close()
			return nil, ErrInUse{Folder: f.path, PID: holder(file)}
		}
	}
	l := &lock{file}
	return l, l.sign()
}

// sign writes who holds the folder, for the message to the next who asks.
func (l *lock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	_, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (l *lock) release() { l.file.Close() }

func holder(file *os.File) int {
	raw, err := io.ReadAll(file)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return pid
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
