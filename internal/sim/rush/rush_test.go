package rush

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

var kinds = []Kind{{"papers", 400, Office()}, {"phones", 300, Phones()}, {"pings", 96, Steady()}}

// The counts of many days lie where a Poisson process has them, hour by hour.
func TestHourFollowsTheCurve(t *testing.T) {
	const days = 200
	for i, k := range kinds {
		for hour := range 24 {
			n := 0
			for day := range days {
				for _, a := range Hour(kinds, 3, day*24+hour, 1.5) {
					if a.Kind == k.Name {
						n++
					}
				}
			}
			mean := kinds[i].Expected(hour, 1.5) * days
			if off := math.Abs(float64(n) - mean); off > 4.5*math.Sqrt(mean) {
				t.Errorf("%s at %d o'clock: %d, expected %.0f", k.Name, hour, n, mean)
			}
		}
	}
}

// The day has the shape that is promised.
func TestShapes(t *testing.T) {
	office, phones := kinds[0], kinds[1]
	if morning, lunch, night := office.Expected(9, 1), office.Expected(12, 1), office.Expected(3, 1); morning < 4*lunch || night != 0 {
		t.Errorf("offices: %.1f in the morning, %.1f at noon, %.1f at night", morning, lunch, night)
	}
	if evening, before := phones.Expected(20, 1), phones.Expected(17, 1); evening < 2*before {
		t.Errorf("phones: %.1f in the evening, %.1f before", evening, before)
	}
	sum := 0.0
	for hour := range 24 {
		sum += office.Expected(hour, 2)
	}
	if math.Abs(sum-800) > 0.01 {
		t.Errorf("a day of level 2 has %.2f, want 800", sum)
	}
}

func TestHourIsRepeatable(t *testing.T) {
	a, b := Hour(kinds, 7, 33, 2), Hour(kinds, 7, 33, 2)
	if !reflect.DeepEqual(a, b) || len(a) == 0 {
		t.Fatal("the same seed gives other arrivals")
	}
	if reflect.DeepEqual(a, Hour(kinds, 8, 33, 2)) || reflect.DeepEqual(a, Hour(kinds, 7, 57, 2)) {
		t.Error("another seed, or another day, gives the same arrivals")
	}
	if !slices.IsSortedFunc(a, func(x, y Arrival) int { return int(x.At - y.At) }) {
		t.Error("arrivals are not in order")
	}
	for _, x := range a {
		if x.At < 33*time.Hour || x.At >= 34*time.Hour {
			t.Errorf("an arrival of hour 33 at %v", x.At)
		}
	}
	if alone := Hour(kinds[:1], 7, 33, 2); !reflect.DeepEqual(alone, slices.DeleteFunc(a, func(x Arrival) bool { return x.Kind != "papers" })) {
		t.Error("other kinds change the arrivals of the first")
	}
}
