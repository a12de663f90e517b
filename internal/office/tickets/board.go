package tickets

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// boardView is the hall's board at a moment.
type boardView struct {
	Hall  string
	Now   time.Time
	Calls []Ticket // the last five, the newest first
	Lines []line
	Soon  []Ticket // the next three
}

// line is what waits in one series.
type line struct {
	Series  string
	Waiting int
	Minutes int // until the last of them is called, about
}

// shownCalls is how many calls a board shows.
const shownCalls = 5

func (r *Room) boardNow(ctx context.Context, hall string) (v boardView, err error) {
	v = boardView{Hall: hall, Now: r.Clock.Now()}
	if v.Calls, err = r.list(ctx, r.Pool, `hall = $1 AND day = $2 AND called_at IS NOT NULL AND state IN ('called', 'serving', 'done')
		ORDER BY called_at DESC, id LIMIT `+strconv.Itoa(shownCalls), hall, string(r.Today())); err != nil {
		return v, err
	}
	queue, err := r.Queue(ctx, r.Pool, hall)
	if err != nil {
		return v, err
	}
	counters, err := r.Counters(ctx, r.Pool, hall)
	if err != nil {
		return v, err
	}
	pace, err := r.pace(ctx, r.Pool, hall)
	if err != nil {
		return v, err
	}
	v.Soon = queue[:min(3, len(queue))]
	for _, s := range []string{Booked, WalkedIn} {
		l := line{Series: s}
		for i, t := range queue {
			if t.Series == s {
				l.Waiting, l.Minutes = l.Waiting+1, Wait(i+1, len(counters), pace)
			}
		}
		v.Lines = append(v.Lines, l)
	}
	return v, nil
}

// version changes when the board does.
func (v boardView) version() string {
	var b strings.Builder
	b.WriteString(hourMinute(v.Now))
	for _, t := range v.Calls {
		b.WriteString(" " + t.Shown() + "." + itoa(t.Calls) + "." + itoa(t.Counter))
	}
	for _, t := range v.Soon {
		b.WriteString(" " + t.Shown())
	}
	for _, l := range v.Lines {
		b.WriteString(" " + itoa(l.Waiting) + "/" + itoa(l.Minutes))
	}
	return b.String()
}

// call names the newest call, so that a script knows which ones it has spoken.
func (v boardView) call() string {
	if len(v.Calls) == 0 {
		return ""
	}
	return v.Calls[0].Shown() + "." + itoa(v.Calls[0].Calls)
}

// spoken is the newest call as a voice says it, digit by digit.
func (v boardView) spoken() string {
	if len(v.Calls) == 0 {
		return ""
	}
	return spoken(v.Calls[0])
}

func spoken(t Ticket) string {
	digits := strings.NewReplacer("0", "零 ", "1", "一 ", "2", "二 ", "3", "三 ", "4", "四 ", "5", "五 ", "6", "六 ", "7", "七 ", "8", "八 ", "9", "九 ")
	return "请 " + t.Series + " " + digits.Replace(t.Shown()[1:]) + "号，到 " + itoa(t.Counter) + " 号窗口"
}

func (v boardView) date() string {
	at := v.Now.In(clock.Shanghai())
	return strconv.Itoa(int(at.Month())) + " 月 " + itoa(at.Day()) + " 日 星期" + [...]string{"日", "一", "二", "三", "四", "五", "六"}[at.Weekday()]
}

func (r *Room) board(w http.ResponseWriter, req *http.Request) error {
	hall, err := r.machine(req)
	if err != nil {
		return err
	}
	v, err := r.boardNow(req.Context(), hall)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, boardPage(v))
}

// boardEvents sends the board whenever it changes, and each minute for its clock. A new day begins with an empty one.
func (r *Room) boardEvents(w http.ResponseWriter, req *http.Request) error {
	hall, err := r.machine(req)
	if err != nil {
		return err
	}
	return web.Stream(w, req, func(ctx context.Context, last string, send func(id string, part templ.Component) error) error {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			v, err := r.boardNow(ctx, hall)
			if err != nil {
				return err
			}
			if id := string(land.DateOf(v.Now)) + " " + v.version(); id != last {
				last = id
				if err := send(id, boardLive(v)); err != nil {
					return err
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
}

func minutesWords(l line) string {
	switch {
	case l.Waiting == 0:
		return "随到随办"
	case l.Series == Booked:
		return "按约定时间"
	}
	return "约 " + itoa(l.Minutes) + " 分"
}
