package clock_test

import (
	"sync"
	"testing"
	"time"

	"yichuang/internal/kit/clock"
)

func TestFakeMovesOnlyWhenTold(t *testing.T) {
	start := time.Date(2026, 11, 24, 9, 30, 0, 0, clock.Shanghai())
	f := clock.NewFake(start)
	if got := f.Now(); !got.Equal(start) {
		t.Fatalf("Now = %v, want %v", got, start)
	}
	if got := f.Advance(90 * time.Minute); !got.Equal(start.Add(90 * time.Minute)) {
		t.Fatalf("Advance = %v", got)
	}
	if got := f.Advance(-2 * time.Hour); !got.Before(start) {
		t.Fatalf("a negative Advance did not move back: %v", got)
	}
	f.Set(start)
	if got := f.Now(); !got.Equal(start) {
		t.Fatalf("after Set, Now = %v, want %v", got, start)
	}
}

func TestFakeIsSafeForConcurrentUse(t *testing.T) {
	f := clock.NewFake(time.Unix(0, 0))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { f.Advance(time.Second); f.Now() })
	}
	wg.Wait()
	if got := f.Now().Unix(); got != 50 {
		t.Fatalf("50 advances of a second moved the clock by %d s", got)
	}
}

func TestScaledRunsFaster(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		factor float64
		stands bool
	}{
		{"a million times", 1e6, false},
		{"stopped", 0, true},
		{"negative counts as stopped", -3, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := clock.Scaled(start, tt.factor)
			deadline := clock.System().Now().Add(5 * time.Second)
			moved := false
			for !moved && clock.System().Now().Before(deadline) && !tt.stands {
				moved = c.Now().Sub(start) > time.Second
			}
			if tt.stands && !c.Now().Equal(start) {
				t.Fatalf("a stopped clock moved to %v", c.Now())
			}
			if !tt.stands && !moved {
				t.Fatal("the clock did not run ahead of the machine's")
			}
		})
	}
}

func TestShanghai(t *testing.T) {
	// 1990 had daylight saving time in China: a birth certificate of that summer is at +09:00.
	for _, tt := range []struct {
		at     time.Time
		offset int
	}{
		{time.Date(2026, 7, 1, 0, 0, 0, 0, clock.Shanghai()), 8 * 3600},
		{time.Date(1990, 7, 1, 0, 0, 0, 0, clock.Shanghai()), 9 * 3600},
	} {
		if _, got := tt.at.Zone(); got != tt.offset {
			t.Errorf("offset at %v = %d, want %d", tt.at, got, tt.offset)
		}
	}
	if got := clock.System().Now().Location(); got != clock.Shanghai() {
		t.Errorf("the system clock shows %v", got)
	}
}
