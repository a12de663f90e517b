package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"yichuang/internal/land"
)

// Line is one thing that both sides have booked, if all is well.
type Line struct {
	Key    string   // by which both sides know it: voucher, transaction, unit
	Says   string   // what must agree, as people read it
	Amount land.Fen // in above zero, out below; zero where it is no money
	Case   string
}

// Gap is a key on which the sides differ. An empty side has nothing under the key.
type Gap struct{ Key, Ours, Theirs, Case string }

// Compare finds all keys under which the two sides do not say the same, in order of key. A side that has a key several times says
// all of it, in any order.
func Compare(ours, theirs []Line) []Gap {
	left, right := gather(ours), gather(theirs)
	keys := maps.Clone(left)
	maps.Copy(keys, right)
	var gaps []Gap
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		l, r := left[key], right[key]
		if l.says() != r.says() {
			gaps = append(gaps, Gap{Key: key, Ours: l.says(), Theirs: r.says(), Case: cmp.Or(l.caseNo, r.caseNo)})
		}
	}
	return gaps
}

// Sum is the sum of the amounts of lines.
func Sum(lines []Line) land.Fen {
	var sum land.Fen
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}

// said is what a side has under one key.
type said struct {
	words  []string
	caseNo string
}

func (s said) says() string { return strings.Join(s.words, "；") }

func gather(lines []Line) map[string]said {
	out := map[string]said{}
	for _, l := range lines {
		s := out[l.Key]
		s.words, s.caseNo = append(s.words, l.Says), cmp.Or(s.caseNo, l.Case)
		out[l.Key] = s
	}
	for _, s := range out {
		slices.Sort(s.words)
	}
	return out
}
