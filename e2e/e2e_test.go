// Package e2e drives the city through a real browser.
//
// The journeys are written for node and Playwright, which finds what people see by role and label; this test brings the city
// up, runs them and says what they say. Nothing is built here: `make build` and `make setup-tests` come first.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	binary    = "../bin/yichuang"
	readyTime = 3 * time.Minute  // a loaded machine makes the database and the city in less
	runTime   = 20 * time.Minute // likewise; alone on two cores they take a quarter of it
)

func TestJourneys(t *testing.T) {
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		t.Skip("bin/yichuang is not built: run make build")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("the journeys need Node.js 20 or newer: %v", err)
	}
	tests, err := filepath.Glob("*.test.mjs")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no journeys found: %v", err)
	}
	city, ended := startCity(t)
	ctx, cancel := context.WithTimeout(t.Context(), runTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, append([]string{"--test", "--test-concurrency=1", "--test-reporter=spec"}, tests...)...)
	cmd.Env = append(os.Environ(), "CITY="+city)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the browser too
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("journeys: %v", err)
	}
	if ended() {
		t.Error("the city ended before its journeys did")
	}
}

// startCity brings a city up in a folder of its own and returns its city.json, and a question whether it ended by itself.
// The city ends with the test.
func startCity(t *testing.T) (file string, over func() bool) {
	t.Helper()
	data := t.TempDir()
	if err := os.Chmod(data, 0o755); err != nil { // the database's own user goes through
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(binary, "city", "--port", fmt.Sprint(freePorts(t)), "--data", data)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the city: %v", err)
	}
	ended := make(chan struct{})
	var how error
	go func() { how = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			t.Error("the city did not end within 30 s of SIGTERM")
		}
	})
	over = func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	file = filepath.Join(data, "city.json")
	for deadline := time.Now().Add(readyTime); ; time.Sleep(200 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return file, over
		}
		if over() {
			t.Fatalf("the city ended before it was ready: %v\n%s", how, said.Bytes())
		}
		if time.Now().After(deadline) {
			t.Fatalf("the city is not ready after %s\n%s", readyTime, said.Bytes())
		}
	}
}

// freePorts finds five free ports in a row and returns the first.
func freePorts(t *testing.T) int {
	t.Helper()
	for base := 20000 + os.Getpid()%20000; base < 60000; base += 5 {
		if free(base) && free(base+1) && free(base+2) && free(base+3) && free(base+4) {
			return base
		}
	}
	t.Fatal("no five free ports in a row")
	return 0
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
