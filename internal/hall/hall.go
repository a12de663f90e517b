// Package hall puts the rooms of the outer zone together.
//
// In come a database, keys, addresses and what the payment channels handed out; out go a handler for the public, one for the
// systems on the Internet that call back, and Run, which works the queue and the ferry. Any number of processes may run it
// on one database.
package hall

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/appointment"
	"yichuang/internal/hall/cases"
	"yichuang/internal/hall/inbox"
	"yichuang/internal/hall/inquiry"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/hall/parcel"
	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/site"
	"yichuang/internal/hall/verify"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

// Config is what the zone stands on.
type Config struct {
	Pool    *pgxpool.Pool
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Keys    *sm.Keyring
	Signer  *sm.Signer // the hall's seal on confirmations and crates
	Blobs   *blob.Store
	Catalog *catalog.Catalog

	Shared     *sm.Keyring                     // ferry: the same in both zones
	OfficeKey  *sm.PublicKey                   // ferry: the office's
	OfficeKeys func() ([]*sm.PublicKey, error) // reads the office's keys anew; nil: they never change

	URL      string // as people reach it: links in SMS, sign-in's way back, QR codes
	Secure   bool
	Proxies  []netip.Prefix // balancers in front, whose X-Forwarded-For is believed
	Provider account.ProviderConfig
	Channels []payment.Channel
	Targets  []string // further origins that forms may lead to
	Banks    []application.Bank
	Lenders  []application.Lender
	Halls    []appointment.Hall
	From     parcel.Sender
	TLS      *tls.Config // our certificate, and whom we believe, on lines to counterparts; nil: the machine's authorities
	// Process names this process among all that share the database, the same each time it starts: what it was at work on when it was
	// killed is taken up at once. Empty: after two minutes.
	Process  string
	PollFast bool
}

// Zone is the hall, ready to serve.
type Zone struct {
	Door     *ferry.Door
	Exchange *exchange.Exchange

	config  Config
	web     *web.Router
	partner *exchange.Server
	queue   *queue
	audit   *audit.Log
}

// queue gives River's client to rooms that are made before it.
type queue struct{ *river.Client[pgx.Tx] }

// InsertTx puts a job into the queue within a transaction.
func (q *queue) InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	_, err := q.Client.InsertTx(ctx, tx, args, opts)
	return err
}

// Migrate brings the hall's database up to date.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	for _, part := range []struct {
		fs    fs.FS
		table string
	}{{migrations.FS, "hall_version"}, {ferry.Migrations(), "ferry_version"}, {exchange.Migrations(), "exchange_version"},
		{audit.Migrations(), "audit_version"}, {web.Migrations, "web_version"}} {
		if err := pg.Migrate(ctx, pool, part.fs, part.table); err != nil {
			return fmt.Errorf("hall: migrate %s: %w", part.table, err)
		}
	}
	return pg.MigrateRiver(ctx, pool)
}

// rooms of the hall, as they are wired to each other.
type rooms struct {
	directory    *account.Directory
	signIn       *account.SignIn
	face         *account.Face
	application  *application.Room
	appointment  *appointment.Room
	cases        *cases.Room
	inbox        *inbox.Room
	inquiry      *inquiry.Desk
	parcel       *parcel.Room
	payment      *payment.Room
	site         *site.Site
	verify       *verify.Store
	verification *verify.Pages
}

// New makes the zone on a migrated database.
func New(ctx context.Context, c Config) (*Zone, error) {
	z := &Zone{config: c, queue: &queue{}}
	z.audit = audit.New(c.Pool, c.Keys, c.Clock)
	var err error
	if z.Exchange, err = exchange.New(exchange.Options{Pool: c.Pool, Keyring: c.Keys, Clock: c.Clock, Log: c.Log, Registry: c.Metrics, Audit: z.audit, TLS: c.TLS}); err != nil {
		return nil, fmt.Errorf("hall: %w", err)
	}
	z.partner = exchange.NewServer(z.Exchange)
	r := &rooms{}
	var uploads *application.Uploads
	z.Door = ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: c.Pool, Clock: c.Clock, Keys: c.Keys, Shared: c.Shared, Signer: c.Signer,
		PeerKey: c.OfficeKey, PeerKeys: c.OfficeKeys, Blobs: c.Blobs, Log: c.Log, Acked: func(ctx context.Context, t message.Type, blobs []string) error { return uploads.Acked(ctx, t, blobs) }})
	z.rooms(r)
	uploads = r.application.Uploads
	if missing := z.Door.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("hall: nobody takes the messages %v", missing)
	}
	if err := z.work(r); err != nil {
		return nil, err
	}
	z.web = z.pages(r)
	return z, nil
}

// rooms makes every room and wires them to each other.
func (z *Zone) rooms(r *rooms) {
	c := z.config
	out := exchange.NewClient(z.Exchange)
	current := func() *catalog.Catalog { return c.Catalog }
	r.directory = account.NewDirectory(c.Keys)
	r.signIn = account.NewSignIn(account.SignInOptions{Pool: c.Pool, Directory: r.directory, Audit: z.audit, Provider: c.Provider, Clock: c.Clock, Log: c.Log})
	r.face = account.NewFace(account.FaceOptions{Pool: c.Pool, Directory: r.directory, Service: faceLine{out, c.Clock}, Audit: z.audit, Clock: c.Clock, Log: c.Log,
		Purposes: []account.Purpose{{Code: application.FacePurpose, Title: "确认申请并签名", Why: "处分房屋要由本人确认（《不动产登记暂行条例实施细则》第十二条）"}}})
	r.inquiry = inquiry.New(c.Pool, z.Door, c.Keys, c.Clock)
	post := &postman{}
	r.application = application.New(application.Deps{Pool: c.Pool, Keys: c.Keys, Signer: c.Signer, Clock: c.Clock, Log: c.Log, Audit: z.audit, Catalog: current,
		Door: z.Door, Inquiry: r.inquiry, Directory: r.directory, Face: r.face, Blobs: c.Blobs, Notify: post, Banks: c.Banks, Lenders: c.Lenders,
		Halls: pickUps(c.Halls), Site: c.URL})
	r.inbox = inbox.New(inbox.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Catalog: c.Catalog, People: r.application, Jobs: z.queue, Out: out, URL: c.URL}, z.Door)
	post.inbox = r.inbox
	r.verify = verify.NewStore(c.Keys, c.Clock)
	r.verification = verify.NewPages(r.verify, c.Pool)
	r.cases = cases.New(cases.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Catalog: current, Door: z.Door, Blobs: c.Blobs, Apps: r.application,
		Uploads: r.application.Uploads, Verify: r.verify, Drafts: drafts(r.application, c.Pool),
		Own: func(ctx context.Context, acc uuid.UUID) ([]uuid.UUID, error) {
			return r.application.Own(ctx, c.Pool, acc)
		},
		Bookings: func(ctx context.Context, acc uuid.UUID) ([]cases.Booked, error) {
			return booked(r.appointment, c.Pool)(ctx, acc)
		}})
	r.parcel = parcel.New(parcel.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Jobs: z.queue, Out: out, From: c.From}, z.Door, z.partner)
	r.payment = payment.New(payment.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Catalog: c.Catalog, Audit: z.audit, Jobs: z.queue,
		Parties: r.application, Cases: r.cases, Site: c.URL, Channels: c.Channels}, z.Door)
	r.appointment = appointment.New(appointment.Parts{Pool: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Catalog: c.Catalog, Door: z.Door,
		People: r.directory, Parties: r.application, Visits: visits{r.cases, r.application, c.Catalog}, Notify: r.inbox, Halls: c.Halls})
	r.site = site.New(site.Options{Catalog: current, Clock: c.Clock, Todo: r.cases.Count, Halls: hallsNow(r.appointment)})
}

// drafts turns what the application room lists into things to do on the person's own page.
func drafts(room *application.Room, pool *pgxpool.Pool) func(context.Context, uuid.UUID) ([]cases.Todo, error) {
	return func(ctx context.Context, acc uuid.UUID) ([]cases.Todo, error) {
		entries, err := room.Mine(ctx, pool, acc)
		if err != nil {
			return nil, err
		}
		var out []cases.Todo
		for _, e := range entries {
			out = append(out, cases.Todo{Title: e.Title, Note: e.No + " · " + e.Note, Href: e.Href, Urgent: e.Kind == "confirm"})
		}
		return out, nil
	}
}

func pickUps(halls []appointment.Hall) []application.Hall {
	out := make([]application.Hall, 0, len(halls))
	for _, h := range halls {
		out = append(out, application.Hall{ID: h.Code, Name: h.Name, Address: h.Address})
	}
	return out
}

// work sets up the queue with everything that runs in the background.
func (z *Zone) work(r *rooms) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &inbox.Sender{Room: r.inbox})
	river.AddWorker(workers, &parcel.Orderer{Room: r.parcel})
	river.AddWorker(workers, &application.Sweeper{Room: r.application})
	river.AddWorker(workers, &sweeper{inquiry: r.inquiry, verify: r.verify, exchange: z.Exchange, pool: z.config.Pool})
	r.payment.Workers(workers)
	hourly := func(args river.JobArgs) *river.PeriodicJob {
		return river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) { return args, nil }, nil)
	}
	cfg := &river.Config{ID: z.config.Process, Workers: workers, Logger: slog.New(slog.DiscardHandler),
		RescueStuckJobsAfter: 2 * time.Minute, // of a killed process; River leaves one alone whose own timeout is longer
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}},
		PeriodicJobs:         []*river.PeriodicJob{hourly(application.SweepArgs{}), hourly(sweepArgs{})}}
	if z.config.PollFast {
		cfg.FetchCooldown, cfg.FetchPollInterval = 5*time.Millisecond, 50*time.Millisecond
	}
	client, err := river.NewClient(riverpgxv5.New(z.config.Pool), cfg)
	if err != nil {
		return fmt.Errorf("hall: queue: %w", err)
	}
	z.queue.Client = client
	return nil
}

// pages sets up the routes of the public.
func (z *Zone) pages(r *rooms) *web.Router {
	c := z.config
	unread := func(ctx context.Context) int { return r.inbox.Unread(ctx, web.Who(ctx).ID) }
	rt := web.NewRouter(web.Options{Zone: "hall", DB: c.Pool, Keys: c.Keys, Clock: c.Clock, Log: c.Log, Idle: 30 * time.Minute, Lifetime: 12 * time.Hour,
		Secure: c.Secure, Proxies: c.Proxies, Targets: append(payment.Targets(c.Channels), c.Targets...), Decorate: ui.Use(site.Frame(unread)), Failure: ui.Failure, Sentence: c.Catalog.Message})
	r.site.Routes(rt)
	r.signIn.Routes(rt)
	r.face.Routes(rt)
	r.application.Routes(rt)
	r.cases.Routes(rt)
	r.inbox.Routes(rt)
	r.payment.Routes(rt)
	r.appointment.Routes(rt)
	r.verification.Routes(rt)
	return rt
}

// Pages serves the public.
func (z *Zone) Pages() http.Handler { return z.web }

// Partner serves the systems on the Internet that call back.
func (z *Zone) Partner() http.Handler { return z.partner }

// Routes lists the hall's routes with their rights.
func (z *Zone) Routes() []web.Route { return z.web.Routes() }

// Run works until ctx ends.
func (z *Zone) Run(ctx context.Context) error {
	if z.config.Process != "" {
		if err := pg.ReclaimJobs(ctx, z.config.Pool, z.config.Process); err != nil {
			return fmt.Errorf("hall: %w", err)
		}
	}
	if err := z.queue.Start(ctx); err != nil {
		return fmt.Errorf("hall: start queue: %w", err)
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
