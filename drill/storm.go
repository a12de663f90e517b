package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// blow is one thing that goes wrong, at a time from the beginning of the storm.
type blow struct {
	At    time.Duration
	Kind  string // one of the kinds below
	Lasts time.Duration
	Zone  string // of a cut ferry: whose messages wait
	Fault fault
}

// Kinds of blow.
const (
	killProgram  = "kill -9 of the program"
	killDatabase = "kill -9 of PostgreSQL"
	cutFerry     = "ferry cut"
	misbehave    = "fault"
	seize        = "seizure"
)

// fault is what the fault board of simcity takes.
type fault struct {
	System         string  `json:"system"`
	Operation      string  `json:"operation"`
	LatencyMS      int     `json:"latencyMs,omitempty"`
	ErrorShare     float64 `json:"errorShare,omitempty"`
	Silent         bool    `json:"silent,omitempty"`
	Duplicate      bool    `json:"duplicate,omitempty"`
	Reorder        bool    `json:"reorder,omitempty"`
	WrongSignature bool    `json:"wrongSignature,omitempty"`
	Times          int     `json:"times,omitempty"`
}

// words say what a fault is.
func (f fault) words() string {
	switch {
	case f.Silent:
		return "silent"
	case f.WrongSignature:
		return "signs with a stranger's key"
	case f.Duplicate:
		return "tells everything twice"
	case f.Reorder:
		return "tells things out of order"
	case f.ErrorShare > 0:
		return fmt.Sprintf("fails %.0f %% of calls", f.ErrorShare*100)
	}
	return fmt.Sprintf("answers %d ms late", f.LatencyMS)
}

// systems are those that may misbehave, by family.
var systems = []string{"registry", "housing", "tax", "bigdata", "bank", "fund", "utility", "portal", "ems", "sms", "wechat", "alipay"}

// departments are those of them that every case waits for.
var departments = []string{"registry", "housing", "tax", "bigdata", "bank"}

// plan makes the storm of a seed: both kills and a cut of the ferry in each direction at least once, more of them with the length of
// the storm, a fault every few seconds, one seizure, and one department that says nothing for a third of the storm, so
// that what is meant for it piles up. The last sixth has no kills, so that what was in hand can be taken up again.
func plan(seed uint64, span time.Duration) []blow {
	rng := rand.New(rand.NewPCG(seed, 1))
	within := func(from, to float64) time.Duration {
		return time.Duration((from + rng.Float64()*(to-from)) * float64(span))
	}
	seconds := func(from, to int) time.Duration { return time.Duration(from+rng.IntN(to-from+1)) * time.Second }
	storm := []blow{
		{At: within(0.15, 0.3), Kind: cutFerry, Zone: "hall", Lasts: seconds(3, 8)},
		{At: within(0.3, 0.5), Kind: killProgram},
		{At: within(0.45, 0.6), Kind: cutFerry, Zone: "office", Lasts: seconds(3, 8)},
		{At: within(0.6, 0.75), Kind: killDatabase},
		{At: within(0.5, 0.8), Kind: seize},
		{At: within(0.05, 0.5), Kind: misbehave, Lasts: span / 3, Fault: fault{System: departments[rng.IntN(len(departments))], Operation: "*", Silent: true}},
	}
	for more := span - time.Minute; more > 0; more -= time.Minute {
		storm = append(storm, blow{At: within(0.1, 0.83), Kind: []string{killProgram, killDatabase}[rng.IntN(2)]},
			blow{At: within(0.1, 0.9), Kind: cutFerry, Zone: []string{"hall", "office"}[rng.IntN(2)], Lasts: seconds(3, 10)})
	}
	for at := seconds(1, 4); at < span; at += seconds(2, 6) {
		storm = append(storm, blow{At: at, Kind: misbehave, Fault: draw(rng), Lasts: seconds(4, 15)})
	}
	slices.SortStableFunc(storm, func(a, b blow) int { return cmp.Compare(a.At, b.At) })
	return storm
}

// draw picks a fault of the board.
func draw(rng *rand.Rand) fault {
	f := fault{System: systems[rng.IntN(len(systems))], Operation: "*"}
	switch rng.IntN(6) {
	case 0:
		f.LatencyMS = 200 + rng.IntN(2800)
	case 1:
		f.ErrorShare = 0.3 + 0.7*rng.Float64()
	case 2:
		f.Silent = true
	case 3:
		f.Duplicate = true
	case 4:
		f.Reorder = true
	case 5:
		f.WrongSignature, f.Times = true, 1+rng.IntN(3)
	}
	return f
}
