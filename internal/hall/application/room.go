package application

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/inquiry"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// Bank is a bank that holds money in trust.
type Bank struct{ Code, Name string }

// Lender is who gives loans of a kind: commercial or fund. Credit is its unified social credit code.
type Lender struct{ Kind, Code, Name, Credit string }

// Hall is where paper certificates can be picked up.
type Hall struct{ ID, Name, Address string }

// Notice tells a person something about an application: in the inbox of the account, where there is one, and by SMS.
type Notice struct {
	App     uuid.UUID
	Account uuid.UUID // zero where the person has no account yet
	Name    string
	Phone   string // "" where none is known
	Kind    string // id of the sentence in the catalog: sms.confirm
	Args    map[string]any
	SMS     bool
	Link    string // page of ours that it leads to
}

// Notifier sends notices, in the transaction of what they tell about.
type Notifier interface {
	Notify(ctx context.Context, tx pgx.Tx, n Notice) error
}

// Face is the check that a living person is there, as package account offers it.
type Face interface {
	Path(purpose, back string) string
	Passed(ctx context.Context, db pg.DB, account uuid.UUID, purpose string) (bool, error)
}

// FacePurpose is the code under which the face check of a confirmation is kept.
const FacePurpose = "confirm"

// Deps is what the room works with.
type Deps struct {
	Pool      *pgxpool.Pool
	Keys      *sm.Keyring
	Signer    *sm.Signer // of the hall: seals what parties confirm
	Clock     clock.Clock
	Log       *slog.Logger
	Audit     *audit.Log
	Catalog   func() *catalog.Catalog // the version in force
	Door      *ferry.Door
	Inquiry   *inquiry.Desk
	Directory *account.Directory
	Face      Face
	Blobs     *blob.Store
	Notify    Notifier
	Banks     []Bank
	Lenders   []Lender
	Halls     []Hall
	Site      string // address of the hall as phones reach it, for QR codes: https://hall.example
}

// Room is the application of a citizen, from the first page to what goes to the office.
type Room struct {
	Deps
	Uploads *Uploads
}

// New makes the room.
func New(d Deps) *Room {
	return &Room{Deps: d, Uploads: &Uploads{pool: d.Pool, keys: d.Keys, blobs: d.Blobs, clock: d.Clock}}
}

func (rm *Room) today() land.Date { return land.DateOf(rm.Clock.Now()) }

func (rm *Room) say(id string, slots map[string]any) string { return rm.Catalog().Message(id, slots) }

// Routes adds the pages.
func (rm *Room) Routes(rt *web.Router) {
	rt.Get("/apply/{item}", web.SignedIn, rm.startPage)
	rt.Post("/apply/{item}", web.SignedIn, rm.start)
	rt.Get("/app/{id}", web.SignedIn, rm.tasks)
	rt.Get("/app/{id}/print", web.SignedIn, rm.print)
	rt.Get("/app/{id}/abandon", web.SignedIn, rm.abandonPage)
	rt.Post("/app/{id}/abandon", web.SignedIn, rm.abandon)
	for code, s := range sections() {
		rt.Get("/app/{id}/"+code, web.SignedIn, rm.showSection(code, s))
		rt.Post("/app/{id}/"+code, web.SignedIn, rm.saveSection(code, s))
	}
	rm.routesOfHome(rt)
	rm.routesOfContract(rt)
	rm.routesOfParties(rt)
	rt.Post("/app/{id}/tax/estimate", web.SignedIn, rm.estimatePart, web.Repeatable())
	rt.Post("/app/{id}/loan/parts", web.SignedIn, rm.loanPart, web.Repeatable())
	rt.Post("/app/{id}/utilities/again", web.SignedIn, rm.again(askUtilities))
	rm.routesOfMaterials(rt)
	rm.routesOfConfirming(rt)
	rt.Get("/app/{id}/wait/{kind}", web.SignedIn, rm.waiting, web.Live())
}

// errFaulty is returned inside a transaction to undo it when the form has errors; the page is drawn again then.
var errFaulty = errors.New("application: the form has errors")

// notFound hides what exists from whom it does not concern.
func notFound(err error) error {
	if errors.Is(err, ErrNone) {
		return web.NotFound()
	}
	return err
}

// idOf reads the application's id from the address.
func idOf(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return uuid.Nil, web.NotFound()
	}
	return id, nil
}

// own reads the application of the address for its owner; for anybody else there is none.
func (rm *Room) own(r *http.Request) (*App, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	a, err := rm.load(r.Context(), rm.Pool, id)
	if err != nil {
		return nil, notFound(err)
	}
	if a.Owner != web.Who(r.Context()).ID || a.State == Expired || a.State == Withdrawn && a.SubmittedAt == nil {
		return nil, web.NotFound()
	}
	return a, nil
}

// edit changes an open form of the person who asks. Answers of the office that came meanwhile are taken in first.
func (rm *Room) edit(r *http.Request, f func(ctx context.Context, tx pgx.Tx, a *App) error) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	got, err := rm.answers(r.Context(), a)
	if err != nil {
		return err
	}
	err = rm.change(r.Context(), a.ID, func(ctx context.Context, tx pgx.Tx, a *App) error {
		if !a.Open() {
			return errClosed(a)
		}
		if err := rm.absorb(ctx, tx, a, got); err != nil {
			return err
		}
		return f(ctx, tx, a)
	})
	return notFound(err)
}

// errClosed says that the form is out of its owner's hands.
func errClosed(a *App) error {
	e := web.Conflict("这份申请已经发出，现在不能修改。")
	if a.State == Confirming {
		e.Next = "要修改的，请在申请页面先收回；已经确认的人要重新确认。"
	}
	return e
}

// record writes what a person did into the audit record.
func (rm *Room) record(ctx context.Context, db pg.DB, kind audit.Kind, action string, app uuid.UUID, how audit.Outcome, detail map[string]any) error {
	who := web.Who(ctx)
	return rm.Audit.Record(ctx, db, audit.Entry{Actor: who.ID.String(), ActorName: who.Name, Kind: kind, Action: action, Object: app.String(),
		Source: web.Source(ctx), Outcome: how, Detail: detail})
}

// minutes rounds up.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
