package code

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func anyCode(t *rapid.T) Code {
	c, err := New(bytes.NewReader(rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, "random")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	c, err := New(strings.NewReader("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	good, grouped := string(c), c.Grouped()
	wrong := []byte(good)
	wrong[3] = alphabet[(strings.IndexByte(alphabet, wrong[3])+1)%32]
	for _, x := range []struct {
		name, in string
		err      error
	}{
		{"canonical", good, nil},
		{"grouped", grouped, nil},
		{"lower case with spaces", " " + strings.ToLower(strings.ReplaceAll(grouped, "-", " ")), nil},
		{"letter O for zero", strings.ReplaceAll(good, "0", "O"), nil},
		{"letters for one", strings.Replace(strings.ReplaceAll(good, "1", "l"), "l", "I", 1), nil},
		{"one wrong", string(wrong), ErrCheck},
		{"short", good[:16], ErrFormat},
		{"long", good + "0", ErrFormat},
		{"empty", "", ErrFormat},
		{"U is none", "U" + good[1:], ErrFormat},
		{"Han", "核验码" + good, ErrFormat},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, err := Parse(x.in)
			if !errors.Is(err, x.err) || (err == nil && got != c) {
				t.Errorf("Parse(%q) = %q, %v", x.in, got, err)
			}
		})
	}
}

func TestFullWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCode(t)
		wide := strings.Map(func(r rune) rune { return r + ('！' - '!') }, string(c))
		if got, err := Parse(wide); err != nil || got != c {
			t.Fatalf("Parse(%q) = %q, %v", wide, got, err)
		}
	})
}

func TestEveryWrongCharacterIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := []byte(anyCode(t))
		at := rapid.IntRange(0, len(c)-1).Draw(t, "at")
		other := rapid.SampledFrom([]byte(alphabet)).Filter(func(b byte) bool { return b != c[at] }).Draw(t, "other")
		c[at] = other
		if _, err := Parse(string(c)); !errors.Is(err, ErrCheck) {
			t.Fatalf("%s passes: %v", c, err)
		}
	})
}

func TestNewNeedsRandomness(t *testing.T) {
	if _, err := New(strings.NewReader("short")); err == nil {
		t.Error("a code from too little randomness")
	}
}
