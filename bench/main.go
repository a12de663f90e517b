// Command bench measures the platform: one JSON line a measurement on standard output and nothing else there. What cannot be
// measured here is said on standard error and left out.
//
//	go run ./bench -only 'flow|case'
//
// Everything runs on a PostgreSQL of its own with the product's settings, in a folder that is removed afterwards.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/embedded"
)

// group is what is measured together.
type group struct {
	names []string // of its lines; -only chooses by them
	run   func(context.Context, *bench) error
}

var groups = []group{
	{[]string{"register.find.p50", "register.find.p99"}, measureFind},
	{[]string{"submission.8"}, measureSubmissions},
	{[]string{"case.1"}, casesAtOnce(1, 12)},
	{[]string{"case.8"}, casesAtOnce(8, 40)},
	{[]string{"case.32"}, casesAtOnce(32, 96)},
	{[]string{"flow.step.1", "flow.step.8", "flow.plain.1", "flow.plain.8", "flow.share.8", "flow.dbos.8", "flow.times.dbos.8"}, measureFlow},
	{[]string{"ferry.loop", "ferry.loop.p99"}, measureFerry("loop", byLoop, goal(2000), goal(50))},
	{[]string{"ferry.https", "ferry.https.p99"}, measureFerry("https", byHTTPS, nil, nil)},
	{[]string{"ferry.dir", "ferry.dir.p99"}, measureFerry("dir", byDir, nil, nil)},
	{[]string{"exchange.call", "exchange.bizxml", "exchange.filedrop", "exchange.bare", "exchange.share"}, measureExchange},
	{[]string{"court.batch"}, measureBatch},
	{[]string{"screen.p50", "screen.p99"}, measureScreens},
	{[]string{"memory.idle", "memory.load"}, measureMemory},
}

func main() {
	only := flag.String("only", "", "regular expression of the names to be measured")
	list := flag.Bool("list", false, "print the names and measure nothing")
	profile := flag.String("cpuprofile", "", "file for a profile of this process")
	flag.Parse()
	want, err := regexp.Compile(*only)
	if err == nil && *list {
		for _, g := range groups {
			for _, name := range g.names {
				fmt.Println(name)
			}
		}
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		err = profiled(*profile, func() error { return run(ctx, want) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled runs f and writes where its time went.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

func run(ctx context.Context, want *regexp.Regexp) (err error) {
	b := &bench{want: want, clock: clock.System(), out: json.NewEncoder(os.Stdout)}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, g := range groups {
		if ctx.Err() != nil || !slices.ContainsFunc(g.names, want.MatchString) {
			continue
		}
		if failed := g.run(ctx, b); failed != nil { // the others are measured all the same
			err = errors.Join(err, fmt.Errorf("%s: %w", g.names[0], failed))
		}
		b.closePools() // the next group needs the connections
	}
	return err
}

// bench is one run.
type bench struct {
	want   *regexp.Regexp
	clock  clock.Clock
	out    *json.Encoder
	dir    string
	server *embedded.Server
	pools  []*pgxpool.Pool // of the group that runs
}

// line is a measurement.
type line struct {
	Name   string   `json:"name"`
	Value  float64  `json:"value"`
	Unit   string   `json:"unit"`
	Better string   `json:"better"` // higher | lower
	Goal   *float64 `json:"goal"`   // null: none was set
	Of     string   `json:"of"`     // what it is compared with, or measured on
	N      int      `json:"n"`      // how many were measured
}

const (
	higher = "higher"
	lower  = "lower"
)

func goal(v float64) *float64 { return &v }

// report prints a line if it was asked for.
func (b *bench) report(l line) error {
	if !b.want.MatchString(l.Name) {
		return nil
	}
	return b.out.Encode(l)
}

// note tells what could not be measured.
func (b *bench) note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// url is the address of a database on the server of this run, which the first call starts.
func (b *bench) url(ctx context.Context, name string) (string, error) {
	if b.server == nil {
		if err := b.start(ctx); err != nil {
			return "", err
		}
	}
	return b.server.URL(name), b.server.EnsureDB(ctx, name)
}

// hasty is url for a database whose commits do not wait for the disk. A step of a flow waits for it most of the time, however
// it is made: what is compared there is all the rest.
func (b *bench) hasty(ctx context.Context, name string) (string, error) {
	url, err := b.url(ctx, name)
	if err != nil {
		return "", err
	}
	pool, err := pg.Open(ctx, url)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	_, err = pool.Exec(ctx, fmt.Sprintf(`ALTER DATABASE %q SET synchronous_commit = off`, name))
	return url, err
}

func (b *bench) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "yichuang-bench-")
	if err != nil {
		return err
	}
	b.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil { // the server may run as another account than we
		return err
	}
	b.server, err = embedded.Start(ctx, embedded.Options{Data: filepath.Join(dir, "pg")})
	return err
}

// database opens a fresh database until the group ends.
func (b *bench) database(ctx context.Context, name string) (*pgxpool.Pool, error) {
	url, err := b.url(ctx, name)
	if err != nil {
		return nil, err
	}
	pool, err := pg.Open(ctx, url)
	if err == nil {
		b.pools = append(b.pools, pool)
	}
	return pool, err
}

func (b *bench) closePools() {
	for _, p := range b.pools {
		p.Close()
	}
	b.pools = nil
}

func (b *bench) close() error {
	b.closePools()
	var err error
	if b.server != nil {
		err = b.server.Stop(context.Background())
	}
	if b.dir != "" {
		err = errors.Join(err, os.RemoveAll(b.dir))
	}
	return err
}
