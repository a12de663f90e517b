package catalog_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yichuang/internal/catalog"
	"yichuang/internal/land"
)

// at reads "2026-11-24 10:00" in the time of China.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	v, err := time.ParseInLocation("2006-01-02 15:04", s, land.Date("2026-01-01").Time().Location())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWorkingDaysByMonth(t *testing.T) {
	cal := load(t).Calendar()
	for year, months := range map[int][12]int{
		2025: {19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23},
		2026: {21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23}, // as counted from the notice
		2027: {20, 16, 23, 21, 19, 21, 22, 22, 21, 18, 22, 23}, // provisional
	} {
		for m, want := range months {
			first := land.MakeDate(year, time.Month(m+1), 1)
			got := cal.WorkingDaysBetween(first.AddDays(-1).Time(), land.MakeDate(year, time.Month(m+2), 0).Time())
			if got != want {
				t.Errorf("%s has %d working days, want %d", first[:7], got, want)
			}
		}
	}
}

func TestIsWorkingDay(t *testing.T) {
	cal := load(t).Calendar()
	for day, want := range map[land.Date]bool{
		"2026-11-24": true,  // Tuesday
		"2026-11-28": false, // Saturday
		"2026-09-20": true,  // Sunday worked for a holiday in October
		"2026-09-25": false, // Friday off
		"2026-02-14": true,  // Saturday worked
		"2026-10-10": true,  // Saturday worked
		"2027-02-09": false, // substitute day of the law
		"2027-02-11": true,
		"2028-01-03": false, // not entered: 1 January is a Saturday, the Monday stands for it
		"2028-01-04": true,
		"2028-05-01": false,
		"2028-05-02": false,
		"2028-05-03": true,
		"2028-10-02": false,
		"2028-10-04": false, // 1 October is a Sunday
		"2028-10-05": true,
	} {
		if got := cal.IsWorkingDay(day); got != want {
			t.Errorf("%s: working %v, want %v", day, got, want)
		}
	}
	for year, want := range map[int]bool{2025: false, 2026: false, 2027: true, 2028: true} {
		if cal.Provisional(year) != want || cal.Year(year).Source == "" {
			t.Errorf("%d: provisional %v, want %v", year, cal.Provisional(year), want)
		}
	}
}

func TestAddWorkingDays(t *testing.T) {
	cal := load(t).Calendar()
	for _, c := range []struct {
		name, from string
		n          int
		want       string
	}{
		{"the day itself does not count", "2026-11-24 10:00", 3, "2026-11-27 17:30"},
		{"over a weekend", "2026-11-26 10:00", 3, "2026-12-01 17:30"},
		{"before opening is that day", "2026-11-24 07:00", 1, "2026-11-25 17:30"},
		{"at closing is that day", "2026-11-24 17:30", 1, "2026-11-25 17:30"},
		{"after closing is the next working day", "2026-11-24 17:31", 1, "2026-11-26 17:30"},
		{"on a Saturday is Monday", "2026-11-28 10:00", 1, "2026-12-01 17:30"},
		{"at once", "2026-11-24 10:00", 0, "2026-11-24 17:30"},
		{"at once, asked at night", "2026-11-24 22:00", 0, "2026-11-25 17:30"},
		{"a worked Sunday counts", "2026-09-18 10:00", 1, "2026-09-20 17:30"},
		{"over the October holiday", "2026-09-30 10:00", 3, "2026-10-10 17:30"},
		{"the law's thirty", "2026-11-24 10:00", 30, "2027-01-06 17:30"},
	} {
		if got := cal.AddWorkingDays(at(t, c.from), c.n); !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAddWorkingTime(t *testing.T) {
	cal := load(t).Calendar()
	for _, c := range []struct {
		from  string
		hours time.Duration
		want  string
	}{
		{"2026-11-24 09:00", 2 * time.Hour, "2026-11-24 11:00"},
		{"2026-11-24 11:00", 2 * time.Hour, "2026-11-24 14:30"},
		{"2026-11-24 11:00", time.Hour, "2026-11-24 12:00"},
		{"2026-11-24 12:30", time.Hour, "2026-11-24 14:30"},
		{"2026-11-24 16:30", 2 * time.Hour, "2026-11-25 10:00"},
		{"2026-11-24 09:00", 7 * time.Hour, "2026-11-24 17:30"},
		{"2026-11-27 17:00", time.Hour, "2026-11-30 09:30"},
		{"2026-11-28 10:00", 30 * time.Minute, "2026-11-30 09:30"},
		{"2026-11-28 10:00", 0, "2026-11-28 10:00"},
	} {
		if got := cal.AddWorkingTime(at(t, c.from), c.hours); !got.Equal(at(t, c.want)) {
			t.Errorf("%s + %s: %s, want %s", c.from, c.hours, got, c.want)
		}
	}
}

func TestWorkingTimeMeasuresWhatItAdds(t *testing.T) {
	cal := load(t).Calendar()
	start := at(t, "2026-01-01 00:00")
	rapid.Check(t, func(t *rapid.T) {
		from := start.Add(time.Duration(rapid.IntRange(0, 900*24*60).Draw(t, "minutes")) * time.Minute)
		d := time.Duration(rapid.IntRange(1, 60*60).Draw(t, "length")) * time.Minute
		to := cal.AddWorkingTime(from, d)
		if got := cal.WorkingDuration(from, to); got != d || cal.WorkingDuration(to, from) != -d {
			t.Fatalf("%s to %s measures %s, want %s", from, to, got, d)
		}
		if n := rapid.IntRange(0, 40).Draw(t, "days"); cal.WorkingDaysBetween(cal.AddWorkingDays(from, 0), cal.AddWorkingDays(from, n)) != n {
			t.Fatal(from, n)
		}
	})
}

func TestOpen(t *testing.T) {
	cal := load(t).Calendar()
	for moment, want := range map[string]bool{"2026-11-24 08:59": false, "2026-11-24 09:00": true, "2026-11-24 12:00": false, "2026-11-24 17:29": true, "2026-11-24 17:30": false, "2026-11-28 10:00": false} {
		if cal.Open(at(t, moment)) != want {
			t.Errorf("%s: open %v", moment, !want)
		}
	}
}

func TestDue(t *testing.T) {
	cal := load(t).Calendar()
	stop := func(from, to string) catalog.Stop {
		return catalog.Stop{Kind: catalog.StopCorrection, From: at(t, from), To: at(t, to)}
	}
	days, hours, calendar := catalog.WorkingDays, catalog.WorkingHours, catalog.CalendarDays
	for _, c := range []struct {
		name  string
		from  string
		count int
		unit  catalog.Unit
		stops []catalog.Stop
		want  string // "": the clock stands
	}{
		{"three days", "2026-11-24 10:00", 3, days, nil, "2026-11-27 17:30"},
		{"a day in the stop does not count", "2026-11-24 10:00", 3, days, []catalog.Stop{stop("2026-11-25 15:00", "2026-11-26 10:00")}, "2026-12-01 17:30"},
		{"a stop at night costs nothing", "2026-11-24 10:00", 3, days, []catalog.Stop{stop("2026-11-25 18:00", "2026-11-26 08:00")}, "2026-11-27 17:30"},
		{"a stop over a weekend costs nothing", "2026-11-26 10:00", 3, days, []catalog.Stop{stop("2026-11-28 09:00", "2026-11-29 17:00")}, "2026-12-01 17:30"},
		{"a stop before the start is none", "2026-11-24 10:00", 3, days, []catalog.Stop{stop("2026-11-20 10:00", "2026-11-23 10:00")}, "2026-11-27 17:30"},
		{"two stops that overlap are one", "2026-11-24 10:00", 1, days, []catalog.Stop{stop("2026-11-25 15:00", "2026-11-26 10:00"), stop("2026-11-25 09:00", "2026-11-25 16:00")}, "2026-11-27 17:30"},
		{"stands still", "2026-11-24 10:00", 3, days, []catalog.Stop{stop("2026-11-25 15:00", "")}, ""},
		{"was over before the stop", "2026-11-24 10:00", 1, days, []catalog.Stop{stop("2026-11-26 09:00", "")}, "2026-11-25 17:30"},
		{"two hours", "2026-11-24 11:00", 2, hours, nil, "2026-11-24 14:30"},
		{"two hours with an hour's stop", "2026-11-24 11:00", 2, hours, []catalog.Stop{stop("2026-11-24 11:30", "2026-11-24 14:00")}, "2026-11-24 15:30"},
		{"hours stand still", "2026-11-24 11:00", 2, hours, []catalog.Stop{stop("2026-11-24 11:30", "")}, ""},
		{"fifteen calendar days", "2026-11-24 10:00", 15, calendar, nil, "2026-12-10 00:00"},
		{"the last day is a Saturday", "2026-11-25 23:00", 3, calendar, nil, "2026-12-01 00:00"},
		{"the last day is in a holiday", "2026-09-29 10:00", 3, calendar, nil, "2026-10-09 00:00"},
	} {
		got := cal.Due(at(t, c.from), catalog.Limit{Count: c.count, Unit: c.unit}, c.stops...)
		if !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	cal := load(t).Calendar()
	limit := catalog.Limit{Count: 1, Unit: catalog.WorkingDays, Remind: 75, Escalate: []int{100, 150}}
	m := cal.Marks(at(t, "2026-11-24 17:30"), limit) // the whole of Wednesday
	for name, pair := range map[string][2]time.Time{
		"remind": {m.Remind, at(t, "2026-11-25 15:45")}, "due": {m.Due, at(t, "2026-11-25 17:30")},
		"superior": {m.Escalate[0], at(t, "2026-11-25 17:30")}, "theirs": {m.Escalate[1], at(t, "2026-11-26 14:00")},
	} {
		if !pair[0].Equal(pair[1]) {
			t.Errorf("%s: %s, want %s", name, pair[0], pair[1])
		}
	}
	stood := cal.Marks(at(t, "2026-11-24 10:00"), limit, catalog.Stop{From: at(t, "2026-11-24 11:00")})
	if !stood.Due.IsZero() || !stood.Remind.IsZero() || stood.Escalate != nil {
		t.Error("nobody is reminded while the clock stands:", stood)
	}
}

// However long the clock stood: what was stopped is given back, marks keep their order, and reminders fall into running time.
func TestStopsGiveTimeBack(t *testing.T) {
	cal := load(t).Calendar()
	start := at(t, "2026-03-02 00:00")
	rapid.Check(t, func(t *rapid.T) {
		from := start.Add(time.Duration(rapid.IntRange(0, 90*24*60).Draw(t, "from")) * time.Minute)
		limit := catalog.Limit{Count: rapid.IntRange(1, 20).Draw(t, "count"), Remind: 75, Escalate: []int{100, 150},
			Unit: rapid.SampledFrom([]catalog.Unit{catalog.WorkingDays, catalog.WorkingHours, catalog.CalendarDays}).Draw(t, "unit")}
		var stops []catalog.Stop
		for range rapid.IntRange(0, 3).Draw(t, "stops") {
			s := catalog.Stop{From: from.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "s")) * time.Minute)}
			s.To = s.From.Add(time.Duration(rapid.IntRange(1, 10*24*60).Draw(t, "length")) * time.Minute)
			stops = append(stops, s)
		}
		plain, m := cal.Due(from, limit), cal.Marks(from, limit, stops...)
		if m.Due.Before(plain) {
			t.Fatalf("a stop makes the limit earlier: %s, %s", m.Due, plain)
		}
		if m.Remind.After(m.Due) || m.Escalate[0] != m.Due || m.Escalate[1].Before(m.Due) {
			t.Fatalf("marks are out of order: %+v", m)
		}
		if limit.Unit == catalog.WorkingHours {
			ran := cal.WorkingDuration(from, m.Due)
			for minute := from; minute.Before(m.Due); minute = minute.Add(time.Minute) {
				for _, s := range stops {
					if !minute.Before(s.From) && minute.Before(s.To) {
						ran -= cal.WorkingDuration(minute, minute.Add(time.Minute))
						break
					}
				}
			}
			if ran != time.Duration(limit.Count)*time.Hour {
				t.Fatalf("the clock ran %s of %d hours", ran, limit.Count)
			}
		}
	})
}

func TestLegalStops(t *testing.T) {
	kept := catalog.LegalStops([]catalog.Stop{{Kind: catalog.StopCorrection}, {Kind: catalog.StopNotice}, {Kind: catalog.StopReply}})
	if len(kept) != 1 || kept[0].Kind != catalog.StopNotice {
		t.Error("only a public notice stops the days of the law:", kept)
	}
}

func TestDeadline(t *testing.T) {
	for moment, want := range map[string]string{"2026-11-26 17:30": "2026 年 11 月 26 日 17:30", "2026-11-27 00:00": "2026 年 11 月 26 日 24:00", "2026-11-26 09:05": "2026 年 11 月 26 日 09:05"} {
		if got := catalog.Deadline(at(t, moment).UTC()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
