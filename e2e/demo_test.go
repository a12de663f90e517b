package e2e

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDemo is make demo: the main job from the seller's first page to a certificate that verifies, in a city of its own.
func TestDemo(t *testing.T) {
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		t.Skip("bin/yichuang is not built: run make build")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "run", "./e2e/demo")
	cmd.Dir = ".."
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "DEMO PASS") {
		t.Errorf("the demo failed: %v", err)
	}
}
