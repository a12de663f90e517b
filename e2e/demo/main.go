// Command demo drives the main job through real HTTP as its users would: a home is sold with a loan, from the seller's phone
// to the buyer's certificate. It starts a city of its own on free ports, prints a line for each step, and ends with
// DEMO PASS or DEMO FAIL.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"yichuang/e2e/play"
	"yichuang/internal/kit/clock"
)

func main() {
	at := flag.String("city", "", "city.json of a running city; empty: start one")
	keep := flag.Bool("keep", false, "keep the city's data folder")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, *at, *keep))
}

func run(ctx context.Context, at string, keep bool) int {
	clk := clock.System()
	start := clk.Now()
	c, err := openCity(ctx, at)
	if err != nil {
		fmt.Println("DEMO FAIL", err)
		return 1
	}
	defer c.Close(keep)
	d := &demo{ctx: ctx, clock: clk, city: c, desks: map[string]*play.Person{}}
	err = d.play()
	var failed *stepError
	switch {
	case errors.As(err, &failed):
		fmt.Printf("DEMO FAIL step=%q why=%q\n", failed.step, failed.err)
		return 1
	case err != nil:
		fmt.Println("DEMO FAIL", err)
		return 1
	}
	fmt.Printf("DEMO PASS case=%s certificate=%s mortgage=%s elapsed=%.1fs\n", d.sale.CaseNo, d.certificate, d.mortgage, clk.Now().Sub(start).Seconds())
	return 0
}

// openCity reads the city.json of a running city, or starts bin/yichuang on free ports with a data folder of its own.
func openCity(ctx context.Context, at string) (*play.City, error) {
	if at != "" {
		return play.Read(at)
	}
	return play.Found(ctx, filepath.Join("bin", "yichuang"), "yichuang-demo-", 3600)
}

// stepError says which step failed.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }

// step runs one step and prints how long it took.
func (d *demo) step(name string, f func() error) error {
	began := d.clock.Now()
	if err := f(); err != nil {
		fmt.Printf("STEP %-42s failed after %.1fs\n", name, d.clock.Now().Sub(began).Seconds())
		return &stepError{name, err}
	}
	fmt.Printf("STEP %-42s %.1fs\n", name, d.clock.Now().Sub(began).Seconds())
	return nil
}

// eventually tries f until it succeeds; departments and the ferry take their time.
func (d *demo) eventually(f func() error) error {
	deadline := d.clock.Now().Add(60 * time.Second)
	for {
		err := f()
		if err == nil || d.clock.Now().After(deadline) || d.ctx.Err() != nil {
			return err
		}
		select {
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-time.After(150 * time.Millisecond):
		}
	}
}
