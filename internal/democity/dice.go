package democity

import (
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"

	"yichuang/internal/land"
)

// dice is a source of chance of its own for each part of the city, so that a change to one part moves no other.
type dice struct{ *rand.Rand }

func newDice(seed uint64, part string) dice {
	return dice{rand.New(rand.NewPCG(seed, hash(part)))}
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum64()
}

// chance is true in percent of 100 throws.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// between draws from lo to hi, both included.
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// skewed draws an index below n; low ones are three times as likely as high ones.
func (d dice) skewed(n int) int { return min(d.IntN(n), d.IntN(n+n/2)%n) }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// day is a calendar day with arithmetic; land.Date is how it is written.
type day struct{ time.Time }

func dayOf(d land.Date) day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return day{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	return day{t}
}

func on(year, month, dom int) day {
	return day{time.Date(year, time.Month(month), dom, 0, 0, 0, 0, time.UTC)}
}

func (d day) plus(days int) day            { return day{d.AddDate(0, 0, days)} }
func (d day) months(n int) day             { return day{d.AddDate(0, n, 0)} }
func (d day) years(n int) day              { return day{d.AddDate(n, 0, 0)} }
func (d day) until(later day) int          { return int(later.Sub(d.Time).Hours() / 24) }
func (d day) date() land.Date              { return land.Date(d.Format(time.DateOnly)) }
func (d day) at(hour, minute int) day      { return day{d.Add(time.Duration(hour*60+minute) * time.Minute)} }
func (d dice) dayBetween(from, to day) day { return from.plus(d.IntN(max(from.until(to), 0) + 1)) }

// password is made of the account alone: the same account has the same password in every city of the seed.
func password(seed uint64, login string) string {
	h := hash(strconv.FormatUint(seed, 10) + "/" + login)
	return passwordWords[h%uint64(len(passwordWords))] + "-" + pad(int(h/64%10_000), 4)
}
