// Package office puts the rooms of the inner zone together.
//
// In come a database, keys and addresses; out go two handlers, one for the people of the office and one for the systems of
// the departments, and Run, which works the queue, the ferry and the clocks. Any number of processes may run it on one
// database.
package office

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/flow"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/office/admin"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/bookings"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/connect"
	"yichuang/internal/office/exchangeadmin"
	"yichuang/internal/office/inquiry"
	"yichuang/internal/office/interfacebook"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/reconcile"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
	"yichuang/internal/office/trust"
	"yichuang/internal/office/window"
)

// Config is what the zone stands on.
type Config struct {
	Pool    *pgxpool.Pool
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Keys    *sm.Keyring     // at rest
	Signer  *sm.Signer      // the office's seal on papers and crates
	Former  []*sm.PublicKey // of signers before it: what they signed stays good
	Blobs   *blob.Store
	Fonts   *doc.Fonts
	Seal    *esign.Identity // certificate of the e-seal in PDF files
	Catalog *catalog.Catalog
	Flows   fs.FS // *.bpmn at its root

	Shared   *sm.Keyring                     // ferry: the same in both zones
	HallKey  *sm.PublicKey                   // ferry: the hall's
	HallKeys func() ([]*sm.PublicKey, error) // reads the hall's keys anew; nil: they never change
	Verify   string                          // address of the hall, printed in QR codes
	Secure   bool                            // pages are reached over TLS
	Proxies  []netip.Prefix                  // balancers in front, whose X-Forwarded-For is believed
	Prefix   string                          // of case numbers
	TLS      *tls.Config                     // our certificate, and whom we believe, on lines to counterparts; nil: the machine's authorities
	// Process names this process among all that share the database, the same each time it starts: what it was at work on when it was
	// killed is taken up at once. Empty: after two minutes.
	Process  string
	PollFast bool // the queue looks for work every few milliseconds: for demonstrations and tests
}

// Zone is the office, ready to serve.
type Zone struct {
	Door     *ferry.Door
	Exchange *exchange.Exchange
	Cases    *casework.Service
	Staff    *staff.Room
	Register *register.Register

	config    Config
	web       *web.Router
	partner   *exchange.Server
	queue     *queue
	audit     *audit.Log
	visits    *bookings.Room
	tickets   *tickets.Room
	trust     *trust.Ledger
	billing   *billing.Office
	monitor   *exchangeadmin.Room
	reconcile *reconcile.Room
}

// queue gives River's client to rooms that are made before it.
type queue struct{ *river.Client[pgx.Tx] }

// InsertTx puts a job into the queue within a transaction.
func (q *queue) InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	_, err := q.Client.InsertTx(ctx, tx, args, opts)
	return err
}

// Migrate brings the office's database up to date.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	for _, part := range []struct {
		fs    fs.FS
		table string
	}{{migrations.FS, "office_version"}, {ferry.Migrations(), "ferry_version"}, {flow.Migrations(), "flow_version"},
		{exchange.Migrations(), "exchange_version"}, {audit.Migrations(), "audit_version"}, {web.Migrations, "web_version"}} {
		if err := pg.Migrate(ctx, pool, part.fs, part.table); err != nil {
			return fmt.Errorf("office: migrate %s: %w", part.table, err)
		}
	}
	return pg.MigrateRiver(ctx, pool)
}

// New makes the zone on a migrated database.
func New(ctx context.Context, c Config) (*Zone, error) {
	z := &Zone{config: c, queue: &queue{}}
	z.audit = audit.New(c.Pool, c.Keys, c.Clock)
	z.Register = register.New(c.Keys, c.Clock)
	z.Staff = staff.New(c.Pool, c.Keys, z.audit, c.Clock)
	z.trust, z.billing = trust.New(c.Keys, c.Clock), billing.New(c.Clock)
	var err error
	if z.Exchange, err = exchange.New(exchange.Options{Pool: c.Pool, Keyring: c.Keys, Clock: c.Clock, Log: c.Log, Registry: c.Metrics, Audit: z.audit, TLS: c.TLS, Attachment: c.Blobs.Get}); err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	z.Door = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: c.Pool, Clock: c.Clock, Keys: c.Keys, Shared: c.Shared, Signer: c.Signer,
		PeerKey: c.HallKey, PeerKeys: c.HallKeys, Blobs: c.Blobs, Log: c.Log})
	z.visits = bookings.New(c.Keys, z.Door)
	store, err := papers.NewStore(papers.Config{Fonts: c.Fonts, Blobs: c.Blobs, Keys: c.Keys, Signer: c.Signer, Former: c.Former, Seal: c.Seal, Clock: c.Clock, Random: rand.Reader, Verify: c.Verify})
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	z.Cases = casework.New(casework.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Audit: z.audit, Catalog: c.Catalog, Door: z.Door,
		Staff: z.Staff, Register: z.Register, Trust: z.trust, Billing: z.billing, Papers: store, Prefix: c.Prefix})
	z.tickets = tickets.New(tickets.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Staff: z.Staff, Visits: z.visits, Cases: z.Cases})
	library, err := flows(c.Flows)
	if err != nil {
		return nil, err
	}
	if err := library.Install(ctx, c.Pool, c.Clock.Now()); err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	engine := flow.NewEngine(library, z.Cases, c.Catalog.Calendar(), c.Clock, z.queue)
	z.Cases.Bind(engine, z.queue)
	z.partner = exchange.NewServer(z.Exchange)
	room := connect.New(connect.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Catalog: c.Catalog, Cases: z.Cases, Register: z.Register,
		Trust: z.trust, Door: z.Door, Out: exchange.NewClient(z.Exchange), In: z.partner, Blobs: c.Blobs, Jobs: z.queue})
	z.tickets.Inbound(z.partner, c.Catalog.Message)
	authorities := inquiry.New(inquiry.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Audit: z.audit, Catalog: c.Catalog, Cases: z.Cases, Register: z.Register,
		Blobs: c.Blobs, Out: exchange.NewClient(z.Exchange), In: z.partner, Jobs: z.queue})
	z.reconcile = reconcile.New(reconcile.Parts{Pool: c.Pool, Clock: c.Clock, Audit: z.audit, Out: exchange.NewClient(z.Exchange), Lines: z.Exchange, Trust: z.trust,
		Billing: z.billing, Register: z.Register, Staff: z.Staff, Door: z.Door, Jobs: z.queue, Channels: []reconcile.Subject{
			{Kind: reconcile.Channel, Code: "wechat", Name: "微信支付"}, {Kind: reconcile.Channel, Code: "alipay", Name: "支付宝"}, {Kind: reconcile.Channel, Code: "unionpay", Name: "银联"}}})
	ferry.Handle(z.Door, message.StatementRead, z.reconcile.Received)
	if missing := z.Door.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("office: nobody takes the messages %v", missing)
	}
	z.monitor = exchangeadmin.New(exchangeadmin.Parts{Pool: c.Pool, Exchange: z.Exchange, Client: exchange.NewClient(z.Exchange), Clock: c.Clock, Audit: z.audit, Staff: z.Staff,
		Calendar: c.Catalog.Calendar(), Door: z.Door, Outbox: casework.NewOutbox(z.Cases)})
	if err := z.work(engine, room, authorities); err != nil {
		return nil, err
	}
	if z.web, err = z.pages(library, store, room); err != nil {
		return nil, err
	}
	return z, nil
}

// flows parses every definition of a folder.
func flows(fsys fs.FS) (*flow.Library, error) {
	names, err := fs.Glob(fsys, "*.bpmn")
	if err != nil {
		return nil, fmt.Errorf("office: list flows: %w", err)
	}
	library := flow.NewLibrary()
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("office: read %s: %w", name, err)
		}
		d, err := flow.Parse(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("office: %s: %w", path.Base(name), err)
		}
		library.Add(d)
	}
	return library, nil
}

// work sets up the queue with everything that runs in the background.
func (z *Zone) work(engine *flow.Engine, room *connect.Room, authorities *inquiry.Room) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &casework.Doer{S: z.Cases})
	river.AddWorker(workers, &casework.Messenger{S: z.Cases})
	river.AddWorker(workers, &casework.Watcher{S: z.Cases})
	river.AddWorker(workers, &casework.BillClerk{S: z.Cases})
	river.AddWorker(workers, &casework.NightWatch{S: z.Cases})
	river.AddWorker(workers, &sweeper{exchange: z.Exchange, pool: z.config.Pool})
	river.AddWorker(workers, &connect.Answerer{Room: room})
	authorities.Workers(workers)
	river.AddWorker(workers, &tickets.Night{Room: z.tickets})
	river.AddWorker(workers, &reconcile.Opener{Room: z.reconcile})
	river.AddWorker(workers, &reconcile.Comparer{Room: z.reconcile})
	river.AddWorker(workers, &exchangeadmin.Watcher{Room: z.monitor})
	river.AddWorker(workers, flow.NewTimerWorker(engine, z.config.Pool))
	cfg := &river.Config{ID: z.config.Process,
		Workers: workers, Logger: slog.New(slog.DiscardHandler), RescueStuckJobsAfter: 2 * time.Minute, // of a killed process; River leaves one alone whose own timeout is longer
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 16}},
		PeriodicJobs: []*river.PeriodicJob{every(time.Minute, casework.LimitsArgs{}), every(time.Minute, casework.BillsArgs{}),
			every(15*time.Minute, casework.RestrictionsArgs{}), every(time.Hour, sweepArgs{}), every(time.Hour, tickets.NightArgs{}), every(time.Hour, reconcile.OpenArgs{}), every(time.Minute, exchangeadmin.WatchArgs{}), every(time.Minute, inquiry.ReportArgs{})},
	}
	if z.config.PollFast {
		cfg.FetchCooldown, cfg.FetchPollInterval = 5*time.Millisecond, 50*time.Millisecond
	}
	client, err := river.NewClient(riverpgxv5.New(z.config.Pool), cfg)
	if err != nil {
		return fmt.Errorf("office: queue: %w", err)
	}
	z.queue.Client = client
	return nil
}

// every runs a job at the start and then again and again; restrictions end at midnight, so they are looked at more than once a night.
func every(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) { return args, nil },
		&river.PeriodicJobOpts{RunOnStart: true})
}

// sweepArgs is the job that removes what is no longer needed.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "office.sweep" }

// sweeper is the River worker of sweepArgs.
type sweeper struct {
	river.WorkerDefaults[sweepArgs]
	exchange *exchange.Exchange
	pool     *pgxpool.Pool
}

// Work sweeps.
func (s *sweeper) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	return errors.Join(s.exchange.Sweep(ctx, exchange.CallsKept), web.Sweep(ctx, s.pool))
}

// pages sets up the routes of the office's people.
func (z *Zone) pages(library *flow.Library, store *papers.Store, departments *connect.Room) (*web.Router, error) {
	c := z.config
	assets, err := tickets.Assets()
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	frame := window.Frame()
	frame.Unread, frame.Inbox = z.monitor.Unread, "/admin/alarms"
	rt := web.NewRouter(web.Options{Zone: "office", DB: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Authorizer: window.Authorize(z.Staff, c.Pool),
		Idle: 15 * time.Minute, Lifetime: 12 * time.Hour, Secure: c.Secure, Proxies: c.Proxies, Decorate: ui.Use(frame), Failure: ui.Failure, Map: mapError, Assets: assets,
		Sentence: c.Catalog.Message, Refused: z.refused})
	window.New(window.Parts{Pool: c.Pool, Clock: c.Clock, Log: c.Log, Audit: z.audit, Catalog: c.Catalog, Cases: z.Cases, Staff: z.Staff, Register: z.Register,
		Trust: z.trust, Billing: z.billing, Papers: store, Blobs: c.Blobs, Flows: library, Visits: z.visits, Tickets: z.tickets, Ask: departments}).Routes(rt)
	z.tickets.Routes(rt)
	admin.New(admin.Parts{Pool: c.Pool, Clock: c.Clock, Audit: z.audit, Door: z.Door, Exchange: z.Exchange}).Routes(rt)
	z.monitor.Routes(rt)
	book, err := interfacebook.New(interfacebook.Parts{Exchange: z.Exchange, Fonts: c.Fonts, Clock: c.Clock})
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	book.Routes(rt)
	z.reconcile.Routes(rt)
	return rt, nil
}

// mapError names the errors of all rooms for people.
func mapError(err error) *web.Error {
	if e := tickets.MapError(err); e != nil {
		return e
	}
	return window.MapError(err)
}

// refused records that somebody signed in asked for what their rights do not cover (S-11).
func (z *Zone) refused(ctx context.Context, r web.Route, _ *web.Error) {
	who := web.Who(ctx)
	if err := z.audit.Record(ctx, z.config.Pool, audit.Entry{Actor: who.ID.String(), ActorName: who.Name, Kind: audit.KindQuery, Action: "越权访问", Object: r.Method + " " + r.Pattern,
		Source: web.Source(ctx), Outcome: audit.Refused}); err != nil {
		z.config.Log.ErrorContext(ctx, "a refusal was not recorded", "error", err)
	}
}

// Pages serves the people of the office.
func (z *Zone) Pages() http.Handler { return z.web }

// Partner serves the systems of the departments.
func (z *Zone) Partner() http.Handler { return z.partner }

// Routes lists the office's routes with their rights.
func (z *Zone) Routes() []web.Route { return z.web.Routes() }

// Run works until ctx ends.
func (z *Zone) Run(ctx context.Context) error {
	if z.config.Process != "" {
		if err := pg.ReclaimJobs(ctx, z.config.Pool, z.config.Process); err != nil {
			return fmt.Errorf("office: %w", err)
		}
	}
	if err := z.queue.Start(ctx); err != nil {
		return fmt.Errorf("office: start queue: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return z.Door.Run(ctx) })
	g.Go(func() error {
		z.partner.Fetch(ctx)
		return nil
	})
	g.Go(func() error {
		z.audit.Run(ctx, func(err error) { z.config.Log.Error("audit record is not sealed", "error", err) })
		return nil
	})
	err := g.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if stopErr := z.queue.Stop(stop); stopErr != nil {
		z.config.Log.Warn("the queue did not stop in time", "error", stopErr)
	}
	return err
}

// SeedDemo fills an empty office with the demonstration city: its register and its staff.
func (z *Zone) SeedDemo(ctx context.Context, city *democity.City) error {
	accounts := make([]staff.Account, 0, len(city.Staff))
	for _, s := range city.Staff {
		accounts = append(accounts, staff.Account{Person: staff.Person{Login: s.Login, Name: s.Name, Phone: s.Phone, District: s.District,
			Department: s.Department, Org: s.Org, Hall: s.Hall, WindowNo: s.WindowNo, Roles: s.Roles}, Password: s.Password, Document: string(s.ID), Superior: s.Superior})
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return z.Staff.Add(ctx, accounts) }) // computes, while the register waits for the database
	g.Go(func() error {
		if _, err := z.Register.Seed(ctx, z.config.Pool, city); err != nil {
			return fmt.Errorf("office: seed register: %w", err)
		}
		return nil
	})
	return g.Wait()
}
