// Package appointment lets people book half an hour at a registration hall, change it and give it back.
//
// In come the halls with their windows, the calendar, and people's choices. Out go bookings to the office, which calls people
// up by their code, and a notice with what to bring. A half hour never takes more people than its windows can serve.
package appointment

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/hall/inbox"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// Hall is a registration hall.
type Hall struct {
	Code     string // "321202-1"
	Name     string
	District string // code of six digits
	Address  string
	Phone    string
	Windows  int     // that serve people with a booking
	PerSlot  int     // people that a window serves in half an hour
	Lat, Lon float64 // GCJ-02; zero where not known
}

// Quota is how many people half an hour takes.
func (h Hall) Quota() int { return h.Windows * h.PerSlot }

// People tells who an account is, as the identity provider vouched.
type People interface {
	PersonOf(ctx context.Context, db pg.DB, account uuid.UUID) (name string, doc land.Document, err error)
	// PhoneOf is where the account can be reached; empty where the provider knows no phone.
	PhoneOf(ctx context.Context, db pg.DB, account uuid.UUID) (phone string, err error)
}

// Parties tells which party of an application an account is; an error where it is none. hall/application does.
type Parties interface {
	PartyOf(ctx context.Context, db pg.DB, app, account uuid.UUID) (ref string, err error)
}

// Visit is what a case needs at the counter.
type Visit struct {
	Case  land.CaseNumber
	Ready bool     // the office has asked for the visit
	Bring []string // materials, as people call them
}

// Visits knows what a case needs at the counter.
type Visits interface {
	Visit(ctx context.Context, db pg.DB, app uuid.UUID) (Visit, error)
}

// Notifier sends a notice within the transaction of what it tells; *inbox.Room is one.
type Notifier interface {
	Send(ctx context.Context, tx pgx.Tx, n inbox.Notice) error
	// Tell writes to an account, for a visit without a case; and an SMS at a time to come.
	Tell(ctx context.Context, tx pgx.Tx, l inbox.Letter) error
	// Recall takes back an SMS whose time has not come.
	Recall(ctx context.Context, tx pgx.Tx, id uuid.UUID) error
}

// Parts that the room is made of.
type Parts struct {
	Pool    *pgxpool.Pool
	Keys    *sm.Keyring
	Clock   clock.Clock
	Log     *slog.Logger
	Catalog *catalog.Catalog
	Door    *ferry.Door
	People  People
	Parties Parties
	Visits  Visits // nil: nothing is known of cases, and every party may book
	Notify  Notifier
	Halls   []Hall
}

// Room is where people book.
type Room struct{ Parts }

// New makes the room.
func New(p Parts) *Room { return &Room{p} }

// Routes adds the pages.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/halls", web.Public, r.showHalls)
	rt.Get("/halls/{hall}", web.Public, r.showHall)
	rt.Get("/book", web.SignedIn, r.chooseHall)
	rt.Get("/book/{hall}", web.SignedIn, r.firstDay)
	rt.Get("/book/{hall}/{day}", web.SignedIn, r.showDay)
	rt.Post("/book/{hall}/{day}", web.SignedIn, r.book)
	rt.Get("/bookings", web.SignedIn, r.showMine)
	rt.Get("/bookings/{id}", web.SignedIn, r.showBooking)
	rt.Get("/bookings/{id}/cancel", web.SignedIn, r.confirmCancel)
	rt.Post("/bookings/{id}/cancel", web.SignedIn, r.cancel)
}

func (r *Room) hall(code string) (Hall, bool) {
	for _, h := range r.Halls {
		if h.Code == code {
			return h, true
		}
	}
	return Hall{}, false
}

// Errors of the room.
var (
	errNone  = errors.New("appointment: no such booking")
	errFull  = errors.New("appointment: the half hour is full")
	errTwice = errors.New("appointment: the person has a booking at that time")
	errMany  = errors.New("appointment: the account has as many bookings as it may")
	errOver  = errors.New("appointment: the time has passed or is not offered")
)

const (
	ahead    = 10 // working days that can be booked
	remindAt = 17 // hour of the day before, at which a visit is reminded of
	maxOpen  = 5  // bookings that an account may hold at a time
	halfHour = 30 * time.Minute
)
