package tickets

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/time/rate"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/bookings"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
)

// Parts that the room is made of.
type Parts struct {
	Pool   *pgxpool.Pool
	Keys   *sm.Keyring
	Clock  clock.Clock
	Staff  *staff.Room
	Visits *bookings.Room
	Cases  *casework.Service
}

// Room keeps the queues of the halls.
type Room struct {
	Parts
	guesses *rate.Limiter
}

// New makes the room.
func New(p Parts) *Room {
	return &Room{Parts: p, guesses: rate.NewLimiter(rate.Every(20*time.Second), 20)}
}

//go:embed static
var files embed.FS

// Assets are the sheet and the script of machine and board.
func Assets() (fs.FS, error) { return fs.Sub(files, "static") }

// Routes of the room, each with the right that it needs.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/kiosk", staff.Machine, r.choose)
	rt.Get("/kiosk/{hall}", staff.Machine, r.kiosk)
	rt.Post("/kiosk/{hall}", staff.Machine, r.read)
	rt.Get("/kiosk/{hall}/{id}", staff.Machine, r.ticket)
	rt.Get("/board/{hall}", staff.Machine, r.board)
	rt.Get("/board/{hall}/events", staff.Machine, r.boardEvents, web.Live())

	rt.Get("/w/counter", staff.Accept, r.counter)
	rt.Post("/w/counter", staff.Accept, r.sit)
	rt.Post("/w/counter/call", staff.Accept, r.call)
	rt.Get("/w/counter/ticket", staff.Accept, r.aside)
	rt.Post("/w/counter/ticket", staff.Accept, r.setAside)
}

// me is the account behind the request.
func (r *Room) me(ctx context.Context) (staff.Person, error) {
	return r.Staff.ByID(ctx, r.Pool, web.Who(ctx).ID)
}

// machine is the account of a machine at the hall of the address; another hall's is not found.
func (r *Room) machine(req *http.Request) (hall string, err error) {
	me, err := r.me(req.Context())
	if err != nil {
		return "", err
	}
	if hall = req.PathValue("hall"); hall == "" || hall != me.Hall {
		return "", web.NotFound()
	}
	return hall, nil
}

// HallName is what a hall is called: that of its district.
func HallName(code string) string {
	if len(code) >= 6 {
		if d, ok := land.FindDistrict(code[:6]); ok {
			return d.Name + "不动产登记大厅"
		}
	}
	return "不动产登记大厅"
}

// MapError names the errors of the room for people.
func MapError(err error) *web.Error {
	switch {
	case errors.Is(err, ErrNoTicket):
		return web.NotFound()
	case errors.Is(err, ErrNoCounter):
		return web.Conflict("今天还没有选窗口，或者同事接手了您的窗口。请在“叫号”里选窗口号。")
	}
	return nil
}
