package exchange

import (
	"fmt"
	"time"

	"yichuang/internal/kit/clock"
)

// Quiet is a part of each day in which something is left alone: from From until before To, as minutes of the day in Beijing, over
// midnight where To is the smaller one. Equal: there is none.
type Quiet struct{ From, To int }

// At tells whether the moment is in it.
func (q Quiet) At(t time.Time) bool {
	t = t.In(clock.Shanghai())
	minute := t.Hour()*60 + t.Minute()
	if q.From <= q.To {
		return minute >= q.From && minute < q.To
	}
	return minute >= q.From || minute < q.To
}

// String is the span as 22:00–06:00, "" where there is none.
func (q Quiet) String() string {
	if q.From == q.To {
		return ""
	}
	return fmt.Sprintf("%02d:%02d–%02d:%02d", q.From/60, q.From%60, q.To/60, q.To%60)
}

func (q Quiet) valid() bool {
	return q.From >= 0 && q.From < 24*60 && q.To >= 0 && q.To < 24*60
}
