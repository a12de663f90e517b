package tickets

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// choose leads a machine's account to the two pages that it is for.
func (r *Room) choose(w http.ResponseWriter, req *http.Request) error {
	me, err := r.me(req.Context())
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, choosePage(me.Hall))
}

// kioskView is the page of the machine while it waits for a card.
type kioskView struct {
	Hall  string
	Form  *web.Form
	Early string // sealed number of who came before their booked time, to go on with as a walk-in
}

func (r *Room) kiosk(w http.ResponseWriter, req *http.Request) error {
	hall, err := r.machine(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, kioskPage(kioskView{Hall: hall, Form: web.NewForm(req)}))
}

// read takes a card or a code. Whatever comes of it, the number is not shown again.
func (r *Room) read(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	hall, err := r.machine(req)
	if err != nil {
		return err
	}
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v := kioskView{Hall: hall, Form: f}
	in, walkIn, err := r.given(f, hall)
	if err == nil {
		var t Taken
		if t, err = r.guarded(in, func() (Taken, error) { return r.Take(ctx, hall, in, walkIn) }); err == nil {
			if t.Remark != "" {
				web.Flash(ctx, "amber", t.Remark)
			}
			return web.Redirect(w, req, "/kiosk/"+hall+"/"+t.ID.String())
		}
	}
	var unread ErrRead
	var tooEarly ErrEarly
	var fault web.Fault
	switch {
	case errors.As(err, &unread):
		f.Fail("card", unread.Text)
	case errors.Is(err, ErrCode):
		f.Fail("card", "今天在本大厅没有这个预约码。请对照短信上的日期和大厅，或刷身份证")
	case errors.Is(err, errGuessed):
		f.Fail("card", "预约码错了太多次，请刷身份证，或请大厅的工作人员帮忙")
	case errors.As(err, &tooEarly):
		f.Fail("card", tooEarly.words())
		v.Early = r.sealRead(in, hall)
	case errors.As(err, &fault):
		f.Check("card", err)
	default:
		return err
	}
	f.Set("card", "")
	return web.Again(w, req, f, kioskPage(v))
}

// given reads the form: what was typed, or the sealed number of the page before.
func (r *Room) given(f *web.Form, hall string) (in Read, walkIn bool, err error) {
	if again := f.Value("again"); again != "" {
		in, err = r.openRead(again, hall)
		return in, true, err
	}
	in, err = Parse(f.Value("card"), r.Today())
	return in, false, err
}

func (r *Room) aad(hall string) []byte {
	return []byte("tickets.read " + hall + " " + string(r.Today()))
}

// sealRead keeps what was read for one more click, unreadable on the page, good for the hall and the day.
func (r *Room) sealRead(in Read, hall string) string {
	return base64.RawURLEncoding.EncodeToString(r.Keys.Seal([]byte(in.Code+string(in.Number)), r.aad(hall)))
}

func (r *Room) openRead(sealed, hall string) (Read, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		raw, err = r.Keys.Open(raw, r.aad(hall))
	}
	if err != nil {
		return Read{}, ErrRead{"这一页放得太久了，请再刷一次身份证"}
	}
	return Parse(string(raw), r.Today())
}

// errGuessed says that too many codes were wrong of late: until then only cards are read.
var errGuessed = errors.New("tickets: too many wrong codes")

// guarded slows the guessing of codes, which are short.
func (r *Room) guarded(in Read, take func() (Taken, error)) (Taken, error) {
	now := r.Clock.Now()
	if in.Code != "" && r.guesses.TokensAt(now) < 1 {
		return Taken{}, errGuessed
	}
	t, err := take()
	if errors.Is(err, ErrCode) {
		r.guesses.AllowN(now, 1)
	}
	return t, err
}

// ticketView is a ticket on paper.
type ticketView struct {
	Ticket
	Day    land.Date
	Ahead  int
	Wait   int // minutes
	Called bool
}

func (r *Room) ticket(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	hall, err := r.machine(req)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return web.NotFound()
	}
	v := ticketView{Day: r.Today()}
	if v.Ticket, err = r.one(ctx, r.Pool, `id = $1 AND hall = $2 AND day = $3`, id, hall, string(v.Day)); err != nil {
		return err
	}
	if v.Ticket.Ended() {
		return web.NotFound()
	}
	if v.Ahead, v.Wait, err = r.place(ctx, r.Pool, v.Ticket); err != nil {
		return err
	}
	v.Called = v.State == "called" || v.State == "serving"
	return web.Render(w, req, http.StatusOK, ticketPage(v))
}

// place says how many are called before a ticket as things stand, and about how long that takes.
func (r *Room) place(ctx context.Context, db pg.DB, t Ticket) (ahead, minutes int, err error) {
	queue, err := r.Queue(ctx, db, t.Hall)
	if err != nil {
		return 0, 0, err
	}
	ahead = max(0, slices.IndexFunc(queue, func(o Ticket) bool { return o.ID == t.ID }))
	counters, err := r.Counters(ctx, db, t.Hall)
	if err != nil {
		return 0, 0, err
	}
	pace, err := r.pace(ctx, db, t.Hall)
	return ahead, Wait(ahead, len(counters), pace), err
}

func itoa(n int) string { return strconv.Itoa(n) }

// waitWords says an estimate.
func waitWords(minutes int) string {
	if minutes == 0 {
		return "马上轮到您"
	}
	return "大约等 " + itoa(minutes) + " 分钟"
}
