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
	System    string   `json:"system"`
	Operation string   `json:"operation"`
	Latency   latency  `json:"latency,omitzero"`
	Defects   []string `json:"defects,omitempty"`
	Share     float64  `json:"share,omitempty"`
	Times     int      `json:"times,omitempty"`
}

// latency is a log-normal distribution of delays, by its median and what 99 of 100 stay below.
type latency struct {
	Curve  string `json:"curve"`
	MS     int    `json:"ms"`
	HighMS int    `json:"highMs"`
}

// words say what a fault is.
func (f fault) words() string {
	if len(f.Defects) == 0 {
		return fmt.Sprintf("answers late, half after %d ms, one in a hundred after %d ms", f.Latency.MS, f.Latency.HighMS)
	}
	words := map[string]string{"silent": "says nothing", "wrongSignature": "signs with a stranger's key", "duplicate": "tells everything twice", "reorder": "tells things out of order",
		"error": "fails calls", "corrupt": "garbles what it signed", "schema": "breaks the schema", "otherCase": "names other cases", "stale": "repeats what is long past", "crash": "hangs up half way", "drip": "drips"}[f.Defects[0]]
	switch {
	case f.Times > 0:
		return fmt.Sprintf("%s, %d times", words, f.Times)
	case f.Share > 0:
		return fmt.Sprintf("%s, %.0f %% of the time", words, f.Share*100)
	}
	return words
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
		{At: within(0.05, 0.5), Kind: misbehave, Lasts: span / 3, Fault: fault{System: departments[rng.IntN(len(departments))], Operation: "*", Defects: []string{"silent"}}},
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

// draw picks a fault of the board. What is wrong in content happens a few times, and the true message follows; an impossible amount is
// none of them, because the drill counts money.
func draw(rng *rand.Rand) fault {
	f := fault{System: systems[rng.IntN(len(systems))], Operation: "*"}
	switch kind := []string{"late", "error", "silent", "duplicate", "reorder", "wrongSignature", "corrupt", "schema", "otherCase", "stale", "crash", "drip"}[rng.IntN(12)]; kind {
	case "late":
		median := 200 + rng.IntN(1300)
		f.Latency = latency{Curve: "logNormal", MS: median, HighMS: 4 * median}
	case "error", "crash":
		f.Defects, f.Share = []string{kind}, 0.3+0.7*rng.Float64()
	case "silent", "duplicate", "reorder":
		f.Defects = []string{kind}
	default:
		f.Defects, f.Times = []string{kind}, 1+rng.IntN(3)
	}
	return f
}
