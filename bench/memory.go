package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yichuang/e2e/play"
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
	c, err := play.Found(ctx, program, "yichuang-bench-city-", citySpeed)
	if err != nil {
		return err
	}
	defer c.Close(false)
	if err := sleep(ctx, 3*time.Second); err != nil {
		return err
	}
	idle, err := resident(c)
	if err != nil {
		return err
	}
	pages, peak, err := load(ctx, c)
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

// resident is the memory of the process in MB.
func resident(c *play.City) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Pid()))
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
func load(ctx context.Context, c *play.City) (opened int, peak float64, err error) {
	pages, err := links(ctx, c.Hall)
	if err != nil {
		return 0, 0, err
	}
	pages = append(pages, c.Office+"/")
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
		now, err := resident(c)
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

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
