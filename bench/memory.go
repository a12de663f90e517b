package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const program = "bin/yichuang"

// measureMemory starts the whole city and reads what the platform's process holds, PostgreSQL and simulated city not counted:
// at rest, and while many people open its pages.
func measureMemory(ctx context.Context, b *bench) error {
	if _, err := os.Stat(program); err != nil {
		b.note("memory is not measured: %s is not built (make build)", program)
		return nil
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.note("memory is not measured: this system has no /proc")
		return nil
	}
	c, err := b.startCity(ctx)
	if err != nil {
		return err
	}
	defer c.stop()
	if err := sleep(ctx, 3*time.Second); err != nil {
		return err
	}
	idle, err := c.resident()
	if err != nil {
		return err
	}
	pages, peak, err := c.load(ctx)
	if err != nil {
		return err
	}
	if err := b.report(line{Name: "memory.idle", Value: idle, Unit: "MB", Better: lower, Of: "resident memory of yichuang city at rest, without PostgreSQL and simcity", N: 1}); err != nil {
		return err
	}
	return b.report(line{Name: "memory.load", Value: peak, Unit: "MB", Better: lower, Goal: goal(150), Of: fmt.Sprintf("the highest while %d people opened pages", visitors), N: pages})
}

const (
	visitors = 32
	visit    = 10 * time.Second
)

// city is a running program.
type city struct {
	*exec.Cmd
	dir  string
	port int
}

func (b *bench) startCity(ctx context.Context) (*city, error) {
	port, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "yichuang-bench-city-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	c := &city{Cmd: exec.Command(path, "city", "--port", strconv.Itoa(port), "--data", dir), dir: dir, port: port}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 1800 { // three minutes: the first start makes a database and a city
		if _, err := os.Stat(filepath.Join(dir, "city.json")); err == nil {
			return c, nil
		}
		if c.gone() {
			break
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			break
		}
	}
	c.stop()
	return nil, errors.New("the city did not come up")
}

// gone tells whether the program has ended.
func (c *city) gone() bool {
	pid, err := syscall.Wait4(c.Process.Pid, nil, syscall.WNOHANG, nil)
	return err != nil || pid != 0
}

func (c *city) stop() {
	_ = c.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = c.Wait()
	_ = os.RemoveAll(c.dir)
}

// resident is the memory of the process in MB.
func (c *city) resident() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			return round(float64(kb) / 1024), err
		}
	}
	return 0, errors.New("the system does not tell the memory of a process")
}

// load lets visitors open the pages that the home page of the hall links to, and the office's sign-in, and gives how many were
// opened and the highest memory meanwhile.
func (c *city) load(ctx context.Context) (opened int, peak float64, err error) {
	hall := fmt.Sprintf("http://127.0.0.1:%d", c.port)
	pages, err := links(ctx, hall)
	if err != nil {
		return 0, 0, err
	}
	pages = append(pages, fmt.Sprintf("http://127.0.0.1:%d/", c.port+1))
	ctx, cancel := context.WithTimeout(ctx, visit)
	defer cancel()
	counts := make(chan int, visitors)
	for i := range visitors {
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				_, _ = get(ctx, pages[(i+n)%len(pages)]) // too many from one address are sent away, as they should be
			}
			counts <- n
		}()
	}
	for ctx.Err() == nil {
		now, err := c.resident()
		if err != nil {
			return 0, 0, err
		}
		peak = max(peak, now)
		_ = sleep(ctx, 50*time.Millisecond) // ends with ctx
	}
	for range visitors {
		opened += <-counts
	}
	return opened, peak, nil
}

var href = regexp.MustCompile(`href="(/[^"]*)"`)

func links(ctx context.Context, site string) ([]string, error) {
	home, err := get(ctx, site+"/")
	if err != nil {
		return nil, err
	}
	out := []string{site + "/"}
	for _, m := range href.FindAllStringSubmatch(home, -1) {
		if url := site + m[1]; !slices.Contains(out, url) {
			out = append(out, url)
		}
	}
	return out, nil
}

func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// freePorts finds n ports in a row that nobody listens on.
func freePorts(n int) (int, error) {
	for base := 20000; base < 60000; base += 97 {
		free := true
		for port := base; port < base+n && free; port++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if free = err == nil; free {
				free = l.Close() == nil
			}
		}
		if free {
			return base, nil
		}
	}
	return 0, errors.New("no five free ports in a row")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
