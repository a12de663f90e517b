// Package rush draws when things happen in a day of the city: an open model, in which people come as they like, however long those
// before them wait.
//
// In come a seed and how lively the city is; out go the arrivals of any hour of any day, always the same for the same seed.
// What an arrival does, and whether anybody answers, is not known here.
package rush

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is what somebody comes for.
type Kind struct {
	Name  string
	Daily float64   // expected number on a day of level 1
	Share [24]Share // of the day, by hour
}

// Share is an hour's weight; the weights of a day need not add up to anything.
type Share = float64

// Office is a working day: nothing at night, a peak in the morning, few at noon, a lower peak in the afternoon.
func Office() [24]Share {
	return [24]Share{7: 1, 8: 8, 9: 16, 10: 15, 11: 9, 12: 2, 13: 5, 14: 11, 15: 12, 16: 9, 17: 4, 18: 1}
}

// Phones is a working day whose people come by phone, too: after dinner there is a second peak.
func Phones() [24]Share {
	return [24]Share{0: 1, 6: 1, 7: 3, 8: 8, 9: 13, 10: 12, 11: 8, 12: 5, 13: 5, 14: 9, 15: 9, 16: 7, 17: 5, 18: 6, 19: 10, 20: 12, 21: 9, 22: 4, 23: 2}
}

// Steady is machines, which do not sleep.
func Steady() [24]Share {
	var out [24]Share
	for i := range out {
		out[i] = 1
	}
	return out
}

// Expected is how many come in an hour on average.
func (k Kind) Expected(hour int, level float64) float64 {
	sum := 0.0
	for _, s := range k.Share {
		sum += s
	}
	if sum == 0 {
		return 0
	}
	return k.Daily * level * k.Share[hour] / sum
}

// Arrival is somebody who comes.
type Arrival struct {
	Kind string
	At   time.Duration // from the first midnight, simulated time
	Seed uint64        // for what it draws
}

// Hour draws the arrivals of the hour that begins so many hours after the first midnight, in order of time. Each kind is a Poisson process of its own, so that
// more of one changes nothing of the others.
func Hour(kinds []Kind, seed uint64, hours int, level float64) []Arrival {
	var out []Arrival
	for i, k := range kinds {
		rng := rand.New(rand.NewPCG(seed, uint64(hours)<<8|uint64(i)))
		mean := k.Expected(hours%24, level)
		if mean <= 0 {
			continue
		}
		for at := rng.ExpFloat64() / mean; at < 1; at += rng.ExpFloat64() / mean {
			span := time.Duration(math.Round((float64(hours) + at) * float64(time.Hour)))
			out = append(out, Arrival{Kind: k.Name, At: span, Seed: rng.Uint64()})
		}
	}
	slices.SortStableFunc(out, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	return out
}
