// Package payment lets people pay what the office billed, by the channels they know.
//
// In come bills, their ends and refunds from the office by ferry, and the word of the channels by notification or, because
// notifications get lost, by asking. Out go payments and done refunds to the office, which alone decides what a payment
// settles and what goes back: money that comes late, twice or in another amount is reported like any other. Asked for a day, the
// room reads what the channel's own book says of it, for the office to compare with its own.
package payment

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// Parties tells which party of an application an account is; an error where it is none. hall/application does.
type Parties interface {
	PartyOf(ctx context.Context, db pg.DB, app, account uuid.UUID) (ref string, err error)
}

// Cases finds the application that a case number, or the application's own id, means.
type Cases interface {
	Resolve(ctx context.Context, no string) (app uuid.UUID, caseNo land.CaseNumber, err error)
}

// Jobs puts work into the queue within a transaction.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Recorder keeps what must be accounted for; *audit.Log is one.
type Recorder interface {
	Record(ctx context.Context, db pg.DB, e audit.Entry) error
}

// Parts that the room is made of.
type Parts struct {
	Pool     *pgxpool.Pool
	Keys     *sm.Keyring
	Clock    clock.Clock
	Log      *slog.Logger
	Catalog  *catalog.Catalog
	Audit    Recorder
	Jobs     Jobs
	Parties  Parties
	Cases    Cases
	Site     string    // address of the hall as channels and payers reach it, without a slash at the end
	Channels []Channel // in the order in which they are offered
}

// Room is where people pay.
type Room struct {
	Parts
	door *ferry.Door
}

// New makes the room and takes the office's bills, their ends, its refunds and its questions for statements.
func New(p Parts, door *ferry.Door) *Room {
	r := &Room{p, door}
	ferry.Handle(door, message.BillIssued, r.issued)
	ferry.Handle(door, message.BillClosed, r.closed)
	ferry.Handle(door, message.RefundOrdered, r.refundOrdered)
	ferry.Handle(door, message.StatementAsked, r.statementAsked)
	return r
}

// Workers adds the room's jobs.
func (r *Room) Workers(w *river.Workers) {
	river.AddWorker(w, &Asker{Room: r})
	river.AddWorker(w, &Refunder{Room: r})
	river.AddWorker(w, &Teller{Room: r})
}

// Routes adds the pages and the addresses that channels notify.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/case/{no}/pay", web.SignedIn, r.showCase)
	rt.Get("/pay/{bill}", web.SignedIn, r.showBill)
	rt.Post("/pay/{bill}", web.SignedIn, r.start)
	rt.Get("/pay/{bill}/go/{order}", web.SignedIn, r.showForm)
	rt.Get("/pay/{bill}/wait", web.SignedIn, r.showWait)
	rt.Get("/pay/{bill}/live", web.SignedIn, r.live, web.Live())
	rt.Post("/pay/{bill}/ask", web.SignedIn, r.askNow, web.Repeatable())
	for _, c := range r.Channels {
		rt.Post("/notify/"+c.Code(), web.Public, r.notified(c), web.Machine())
	}
	rt.Post("/notify/back/{bill}", web.Public, r.back, web.Machine())
}

// Targets are the origins that a form of this room leads to, for web.Options.Targets.
func Targets(channels []Channel) []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range channels {
		if o := c.Origin(); o != "" && !seen[o] {
			seen[o] = true
			out = append(out, o)
		}
	}
	return out
}

func (r *Room) channel(code string) (Channel, bool) {
	for _, c := range r.Channels {
		if c.Code() == code {
			return c, true
		}
	}
	return nil, false
}

// Errors of the room.
var (
	errNone     = errors.New("payment: no such bill or order")
	errUnknown  = errors.New("payment: a payment for no order of ours")
	errMismatch = errors.New("payment: a transaction was told before for another order or amount")
	errOver     = errors.New("payment: the bill is not open")
)

// patience with a channel while a person waits for the page.
const patience = 8 * time.Second
