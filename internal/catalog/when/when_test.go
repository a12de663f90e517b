package when_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yichuang/internal/catalog/when"
)

type facts struct {
	Married bool
	Area    int64
	Homes   int
	Kind    string
	Missing []string
}

func TestHolds(t *testing.T) {
	f := facts{Married: true, Area: 14000, Homes: 2, Kind: "mixed", Missing: []string{"M-05"}}
	for source, want := range map[string]bool{
		"": true, "Married": true, "not Married": false, "Area <= 14000": true, "Area > 14000": false, "Homes == 2 and Kind != 'none'": true,
		"Kind in ['fund', 'mixed']": true, "Kind not in ['fund', 'mixed']": false, "'M-05' in Missing": true, "'M-06' in Missing": false,
		"Homes + 1 >= 3 && !Married || Area * 2 == 28000": true,
	} {
		c, err := when.Compile[facts](source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if c.Holds(f) != want || c.String() != source {
			t.Errorf("%s: %v, want %v", source, c.Holds(f), want)
		}
	}
}

func TestNumber(t *testing.T) {
	for source, want := range map[string]int64{"": 1, "Homes - 1": 1, "Homes * 3": 6, "7": 7, "Area": 14000} {
		n, err := when.CompileNumber[facts](source)
		if err != nil || n.Of(facts{Area: 14000, Homes: 2}) != want {
			t.Errorf("%s: %d %v, want %d", source, n.Of(facts{Area: 14000, Homes: 2}), err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for source, says := range map[string]string{
		"Maried":                 "unknown name Maried",
		"Married == 1":           "mismatched types",
		"Area":                   "expected bool",
		"Homes / 0 == 1":         "operator /",
		"Homes % 0 == 1":         "operator %",
		"Missing[0] == 'x'":      "MemberNode",
		"len(Missing) > 0":       "not part of the language",
		"all(Missing, # == 'x')": "not part of the language",
		"Kind matches '^(a+)+$'": "operator matches",
		"Homes ** 99 > 1":        "operator **",
		"let x = 1; x == 1":      "not part of the language",
		"Married ? true : false": "not part of the language",
		"Married and":            "unexpected token",
		"Kind contains 'm'":      "operator contains",
		"Homes in 1..1000000000": "operator ..",
	} {
		_, err := when.Compile[facts](source)
		var e *when.Error
		if !errors.As(err, &e) || !strings.Contains(e.Reason, says) {
			t.Errorf("%s: %v, want %q", source, err, says)
		}
	}
}

// A condition that compiles gives an answer for any facts: de Morgan's law would show a swallowed failure.
func TestTotal(t *testing.T) {
	source := rapid.SampledFrom([]string{"Married", "Area < 14000", "Homes - 3 > 0", "Kind == 'none'", "Kind in Missing", "Area * Homes >= 0", "'' in Missing"})
	rapid.Check(t, func(t *rapid.T) {
		f := facts{rapid.Bool().Draw(t, "m"), rapid.Int64().Draw(t, "a"), rapid.Int().Draw(t, "h"), rapid.String().Draw(t, "k"), rapid.SliceOf(rapid.String()).Draw(t, "s")}
		a, b := source.Draw(t, "a"), source.Draw(t, "b")
		both, err1 := when.Compile[facts](a + " and " + b)
		neither, err2 := when.Compile[facts]("not (not (" + a + ") or not (" + b + "))")
		if err1 != nil || err2 != nil || both.Holds(f) != neither.Holds(f) {
			t.Fatal(a, b, err1, err2)
		}
	})
}
