package sim

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/rush"
)

// openGenerator plays days of 86.4 seconds.
func openGenerator(t *testing.T, do func(context.Context, rush.Arrival) error) (*generator, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	b, err := board.New(board.Options{Dir: t.TempDir(), Speed: 1000, Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGenerator(b, 3, do)
	if err != nil {
		t.Fatal(err)
	}
	return g, clk
}

// play passes real time in small steps, so that nothing is late.
func play(t *testing.T, g *generator, clk *clock.Fake, span time.Duration) {
	t.Helper()
	var under sync.WaitGroup
	for range int(span / (50 * time.Millisecond)) {
		clk.Advance(50 * time.Millisecond)
		g.step(t.Context(), &under)
		under.Wait()
	}
}

func on(level float64, hour int) trafficSetting {
	return trafficSetting{On: true, Level: level, Hour: &hour}
}

// A day has the arrivals that its seed draws, each once; off is off.
func TestTrafficPlaysADay(t *testing.T) {
	var mu sync.Mutex
	var came []rush.Arrival
	refusal := spec.NewFault(spec.CodeNotFound, "")
	g, clk := openGenerator(t, func(_ context.Context, a rush.Arrival) error {
		mu.Lock()
		defer mu.Unlock()
		came = append(came, a)
		if a.Kind == "ping" {
			return nil
		}
		return refusal
	})
	play(t, g, clk, 10*time.Second)
	if len(came) != 0 {
		t.Fatalf("%d arrivals while it is off", len(came))
	}
	if err := g.set(on(1, 0)); err != nil {
		t.Fatal(err)
	}
	play(t, g, clk, 86_400*time.Millisecond)
	want := map[rush.Arrival]bool{}
	pings := 0
	for hour := range 24 {
		for _, a := range rush.Hour(daily, 3, hour, 1) {
			want[a] = true
			if a.Kind == "ping" {
				pings++
			}
		}
	}
	for _, a := range came {
		if !want[a] {
			t.Errorf("arrival %+v comes twice, or was not drawn", a)
		}
		delete(want, a)
	}
	got := g.state()
	if len(want) > 0 || got.Sum.Missed > 0 || got.Sum.Done != pings || got.Sum.Refused != len(came)-pings {
		t.Errorf("%d did not come; %+v of %d", len(want), got.Sum, len(came))
	}
	if got.Day != 1 || got.Clock != "00:00" {
		t.Errorf("it is %s of day %d", got.Clock, got.Day)
	}
	if err := g.set(trafficSetting{}); err != nil {
		t.Fatal(err)
	}
	n := len(came)
	play(t, g, clk, 10*time.Second)
	if len(came) != n {
		t.Error("it goes on after the stop")
	}
}

// While nobody answers, arrivals do not pile up: 32 wait, the others are missed, and so are those of hours that nobody saw.
func TestTrafficDoesNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, clk := openGenerator(t, func(ctx context.Context, _ rush.Arrival) error { <-ctx.Done(); return ctx.Err() })
		if err := g.set(on(20, 9)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var under sync.WaitGroup
		for range 200 {
			clk.Advance(50 * time.Millisecond)
			g.step(ctx, &under)
		}
		if len(g.places) != underWay || g.state().Sum.Missed == 0 {
			t.Errorf("%d under way, %+v", len(g.places), g.state().Sum)
		}
		missed := g.state().Sum.Missed
		clk.Advance(time.Hour) // forty-one days that nobody looked at
		for range 1000 {
			if wait := g.step(ctx, &under); wait > 0 {
				break
			}
		}
		if now := g.state().Sum.Missed; now < missed+100_000 {
			t.Errorf("%d missed, before the pause %d", now, missed)
		}
		g.mu.Lock()
		kept := len(g.queue)
		g.mu.Unlock()
		if kept > 20_000 {
			t.Errorf("%d arrivals are kept", kept)
		}
		cancel()
		under.Wait()
		if g.state().Sum.Failed != underWay {
			t.Errorf("%+v after the end", g.state().Sum)
		}
	})
}

func TestTrafficSettingIsChecked(t *testing.T) {
	g, _ := openGenerator(t, nil)
	for _, bad := range []trafficSetting{on(-1, 8), on(201, 8), on(1, 24), on(1, -1)} {
		if err := g.set(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// Each scenario can be played, and one seed makes one of it.
func TestScenariosCanBePlayed(t *testing.T) {
	b, err := board.New(board.Options{Dir: t.TempDir(), Clock: clock.NewFake(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range scenarioKinds {
		one, err := scenario(k.name, 5)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := scenario(k.name, 5)
		if len(one.Steps) == 0 || len(one.Steps) != len(again.Steps) {
			t.Errorf("%s: %d steps, then %d", k.name, len(one.Steps), len(again.Steps))
		}
		if _, err := b.Faults.Start(one); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
	}
	if n := len(b.Faults.Running()); n != len(scenarioKinds) {
		t.Errorf("%d scenarios are being played", n)
	}
}
