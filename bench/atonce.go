package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// atOnce does n things, some at a time, and gives how long all of them took.
func (b *bench) atOnce(ctx context.Context, n, some int, do func(ctx context.Context, i int) error) (time.Duration, error) {
	begin := b.clock.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(some)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return do(ctx, i) })
	}
	err := g.Wait()
	return b.clock.Now().Sub(begin), err
}

// rate is n per second.
func rate(n int, took time.Duration) float64 { return round(float64(n) / took.Seconds()) }

// round keeps three digits behind the point: more would be noise.
func round(v float64) float64 { return float64(int64(v*1000+0.5)) / 1000 }

// durations are collected from several goroutines.
type durations struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *durations) add(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, took)
}

// percentile in milliseconds.
func (d *durations) percentile(p int) float64 {
	slices.Sort(d.all)
	return ms(d.all[len(d.all)*p/100])
}

func ms(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

func at(n int) string { return fmt.Sprintf("%d at a time", n) }
