package board

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"yichuang/internal/kit/clock"
)

// bag collects what a courier delivers; refuse says how many deliveries of a payload fail first.
type bag struct {
	got    []string
	refuse map[string]int
	err    error
}

func (b *bag) deliver(_ context.Context, payload json.RawMessage) error {
	var s string
	if err := json.Unmarshal(payload, &s); err != nil {
		return err
	}
	if b.refuse[s] > 0 {
		b.refuse[s]--
		return b.err
	}
	b.got = append(b.got, s)
	return nil
}

func courierAt(t *testing.T, dir string, clk clock.Clock, to *bag, retry ...time.Duration) *Courier {
	t.Helper()
	b, err := New(Options{Dir: dir, Clock: clk, Speed: 60})
	if err != nil {
		t.Fatal(err)
	}
	b.Courier.Handle("note", Route{Deliver: to.deliver, Retry: retry})
	return b.Courier
}

func TestCourierWaitsAndRetries(t *testing.T) {
	clk, to := clock.NewFake(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)), &bag{refuse: map[string]int{"b": 1}, err: errors.New("busy")}
	c := courierAt(t, t.TempDir(), clk, to, time.Minute)
	for s, after := range map[string]time.Duration{"a": time.Hour, "b": 0} {
		if err := c.Post("note", "", after, s); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		pass time.Duration
		got  []string
	}{
		{0, nil},                          // b is refused once
		{999 * time.Millisecond, nil},     // a minute of theirs is a second of ours
		{time.Millisecond, []string{"b"}}, // b again
		{58 * time.Second, []string{"b"}}, // an hour of theirs is not over
		{time.Second, []string{"b", "a"}}, // now it is
	}
	for i, s := range steps {
		clk.Advance(s.pass)
		c.Tick(t.Context())
		if !slices.Equal(to.got, s.got) {
			t.Fatalf("step %d: delivered %v, want %v", i, to.got, s.got)
		}
	}
	if n := len(c.Pending()); n != 0 {
		t.Fatalf("%d jobs left", n)
	}
}

func TestCourierGivesUp(t *testing.T) {
	tests := []struct {
		name string
		err  error
		left int
	}{
		{"after the schedule", errors.New("busy"), 0},
		{"at once when rejected", ErrRejected, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clk, to := clock.NewFake(time.Now()), &bag{refuse: map[string]int{"x": 9}, err: tt.err}
			c := courierAt(t, t.TempDir(), clk, to, time.Minute, time.Minute)
			if err := c.Post("note", "", 0, "x"); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				c.Tick(t.Context())
				clk.Advance(time.Hour)
			}
			if len(to.got) != 0 || len(c.Pending()) != tt.left {
				t.Fatalf("delivered %v, %d left", to.got, len(c.Pending()))
			}
			if tried := 9 - to.refuse["x"]; tt.err != ErrRejected && tried != 3 || tt.err == ErrRejected && tried != 1 {
				t.Fatalf("tried %d times", tried)
			}
		})
	}
}

// TestCourierKeepsStreamOrder: the second message of a stream waits while the first is refused.
func TestCourierKeepsStreamOrder(t *testing.T) {
	clk, to := clock.NewFake(time.Now()), &bag{refuse: map[string]int{"first": 1}, err: errors.New("busy")}
	c := courierAt(t, t.TempDir(), clk, to, time.Minute)
	for _, s := range []string{"first", "second"} {
		if err := c.Post("note", "case-1", 0, s); err != nil {
			t.Fatal(err)
		}
		clk.Advance(time.Microsecond)
	}
	c.Tick(t.Context())
	clk.Advance(time.Minute)
	c.Tick(t.Context())
	if !slices.Equal(to.got, []string{"first", "second"}) {
		t.Fatalf("delivered %v", to.got)
	}
}

func TestCourierGoesOnAfterRestart(t *testing.T) {
	dir, clk, to := t.TempDir(), clock.NewFake(time.Now()), &bag{}
	if err := courierAt(t, dir, clk, to).Post("note", "", time.Hour, "late"); err != nil {
		t.Fatal(err)
	}
	c := courierAt(t, dir, clk, to) // as after a kill: nothing was closed
	clk.Advance(time.Hour)
	c.Tick(t.Context())
	if !slices.Equal(to.got, []string{"late"}) {
		t.Fatalf("delivered %v", to.got)
	}
}

func TestCourierRunStops(t *testing.T) {
	to := make(chan string, 1)
	b, err := New(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b.Courier.Handle("note", Route{Deliver: func(context.Context, json.RawMessage) error { to <- "here"; return nil }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	if err := b.Courier.Post("note", "", 0, "x"); err != nil {
		t.Fatal(err)
	}
	<-to
	cancel()
	<-done
}
