package appointment

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Slot is half an hour at a hall.
type Slot struct {
	Name string // "09:00-09:30"
	From time.Time
	Left int // places that are free; 0 also when it has passed
}

// Word is the time as people read it.
func (s Slot) Word() string { return slotWord(s.Name) }

func slotWord(name string) string {
	if len(name) != len("09:00-09:30") {
		return name
	}
	return name[:5] + "–" + name[6:]
}

// slotsOf are the half hours within office hours of a day, all free; none on a day off.
func (r *Room) slotsOf(h Hall, day land.Date) []Slot {
	cal := r.Catalog.Calendar()
	if !cal.IsWorkingDay(day) {
		return nil
	}
	var out []Slot
	midnight := day.Time().In(clock.Shanghai())
	for at := midnight; at.Before(midnight.Add(24 * time.Hour)); at = at.Add(halfHour) {
		if cal.Open(at) && cal.Open(at.Add(halfHour-time.Second)) {
			s := Slot{Name: at.Format("15:04") + "-" + at.Add(halfHour).Format("15:04"), From: at}
			if at.After(r.Clock.Now()) {
				s.Left = h.Quota()
			}
			out = append(out, s)
		}
	}
	return out
}

// days that can be booked: today and the working days after it.
func (r *Room) days() []land.Date {
	cal := r.Catalog.Calendar()
	day := land.DateOf(r.Clock.Now())
	var out []land.Date
	for len(out) < ahead {
		if cal.IsWorkingDay(day) {
			out = append(out, day)
		}
		day = day.AddDays(1)
	}
	return out
}

// Day is a day at a hall.
type Day struct {
	Date  land.Date
	Slots []Slot
}

// Left is how many places of the day are free.
func (d Day) Left() (n int) {
	for _, s := range d.Slots {
		n += s.Left
	}
	return n
}

// week reads how free the days of a hall are that can be booked.
func (r *Room) week(ctx context.Context, db pg.DB, h Hall) ([]Day, error) {
	list := r.days()
	rows, err := db.Query(ctx, `SELECT to_char(day, 'YYYY-MM-DD'), slot, taken FROM booking_slots WHERE hall = $1 AND day BETWEEN $2 AND $3`,
		h.Code, string(list[0]), string(list[len(list)-1]))
	if err != nil {
		return nil, fmt.Errorf("appointment: slots: %w", err)
	}
	type key struct{ day, slot string }
	taken := map[key]int{}
	var day, slot string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&day, &slot, &n}, func() error { taken[key{day, slot}] = n; return nil }); err != nil {
		return nil, fmt.Errorf("appointment: slots: %w", err)
	}
	var out []Day
	for _, date := range list {
		d := Day{Date: date, Slots: r.slotsOf(h, date)}
		for i, s := range d.Slots {
			d.Slots[i].Left = max(0, s.Left-taken[key{string(date), s.Name}])
		}
		out = append(out, d)
	}
	return out, nil
}

// offered says whether a half hour can still be booked at all.
func (r *Room) offered(h Hall, day land.Date, slot string) bool {
	if days := r.days(); day < days[0] || day > days[len(days)-1] {
		return false
	}
	for _, s := range r.slotsOf(h, day) {
		if s.Name == slot {
			return s.Left > 0
		}
	}
	return false
}

// alternative is a half hour that is free.
type alternative struct {
	Day  land.Date
	Slot Slot
}

func (a alternative) words() string { return dayWord(a.Day) + " " + a.Slot.Word() }

// alternatives are the three free half hours next to a wish: later the same day first, then the days after, then before.
func alternatives(week []Day, day land.Date, slot string) []alternative {
	var after, before []alternative
	for _, d := range week {
		for _, s := range d.Slots {
			switch {
			case s.Left == 0:
			case d.Date > day || d.Date == day && s.Name > slot:
				after = append(after, alternative{d.Date, s})
			default:
				before = append(before, alternative{d.Date, s})
			}
		}
	}
	all := append(after, before...)
	return all[:min(3, len(all))]
}

func dayWord(d land.Date) string {
	t := d.Time()
	return fmt.Sprintf("%d 月 %d 日（%s）", t.Month(), t.Day(), weekday(t.Weekday()))
}

func weekday(d time.Weekday) string {
	return []string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}[d]
}
