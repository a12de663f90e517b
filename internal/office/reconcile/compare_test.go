package reconcile

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCompare(t *testing.T) {
	in := func(key, says string) Line { return Line{Key: key, Says: says, Case: "TZ-1"} }
	for name, tt := range map[string]struct {
		ours, theirs []Line
		want         []Gap
	}{
		"nothing moved":      {},
		"balanced":           {[]Line{in("a", "1"), in("b", "2")}, []Line{in("b", "2"), in("a", "1")}, nil},
		"missing with us":    {nil, []Line{{Key: "a", Says: "1"}}, []Gap{{"a", "", "1", ""}}},
		"missing with him":   {[]Line{in("a", "1")}, nil, []Gap{{"a", "1", "", "TZ-1"}}},
		"other amount":       {[]Line{in("a", "1")}, []Line{{Key: "a", Says: "2"}}, []Gap{{"a", "1", "2", "TZ-1"}}},
		"twice with him":     {[]Line{in("a", "1")}, []Line{in("a", "1"), in("a", "1")}, []Gap{{"a", "1", "1；1", "TZ-1"}}},
		"twice, other order": {[]Line{in("a", "1"), in("a", "2")}, []Line{in("a", "2"), in("a", "1")}, nil},
	} {
		if got := Compare(tt.ours, tt.theirs); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// A side equals itself in any order; what is taken from one side is exactly what is found missing.
func TestCompareFindsExactlyWhatIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfDistinct(rapid.StringMatching(`[a-z]{1,6}`), rapid.ID[string]).Draw(t, "keys")
		var ours []Line
		for _, k := range keys {
			ours = append(ours, Line{Key: k, Says: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "says")})
		}
		theirs := rapid.Permutation(ours).Draw(t, "theirs")
		if gaps := Compare(ours, theirs); len(gaps) != 0 {
			t.Fatalf("equal sides differ: %+v", gaps)
		}
		n := rapid.IntRange(0, len(theirs)).Draw(t, "kept")
		gaps := Compare(ours, theirs[:n])
		if len(gaps) != len(theirs)-n {
			t.Fatalf("%d taken away, %d found", len(theirs)-n, len(gaps))
		}
		for _, g := range gaps {
			if g.Theirs != "" || slices.ContainsFunc(theirs[:n], func(l Line) bool { return l.Key == g.Key }) {
				t.Fatalf("%+v is not missing", g)
			}
		}
	})
}
