package payment_test

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	catalogdata "yichuang/catalog"
	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/hall/payment"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// hall is the room with both ends of a ferry.
type hall struct {
	t      *testing.T
	pool   *pgxpool.Pool
	clock  *clock.Fake
	room   *payment.Room
	rt     *web.Router
	site   *webtest.Site
	hall   *ferry.Door
	office *ferry.Door

	app     uuid.UUID
	buyer   web.Identity
	jobs    []river.JobArgs
	records []audit.Entry
	paid    []message.Payment
	done    []message.RefundResult
	told    []message.Statement
}

func newHall(t *testing.T, channels ...payment.Channel) *hall {
	t.Helper()
	cat, err := catalog.Load(catalogdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	tables := fstest.MapFS{}
	for _, file := range []string{"00300_payment.sql", "00310_statements.sql"} {
		sql, err := migrations.FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tables[file] = &fstest.MapFile{Data: sql}
	}
	h := &hall{t: t, clock: clock.NewFake(time.Now()), app: uuid.Must(uuid.NewV7()),
		buyer: web.Identity{ID: uuid.Must(uuid.NewV7()), Kind: "citizen", Name: "李小华", Shown: "李*华"}}
	h.pool = pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable}, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"},
		pgtest.Set{FS: tables, Table: "goose_payment"})
	keys, shared := sm.NewTestKeyring(t), sm.NewTestKeyring(t)
	mine, theirs := signer(t), signer(t)
	log := slog.New(slog.DiscardHandler)
	h.hall = ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: h.pool, Clock: h.clock, Keys: keys, Shared: shared, Signer: mine, PeerKey: theirs.Public(), Log: log})
	office := pgtest.New(t, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"})
	h.office = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: office, Clock: h.clock, Keys: sm.NewTestKeyring(t), Shared: shared, Signer: theirs, PeerKey: mine.Public(), Log: log})
	h.hall.Connect(ferry.Loop{To: h.office})
	h.office.Connect(ferry.Loop{To: h.hall})
	ferry.Handle(h.office, message.PaymentReceived, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, m message.Payment) error {
		h.paid = append(h.paid, m)
		return nil
	})
	ferry.Handle(h.office, message.RefundDone, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, m message.RefundResult) error {
		h.done = append(h.done, m)
		return nil
	})
	ferry.Handle(h.office, message.StatementRead, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, m message.Statement) error {
		h.told = append(h.told, m)
		return nil
	})
	h.room = payment.New(payment.Parts{Pool: h.pool, Keys: keys, Clock: h.clock, Log: log, Catalog: cat, Audit: h, Jobs: h, Parties: h, Cases: h, Channels: channels}, h.hall)
	h.rt = web.NewRouter(web.Options{Zone: "hall", DB: h.pool, Keys: keys, Failure: ui.Failure, Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产"}),
		Targets: payment.Targets(channels)})
	h.room.Routes(h.rt)
	h.site = webtest.Serve(t, h.rt)
	h.room.Site = h.site.Server.URL
	return h
}

func signer(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// InsertTx keeps the job for run.
func (h *hall) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	h.jobs = append(h.jobs, args)
	return nil
}

// Record keeps the entry.
func (h *hall) Record(_ context.Context, _ pg.DB, e audit.Entry) error {
	h.records = append(h.records, e)
	return nil
}

// recordsOf are the entries about a channel: the others' refused notices may come again meanwhile.
func (h *hall) recordsOf(channel string) (out []audit.Entry) {
	for _, e := range h.records {
		if e.Actor == channel {
			out = append(out, e)
		}
	}
	return out
}

// PartyOf knows the buyer alone.
func (h *hall) PartyOf(_ context.Context, _ pg.DB, app, account uuid.UUID) (string, error) {
	if app == h.app && account == h.buyer.ID {
		return "b1", nil
	}
	return "", errors.New("no party")
}

// Resolve knows one case.
func (h *hall) Resolve(_ context.Context, no string) (uuid.UUID, land.CaseNumber, error) {
	if no == string(theCase) || no == h.app.String() {
		return h.app, theCase, nil
	}
	return uuid.Nil, "", errors.New("no case")
}

const theCase = land.CaseNumber("TZ-261124-00412-6")

// send passes a message of the office to the hall.
func (h *hall) send(typ message.Type, body any) {
	h.t.Helper()
	err := pg.InTx(h.t.Context(), h.office.Pool(), func(tx pgx.Tx) error {
		return h.office.Send(h.t.Context(), tx, ferry.Message{Type: typ, Case: h.app.String(), Body: body})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	pass(h.t, h.office, h.hall)
}

// heard lets the hall's messages reach the office.
func (h *hall) heard() []message.Payment {
	h.t.Helper()
	pass(h.t, h.hall, h.office)
	return h.paid
}

func pass(t *testing.T, from, to *ferry.Door) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = from.Pump(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for more := true; more; {
		var err error
		if more, err = to.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// bill has the office issue one and forgets what was heard before.
func (h *hall) bill(total land.Fen, lasts time.Duration) message.Bill {
	h.t.Helper()
	b := message.Bill{ID: uuid.Must(uuid.NewV7()), App: h.app, Case: theCase, Kind: "tax", Payer: "b1", Total: total, Until: h.clock.Now().Add(lasts),
		Lines: []message.BillLine{{Name: "契税", Amount: total, Why: "首套住房 1%"}}}
	h.send(message.BillIssued, b)
	h.paid, h.done, h.jobs, h.records = nil, nil, nil, nil
	return b
}

func (h *hall) browser() *webtest.Browser {
	h.t.Helper()
	b := h.site.Browser()
	b.SignIn(h.buyer)
	return b
}

// orders of a bill at the channels, by their numbers; the oldest first.
func (h *hall) orders(bill uuid.UUID) []string {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), `SELECT id FROM payment_orders WHERE bill = $1 ORDER BY created_at, id`, bill)
	if err != nil {
		h.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, id := range ids {
		out = append(out, hex.EncodeToString(id[:]))
	}
	return out
}

// run works the jobs that wait, each once; one that is not finished is put back and counted.
func (h *hall) run() (snoozed int) {
	h.t.Helper()
	jobs := h.jobs
	h.jobs = nil
	for _, args := range jobs {
		var err error
		switch a := args.(type) {
		case payment.AskArgs:
			err = (&payment.Asker{Room: h.room}).Work(h.t.Context(), &river.Job[payment.AskArgs]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: a})
		case payment.StatementArgs:
			err = (&payment.Teller{Room: h.room}).Work(h.t.Context(), &river.Job[payment.StatementArgs]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: a})
		case payment.RefundArgs:
			err = (&payment.Refunder{Room: h.room}).Work(h.t.Context(), &river.Job[payment.RefundArgs]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: a})
		}
		var later *river.JobSnoozeError
		switch {
		case errors.As(err, &later):
			h.jobs = append(h.jobs, args)
			snoozed++
		case err != nil:
			h.t.Fatalf("%s: %v", args.Kind(), err)
		}
	}
	return snoozed
}

func (h *hall) get(path string) *webtest.Page {
	h.t.Helper()
	p := h.browser().Get(path)
	if f := p.Faults(); p.Status == http.StatusOK && len(f) > 0 {
		h.t.Errorf("%s: %s", path, strings.Join(f, "; "))
	}
	return p
}
