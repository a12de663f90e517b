package appointment

import (
	"context"
	"strconv"

	"yichuang/internal/land"
)

// Free says how soon a hall can be booked.
type Free struct {
	Code, Name string
	Words      string // 今天还可约 12 人
}

// Now tells of every hall how soon it can be booked.
func (r *Room) Now(ctx context.Context) ([]Free, error) {
	list, err := r.places(ctx, "")
	if err != nil {
		return nil, err
	}
	today := land.DateOf(r.Clock.Now())
	var out []Free
	for _, p := range list {
		f := Free{Code: p.Code, Name: p.Name, Words: "近两周已约满"}
		if next, ok := p.next(); ok {
			day := dayWord(next.Date)
			if next.Date == today {
				day = "今天"
			}
			f.Words = day + "还可约 " + strconv.Itoa(next.Left()) + " 人"
		}
		out = append(out, f)
	}
	return out, nil
}

// When says the time of a visit: 11 月 25 日（周三） 09:00–09:30.
func (r *Room) When(b *Booking) string { return dayWord(b.Day) + " " + slotWord(b.Slot) }

// Where says the hall of a visit, and under which code its visitor is called.
func (r *Room) Where(b *Booking) string { return r.nameOf(b.Hall) + "，取号码 " + b.Code }
