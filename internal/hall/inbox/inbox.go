// Package inbox tells people what happens to their cases: a notice in the hall, and an SMS where the item asks for one.
//
// In come notices of the office by ferry and of the hall's own rooms; out go rows of the inbox and, in jobs after the
// commit, SMS through the channel of the Internet zone. Phones and words rest sealed; a notice is sent once, however often
// it is asked for.
package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/catalog"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// People finds who a party of an application is; hall/application does.
type People interface {
	// PhoneOf gives the party's name and phone, and the account, which is zero for who has not signed in yet.
	PhoneOf(ctx context.Context, db pg.DB, app uuid.UUID, ref string) (name, phone string, account uuid.UUID, err error)
}

// Jobs puts work into the queue within a transaction.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Caller sends one message to a system; *exchange.Client is one.
type Caller interface {
	Call(ctx context.Context, op spec.Operation, route exchange.Route, key string, in, out any) error
}

// Parts that the room is made of.
type Parts struct {
	Pool    *pgxpool.Pool
	Keys    *sm.Keyring
	Clock   clock.Clock
	Log     *slog.Logger
	Catalog *catalog.Catalog
	People  People
	Jobs    Jobs
	Out     Caller
	URL     string // the hall's address, short: it stands in every SMS
}

// Room is the inbox.
type Room struct{ Parts }

// New makes the room and takes the office's notices.
func New(p Parts, door *ferry.Door) *Room {
	r := &Room{p}
	ferry.Handle(door, message.NoticeSent, r.fromOffice)
	ferry.Handle(door, message.StaffTold, r.toStaff)
	return r
}

// Notice is one message to one party of an application.
type Notice struct {
	ID     uuid.UUID // the same id is sent once
	App    uuid.UUID
	Party  string
	Kind   string // message id of the catalog, such as sms.confirm
	Args   map[string]string
	SMS    bool
	Action string // what the party has to do: fix, tax, pay, book, confirm
	Link   string // page of ours; empty: where Action leads
}

func (r *Room) fromOffice(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Notice) error {
	if m.Phone != "" {
		l := Letter{ID: m.ID, Phone: m.Phone, App: m.App, Kind: m.Kind, Args: map[string]any{}}
		for k, v := range m.Args {
			l.Args[k] = v
		}
		return r.Tell(ctx, tx, l)
	}
	return r.Send(ctx, tx, Notice{ID: m.ID, App: m.App, Party: m.Party, Kind: m.Kind, Args: m.Args, SMS: m.SMS, Action: m.Action})
}

// Send writes the notice within tx and queues its SMS. A party without an account gets the SMS alone.
func (r *Room) Send(ctx context.Context, tx pgx.Tx, n Notice) error {
	_, phone, account, err := r.People.PhoneOf(ctx, tx, n.App, n.Party)
	if err != nil {
		return fmt.Errorf("inbox: addressee: %w", err)
	}
	l := Letter{ID: n.ID, Account: account, App: n.App, Kind: n.Kind, Args: map[string]any{}, Link: n.Link}
	if l.Link == "" {
		l.Link = link(n)
	}
	if n.SMS {
		l.Phone = phone
	}
	for k, v := range n.Args {
		l.Args[k] = v
	}
	return r.Tell(ctx, tx, l)
}

// Letter is a notice to somebody whose account and phone are known.
type Letter struct {
	ID      uuid.UUID // the same id is sent once
	Account uuid.UUID // zero: no inbox yet
	Phone   string    // empty: no SMS
	App     uuid.UUID
	Kind    string // message id of the catalog
	Args    map[string]any
	Link    string    // page of ours
	At      time.Time // when the SMS goes out; zero: at once
}

// Tell writes a letter within tx and queues its SMS.
func (r *Room) Tell(ctx context.Context, tx pgx.Tx, l Letter) error {
	args := r.filled(l.Kind, l.Args)
	text := r.Catalog.Message(l.Kind, args)
	if l.Account != uuid.Nil {
		if _, err := tx.Exec(ctx, `INSERT INTO notices (id, account, app, kind, text, link, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			l.ID, l.Account, l.App, l.Kind, r.Keys.Seal([]byte(text), l.ID[:]), l.Link, r.Clock.Now()); err != nil {
			return fmt.Errorf("inbox: write notice: %w", err)
		}
	}
	if l.Phone == "" {
		return nil
	}
	return r.queue(ctx, tx, l.ID, l.Kind, l.At, sms{Phone: l.Phone, Text: text, Args: r.variables(l.Kind, args)})
}

// Recall takes back an SMS that waits for its time; one that is on its way, or unknown, is left alone.
func (r *Room) Recall(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE river_job SET state = 'cancelled', finalized_at = now()
		WHERE kind = $1 AND state = 'scheduled' AND args->>'id' = $2`, SMSArgs{}.Kind(), id.String()); err != nil {
		return fmt.Errorf("inbox: recall sms: %w", err)
	}
	return nil
}

// filled gives each slot of a sentence of the catalog a value; one that nobody filled stays empty.
func (r *Room) filled(kind string, given map[string]any) map[string]any {
	args := map[string]any{"url": r.URL + "/me"}
	for _, slot := range r.Catalog.Slots(kind) {
		if _, ok := args[slot]; !ok {
			args[slot] = ""
		}
	}
	for k, v := range given {
		args[k] = v
	}
	return args
}

// variables lists the slots of a sentence as channels want them that keep the sentences themselves.
func (r *Room) variables(kind string, args map[string]any) []spec.TemplateArg {
	var out []spec.TemplateArg
	for _, slot := range r.Catalog.Slots(kind) {
		out = append(out, spec.TemplateArg{Name: slot, Value: fmt.Sprint(args[slot])})
	}
	return out
}

// link leads from the inbox to where the person can act.
func link(n Notice) string {
	base := "/case/" + n.App.String()
	switch n.Action {
	case "confirm":
		return "/confirm/" + n.App.String()
	case "fix", "tax", "pay":
		return base + "/" + n.Action
	case "book":
		return "/book?app=" + n.App.String()
	}
	return base
}

// SMSArgs is the job of one SMS; addressee and words are sealed.
type SMSArgs struct {
	ID       uuid.UUID `json:"id"`
	Template string    `json:"template"`
	Sealed   []byte    `json:"sealed"`
}

// Kind names the job.
func (SMSArgs) Kind() string { return "inbox.sms" }

// sms is what a job carries sealed.
type sms struct {
	Phone string             `json:"phone"`
	Text  string             `json:"text"`
	Args  []spec.TemplateArg `json:"args"`
}

func (r *Room) queue(ctx context.Context, tx pgx.Tx, id uuid.UUID, template string, at time.Time, m sms) error {
	plain, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("inbox: encode sms: %w", err)
	}
	return r.Jobs.InsertTx(ctx, tx, SMSArgs{ID: id, Template: template, Sealed: r.Keys.Seal(plain, id[:])}, &river.InsertOpts{MaxAttempts: 12, ScheduledAt: at})
}

// Code sends a one-time code to a phone.
func (r *Room) Code(ctx context.Context, tx pgx.Tx, phone, code, purpose string) error {
	const kind = "sms.code"
	args := map[string]any{"code": code, "purpose": purpose}
	return r.queue(ctx, tx, uuid.Must(uuid.NewV7()), kind, time.Time{}, sms{Phone: phone, Text: r.Catalog.Message(kind, args), Args: r.variables(kind, args)})
}

// Sender is the River worker of SMSArgs.
type Sender struct {
	river.WorkerDefaults[SMSArgs]
	Room *Room
}

// Timeout of one attempt.
func (Sender) Timeout(*river.Job[SMSArgs]) time.Duration { return 20 * time.Second }

// Work hands the SMS to the channel, with the notice's id as its number: the channel sends a number once.
func (s Sender) Work(ctx context.Context, job *river.Job[SMSArgs]) error {
	plain, err := s.Room.Keys.Open(job.Args.Sealed, job.Args.ID[:])
	if err != nil {
		return river.JobCancel(fmt.Errorf("inbox: open sms: %w", err))
	}
	var m sms
	if err := json.Unmarshal(plain, &m); err != nil {
		return river.JobCancel(fmt.Errorf("inbox: decode sms: %w", err))
	}
	var out spec.SmsSendResponse
	err = s.Room.Out.Call(ctx, "sms.send", exchange.Route{Party: "sms"}, job.Args.ID.String(),
		spec.SmsSendRequest{MessageNo: job.Args.ID.String(), Phone: m.Phone, Template: job.Args.Template, Text: m.Text, Args: m.Args}, &out)
	var refusal *exchange.Refusal
	if errors.As(err, &refusal) {
		return river.JobCancel(err)
	}
	return err
}
