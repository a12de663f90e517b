package flow

import (
	"testing"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// weekdays is a calendar of Monday to Friday; working time runs around the clock.
type weekdays struct{ flat }

func (w weekdays) AddWorkingDays(t time.Time, n int) time.Time {
	day := land.DateOf(t)
	for range n {
		day = w.NextWorkingDay(day)
	}
	return day.AddDays(1).Time()
}

func (weekdays) IsWorkingDay(d land.Date) bool {
	w := d.Time().Weekday()
	return w != time.Saturday && w != time.Sunday
}

func (w weekdays) NextWorkingDay(d land.Date) land.Date {
	for d = d.AddDays(1); !w.IsWorkingDay(d); d = d.AddDays(1) {
	}
	return d
}

func TestLimits(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, clock.Shanghai())
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	from := at("2026-11-24 10:00") // a Tuesday
	for _, c := range []struct{ limit, end string }{
		{"1d", "2026-11-26 00:00"},
		{"3d", "2026-11-28 00:00"},
		{"4d", "2026-12-01 00:00"}, // over the weekend
		{"4h", "2026-11-24 14:00"},
		{"30m", "2026-11-24 10:30"},
		{"36h calendar", "2026-11-25 22:00"},
		{"2d calendar", "2026-11-27 00:00"},
		{"4d calendar", "2026-12-01 00:00"}, // Saturday: until the end of Monday
		{"15d calendar", "2026-12-10 00:00"},
	} {
		l, err := ParseLimit(c.limit)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.End(from, weekdays{}); !got.Equal(at(c.end)) {
			t.Errorf("%s from %v ends %v, want %s", c.limit, from, got, c.end)
		}
		if again := l.String(); again != c.limit {
			t.Errorf("%s is written %s", c.limit, again)
		}
	}
	for _, bad := range []string{"", "d", "0d", "-1d", "1", "1w", "1d working", "1 d", "99999d"} {
		if _, err := ParseLimit(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]string{"P15D": "15d calendar", "PT4H": "4h calendar", "PT90M": "90m calendar", "PT1H30M": "90m calendar", "PT60S": "1m calendar"} {
		if l, err := parseDuration(s, false); err != nil || l.String() != want {
			t.Errorf("%s is %v, %v, want %s", s, l, err, want)
		}
	}
	for _, bad := range []string{"", "P", "PT", "P0D", "P1M", "P1Y", "P1DT1H", "15D", "PT-1H"} {
		if _, err := parseDuration(bad, false); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestValuesKeepTheirType(t *testing.T) {
	type fen int64
	for _, c := range []struct {
		typ  DataType
		in   any
		want any
		ok   bool
	}{
		{TypeMoney, fen(1_280_000), int64(1_280_000), true},
		{TypeMoney, 1.5, nil, false},
		{TypeInt, float64(3), int64(3), true},
		{TypeInt, uint8(3), int64(3), true},
		{TypeInt, "3", nil, false},
		{TypeInt, nil, int64(0), true},
		{TypeBool, "true", nil, false},
		{TypeBool, true, true, true},
		{TypeString, land.Date("2026-11-24"), "2026-11-24", true},
		{TypeString, 5, nil, false},
		{TypeList, nil, []any{}, true},
		{TypeList, map[string]any{}, nil, false},
		{TypeList, func() {}, nil, false},
	} {
		got, ok := c.typ.coerce(c.in)
		if ok != c.ok || ok && encode(t, got) != encode(t, c.want) {
			t.Errorf("%v as %s gives %v, %t", c.in, c.typ, got, ok)
		}
	}
	got, ok := TypeList.coerce([]struct {
		Kind string `json:"kind"`
		N    int    `json:"n"`
	}{{"water", 1}})
	m, isMap := got.([]any)[0].(map[string]any)
	if !ok || !isMap || m["n"] != int64(1) {
		t.Errorf("list of structs gives %#v", got)
	}
}
