package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	renderTime   = 20 * time.Second
	renderMemory = 1 << 20  // KiB of address space
	renderOutput = 32 << 20 // bytes of PNG
)

// Page draws one page of a PDF (the first is 1) as PNG with its longer side of the given pixels. It's done by poppler's pdftoppm
// in a process of its own, without our environment, our rights, or more than 1 GB and 20 s. ErrNoRenderer where it's not installed.
func Page(ctx context.Context, data []byte, page, side int) ([]byte, error) {
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		return nil, ErrNoRenderer
	}
	ctx, cancel := context.WithTimeout(ctx, renderTime)
	defer cancel()
	n := strconv.Itoa(page)
	// The shell sets the limits and becomes the program. A limit that a system does not know is left out.
	const limited = `ulimit -v "$1" 2>/dev/null; ulimit -t 20 2>/dev/null; shift; exec "$@"`
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", limited, "sh", strconv.Itoa(renderMemory),
		program, "-png", "-singlefile", "-f", n, "-l", n, "-scale-to", strconv.Itoa(side), "-")
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(data)
	cmd.SysProcAttr = unprivileged()
	out := &capped{max: renderOutput}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("draw page %d: %w", page, err)
	}
	if out.buf.Len() == 0 {
		return nil, fmt.Errorf("draw page %d: no such page", page)
	}
	return out.buf.Bytes(), nil
}

// unprivileged makes a child of root a nobody.
func unprivileged() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		const nobody = 65534
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return attr
}

// capped keeps what is written to it up to a limit, and fails beyond.
type capped struct {
	buf bytes.Buffer
	max int
}

var _ io.Writer = (*capped)(nil)

func (c *capped) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > c.max {
		return 0, errors.New("output too large")
	}
	return c.buf.Write(p)
}
