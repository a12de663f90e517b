// Command drill runs the whole city under a storm that a seed makes: departments that are slow, wrong, silent or talk twice,
// kill -9 of the program and of PostgreSQL, a ferry that stands still, a court that seizes. People sell homes meanwhile, withdraw,
// pay twice. Then it lets the city come to rest and checks that nothing was lost.
//
// On stdout stand one JSON line of counts, a line for each violation, and DRILL PASS seed=… or DRILL FAIL seed=…; what
// happens meanwhile is told on stderr. The same seed makes the same storm.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"yichuang/e2e/play"
	"yichuang/internal/kit/clock"
)

// settings of a drill.
type settings struct {
	storm  time.Duration // how long things go wrong
	seed   uint64
	people int     // sales at a time
	speed  float64 // of the departments
	keep   bool    // the city's folder, for a look at it
	binary string
}

func main() {
	var s settings
	flag.DurationVar(&s.storm, "for", 3*time.Minute, "how long the storm lasts")
	flag.Uint64Var(&s.seed, "seed", 1, "which storm")
	flag.IntVar(&s.people, "sales", 4, "sales at a time")
	flag.Float64Var(&s.speed, "speed", 3600, "how much faster than life the departments are")
	flag.BoolVar(&s.keep, "keep", false, "keep the city's data folder, also where nothing is wrong")
	flag.StringVar(&s.binary, "program", filepath.Join("bin", "yichuang"), "the program, with simcity beside it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, s, os.Stdout, os.Stderr))
}

// run does a drill and gives the exit code: 0 pass, 1 violations or no drill at all.
func run(ctx context.Context, s settings, out, progress io.Writer) int {
	clk := clock.System()
	d := &drill{settings: s, clock: clk, began: clk.Now(), progress: progress}
	verdict, err := d.play(ctx)
	if err != nil {
		fmt.Fprintf(out, "DRILL FAIL seed=%d no drill: %v\n", s.seed, err)
		return 1
	}
	return verdict.print(out)
}

// play founds a city, lets it live through the storm and looks at what is left of it.
func (d *drill) play(ctx context.Context) (*verdict, error) {
	d.say("founding a city")
	city, err := play.Found(ctx, d.binary, "yichuang-drill-", d.speed)
	if err != nil {
		return nil, err
	}
	d.city, city.Crowd = city, runtime.GOOS == "linux"
	defer d.leave()
	if err := d.meet(ctx); err != nil {
		return nil, err
	}
	defer d.books.close()
	d.live(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	rest := d.rest(ctx)
	d.say("checking")
	state, err := d.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the city: %w", err)
	}
	v := d.judge(state, rest)
	d.keep = d.keep || v.Violations > 0 // somebody will want to look
	return v, nil
}

// leave stops the city.
func (d *drill) leave() {
	if d.keep {
		d.say("the city's folder is kept: %s (yichuang.log, simcity/simcity.log, postgres)", d.city.Data)
	}
	d.city.Close(d.keep)
}

// verdict is what a drill found.
type verdict struct {
	Seed       uint64   `json:"seed"`
	Counts     counts   `json:"counts"`
	Checks     int      `json:"checks"`
	Violations int      `json:"violations"`
	found      []string // one line each
}

// print writes the counts, what is wrong, and the verdict; it gives the exit code.
func (v *verdict) print(out io.Writer) int {
	raw, err := json.Marshal(v)
	if err != nil {
		fmt.Fprintf(out, "DRILL FAIL seed=%d %v\n", v.Seed, err)
		return 1
	}
	fmt.Fprintln(out, string(raw))
	if v.Violations == 0 {
		fmt.Fprintf(out, "DRILL PASS seed=%d\n", v.Seed)
		return 0
	}
	for _, line := range v.found {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "DRILL FAIL seed=%d violations=%d\n", v.Seed, v.Violations)
	return 1
}
