package exchange

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// Span is how far back a chart looks: bins of the calendar of Beijing, the last of which is under way.
type Span string

// The spans, from minutes to months.
const (
	LastHour  Span = "1h"  // 60 minutes
	LastDay   Span = "24h" // 24 hours
	LastWeek  Span = "7d"  // 28 quarters of a day
	LastMonth Span = "30d" // 30 days
	LastYear  Span = "12m" // 12 months
)

// Spans lists them, the shortest first.
func Spans() []Span { return []Span{LastHour, LastDay, LastWeek, LastMonth, LastYear} }

// grain is which counts a span is made of.
func (s Span) grain() string {
	switch s {
	case LastHour:
		return "minute"
	case LastDay, LastWeek:
		return "hour"
	}
	return "day"
}

// edges are the beginnings of the bins up to now, and the end of the last one.
func (s Span) edges(now time.Time) []time.Time {
	now = now.In(clock.Shanghai())
	day := dayOf(now)
	var last time.Time
	bins := 0
	next := func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) }
	switch s {
	case LastHour:
		bins, last = 60, now.Truncate(time.Minute)
		next = func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Minute) }
	case LastDay:
		bins, last = 24, now.Truncate(time.Hour)
		next = func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Hour) }
	case LastWeek:
		const quarter = 6 * time.Hour
		bins, last = 28, day.Add(now.Sub(day)/quarter*quarter)
		next = func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * quarter) }
	case LastMonth:
		bins, last = 30, day
	case LastYear:
		bins, last = 12, day.AddDate(0, 0, 1-day.Day())
		next = func(t time.Time, n int) time.Time { return t.AddDate(0, n, 0) }
	}
	list := make([]time.Time, bins+1)
	for i := range list {
		list[i] = next(last, i+1-bins)
	}
	return list
}

// Bin is a part of a chart.
type Bin struct {
	From, To time.Time
	Counts
}

// OperationCounts are the calls of one operation in one direction.
type OperationCounts struct {
	Operation spec.Operation
	Direction string
	Counts
}

// Chart is how a line was used over a span.
type Chart struct {
	Span       Span
	Bins       []Bin             // all, also those without calls
	Operations []OperationCounts // most called first
	Total      Counts
}

// Chart counts the calls of an endpoint over a span, as of the last RollUp. An unknown span is LastDay.
func (x *Exchange) Chart(ctx context.Context, endpoint uuid.UUID, s Span) (Chart, error) {
	if !slices.Contains(Spans(), s) {
		s = LastDay
	}
	edges := s.edges(x.clock.Now())
	c := Chart{Span: s, Bins: make([]Bin, len(edges)-1)}
	for i := range c.Bins {
		c.Bins[i].From, c.Bins[i].To = edges[i], edges[i+1]
	}
	rows, err := x.pool.Query(ctx, `SELECT at, direction, operation, ok, refused, failed, slowest, histogram FROM exchange_rollups
		WHERE grain = $1 AND endpoint = $2 AND at >= $3 AND at < $4`, s.grain(), endpoint, edges[0], edges[len(edges)-1])
	if err != nil {
		return Chart{}, fmt.Errorf("chart calls: %w", err)
	}
	place := map[string]int{}
	var (
		at        time.Time
		o         OperationCounts
		slowest   int64
		histogram []int
	)
	_, err = pgx.ForEachRow(rows, []any{&at, &o.Direction, &o.Operation, &o.OK, &o.Refused, &o.Failed, &slowest, &histogram}, func() error {
		o.Slowest = time.Duration(slowest) * time.Microsecond
		copy(o.histogram[:], histogram)
		key := o.Direction + string(o.Operation)
		i, known := place[key]
		if !known {
			i = len(c.Operations)
			place[key] = i
			c.Operations = append(c.Operations, OperationCounts{Operation: o.Operation, Direction: o.Direction})
		}
		c.Operations[i].add(o.Counts)
		c.Total.add(o.Counts)
		c.bin(at).add(o.Counts)
		return nil
	})
	if err != nil {
		return Chart{}, fmt.Errorf("chart calls: %w", err)
	}
	slices.SortFunc(c.Operations, func(a, b OperationCounts) int {
		return cmp.Or(b.Calls()-a.Calls(), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Direction, b.Direction))
	})
	return c, nil
}

// bin finds the bin of a time that lies in the chart.
func (c Chart) bin(at time.Time) *Bin {
	i, found := slices.BinarySearchFunc(c.Bins, at, func(b Bin, t time.Time) int { return b.From.Compare(t) })
	if !found {
		i--
	}
	return &c.Bins[i]
}
