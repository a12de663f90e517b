package exchange

import (
	"slices"
	"testing"
	"time"

	"yichuang/internal/kit/clock"
)

func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())
	share := Rule{Kind: ErrorShare, Enabled: true, Above: 20, MinCalls: 10}
	off := share
	off.Enabled = false
	age := Rule{Kind: QueueAge, Enabled: true, Above: 15}
	circuit := Rule{Kind: CircuitOpen, Enabled: true}
	minutesAgo := func(n int) time.Time { return now.Add(-time.Duration(n) * time.Minute) }
	for _, tt := range []struct {
		name   string
		rule   Rule
		value  float64
		calls  int
		active time.Time
		want   verdict
	}{
		{"well", share, 0, 50, time.Time{}, nothing},
		{"at the limit", share, 20, 50, time.Time{}, nothing},
		{"above it", share, 20.1, 50, time.Time{}, raise},
		{"above it on few calls", share, 100, 9, time.Time{}, nothing},
		{"above it on just enough", share, 100, 10, time.Time{}, raise},
		{"above it, switched off", off, 100, 50, time.Time{}, nothing},
		{"standing and above", share, 40, 50, minutesAgo(1), renew},
		{"standing, between clear and limit", share, 18, 50, minutesAgo(1), keep},
		{"standing, few calls and all fail", share, 100, 2, minutesAgo(1), keep},
		{"standing, below the clear mark", share, 15, 50, minutesAgo(1), lift},
		{"standing, one call and it went well", share, 0, 1, minutesAgo(1), lift},
		{"standing, nothing is called", share, 0, 0, minutesAgo(59), keep},
		{"standing, nothing was called for an hour", share, 0, 0, minutesAgo(60), lift},
		{"standing, switched off", off, 100, 50, minutesAgo(1), lift},
		{"nothing is called", share, 0, 0, time.Time{}, nothing},
		{"a queue grows old", age, 15.5, 0, time.Time{}, raise},
		{"a queue is drained", age, 0, 0, minutesAgo(1), lift},
		{"a queue shrinks", age, 12, 0, minutesAgo(1), keep},
		{"a circuit opens", circuit, 0.01, 0, time.Time{}, raise},
		{"a circuit closes", circuit, 0, 0, minutesAgo(1), lift},
	} {
		if got := judge(tt.rule, reading{value: tt.value, calls: tt.calls}, tt.active, now); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestQuietHours(t *testing.T) {
	for _, tt := range []struct {
		from, to, hour, minute int
		want                   bool
	}{
		{0, 0, 3, 0, false},
		{22 * 60, 7 * 60, 21, 59, false},
		{22 * 60, 7 * 60, 22, 0, true},
		{22 * 60, 7 * 60, 3, 0, true},
		{22 * 60, 7 * 60, 7, 0, false},
		{12 * 60, 13 * 60, 12, 30, true},
		{12 * 60, 13 * 60, 13, 0, false},
	} {
		at := time.Date(2026, 11, 24, tt.hour, tt.minute, 0, 0, clock.Shanghai()).UTC()
		if got := (Quiet{From: tt.from, To: tt.to}).At(at); got != tt.want {
			t.Errorf("quiet from %d to %d at %02d:%02d: %v", tt.from, tt.to, tt.hour, tt.minute, got)
		}
	}
}

func TestSpansFollowTheCalendarOfBeijing(t *testing.T) {
	now := time.Date(2026, 11, 23, 17, 15, 30, 0, time.UTC) // 01:15:30 on the 24th in Beijing
	for _, tt := range []struct {
		span        Span
		bins        int
		first, last string // beginning of the first and end of the last bin
	}{
		{LastHour, 60, "2026-11-24 00:16", "2026-11-24 01:16"},
		{LastDay, 24, "2026-11-23 02:00", "2026-11-24 02:00"},
		{LastWeek, 28, "2026-11-17 06:00", "2026-11-24 06:00"},
		{LastMonth, 30, "2026-10-26 00:00", "2026-11-25 00:00"},
		{LastYear, 12, "2025-12-01 00:00", "2026-12-01 00:00"},
	} {
		edges := tt.span.edges(now)
		words := func(t time.Time) string { return t.In(clock.Shanghai()).Format("2006-01-02 15:04") }
		if len(edges) != tt.bins+1 || words(edges[0]) != tt.first || words(edges[tt.bins]) != tt.last {
			t.Errorf("%s: %d bins from %s to %s", tt.span, len(edges)-1, words(edges[0]), words(edges[len(edges)-1]))
		}
		if !slices.IsSortedFunc(edges, time.Time.Compare) {
			t.Errorf("%s: edges out of order", tt.span)
		}
	}
}

func TestQuantile(t *testing.T) {
	c := Counts{OK: 90, Failed: 10, Slowest: 3 * time.Second}
	c.histogram[4], c.histogram[11] = 90, 10 // 10 to 20 ms, 2 to 5 s
	for _, tt := range []struct {
		q    float64
		want time.Duration
	}{
		{0.5, 10*time.Millisecond + 10*time.Millisecond*50/90},
		{0.9, 20 * time.Millisecond},
		{0.95, 2500 * time.Millisecond},
		{1, 3 * time.Second},
	} {
		if got := c.Quantile(tt.q); got < tt.want-time.Microsecond || got > tt.want+time.Microsecond {
			t.Errorf("quantile %g is %s, want %s", tt.q, got, tt.want)
		}
	}
	if got := (Counts{}).Quantile(0.95); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
}
