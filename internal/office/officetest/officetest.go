// Package officetest gives tests an office on a database of their own: the real rooms and flows, a demonstration city in
// the book, and departments that a test answers for by hand.
package officetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	catalogdata "yichuang/catalog"
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
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// Sets are the schemas of the office's database.
func Sets() []pgtest.Set {
	return []pgtest.Set{{FS: migrations.FS, Table: "office_version"}, {FS: ferry.Migrations(), Table: "ferry_version"},
		{FS: flow.Migrations(), Table: "flow_version"}, {FS: exchange.Migrations(), Table: "exchange_version"},
		{FS: audit.Migrations(), Table: "audit_version"}, {FS: web.Migrations, Table: "web_version"}, pgtest.River()}
}

// Office is the office under test.
type Office struct {
	T        testing.TB
	Pool     *pgxpool.Pool
	Clock    *clock.Fake
	City     *democity.City
	Catalog  *catalog.Catalog
	Cases    *casework.Service
	Staff    *staff.Room
	Register *register.Register
	Trust    *trust.Ledger
	Billing  *billing.Office
	Papers   *papers.Store
	Engine   *flow.Engine
	Door     *ferry.Door
	Hall     *ferry.Door // the other end: what the office sends arrives in Sent
	Blobs    *blob.Store
	Audit    *audit.Log

	mu   sync.Mutex
	jobs []casework.DoArgs
	sent map[message.Type][]any
}

// Now is when tests begin: a working Tuesday morning.
var Now = time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())

var fonts = sync.OnceValues(func() (*doc.Fonts, error) { return doc.OpenFonts() })

// New makes an office. Departments answer "pass" at once until a test says otherwise by Cases.On.
func New(t testing.TB) *Office {
	t.Helper()
	o := &Office{T: t, Clock: clock.NewFake(Now), City: democity.Build(1, "2026-11-24"), sent: map[message.Type][]any{}}
	o.Pool = pgtest.New(t, Sets()...)
	keys := sm.NewTestKeyring(t)
	var err error
	o.Catalog, err = catalog.Load(catalogdata.FS)
	o.must(err)
	o.Blobs, err = blob.Open(t.Context(), t.TempDir(), keys)
	o.must(err)
	f, err := fonts()
	o.must(err)
	signer, hallSigner := newSigner(t), newSigner(t)
	shared := sm.NewTestKeyring(t)
	log := slog.New(slog.DiscardHandler)
	o.Audit = audit.New(o.Pool, keys, o.Clock)
	o.Register = register.New(keys, o.Clock)
	o.Staff = staff.New(o.Pool, keys, o.Audit, o.Clock)
	o.Trust, o.Billing = trust.New(keys, o.Clock), billing.New(o.Clock)
	o.Papers, err = papers.NewStore(papers.Config{Fonts: f, Blobs: o.Blobs, Keys: keys, Signer: signer, Clock: o.Clock, Random: rand.Reader, Verify: "https://hall.test"})
	o.must(err)
	o.Door = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: o.Pool, Clock: o.Clock, Keys: keys, Shared: shared, Signer: signer,
		PeerKey: hallSigner.Public(), Blobs: o.Blobs, Log: log})
	o.Cases = casework.New(casework.Parts{Pool: o.Pool, Keys: keys, Clock: o.Clock, Log: log, Audit: o.Audit, Catalog: o.Catalog, Door: o.Door, Staff: o.Staff,
		Register: o.Register, Trust: o.Trust, Billing: o.Billing, Papers: o.Papers, Prefix: "TZ"})
	library := Library(t)
	o.must(library.Install(t.Context(), o.Pool, Now))
	o.Engine = flow.NewEngine(library, o.Cases, o.Catalog.Calendar(), o.Clock, nil)
	o.Cases.Bind(o.Engine, o)
	o.hall(t, shared, hallSigner, signer.Public(), log)
	_, err = o.Register.Seed(t.Context(), o.Pool, o.City)
	o.must(err)
	o.departments()
	return o
}

func newSigner(t testing.TB) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Library parses the flows of the catalog.
func Library(t testing.TB) *flow.Library {
	t.Helper()
	library := flow.NewLibrary()
	names, err := fs.Glob(catalogdata.FS, "flows/*.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(catalogdata.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := flow.Parse(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		library.Add(d)
	}
	return library
}

func (o *Office) must(err error) {
	o.T.Helper()
	if err != nil {
		o.T.Fatal(err)
	}
}

// hall makes the other end of the ferry, which keeps what arrives.
func (o *Office) hall(t testing.TB, shared *sm.Keyring, signer *sm.Signer, peer *sm.PublicKey, log *slog.Logger) {
	keys := sm.NewTestKeyring(t)
	pool := pgtest.New(t, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"})
	blobs, err := blob.Open(t.Context(), t.TempDir(), keys)
	o.must(err)
	o.Hall = ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: pool, Clock: o.Clock, Keys: keys, Shared: shared, Signer: signer, PeerKey: peer, Blobs: blobs, Log: log})
	keep[message.CaseOpenedBody](o, message.CaseOpened)
	keep[message.Progress](o, message.CaseProgress)
	keep[message.CorrectionAsk](o, message.CorrectionAsked)
	keep[message.CorrectionClosedBody](o, message.CorrectionClosed)
	keep[message.Assessment](o, message.AssessmentReady)
	keep[message.Bill](o, message.BillIssued)
	keep[message.BillClosedBody](o, message.BillClosed)
	keep[message.Refund](o, message.RefundOrdered)
	keep[message.Document](o, message.DocumentIssued)
	keep[message.Document](o, message.DocumentState)
	keep[message.Notice](o, message.NoticeSent)
	keep[message.ParcelOrder](o, message.ParcelOrdered)
	o.Door.Connect(ferry.Loop{To: o.Hall})
	o.Hall.Connect(ferry.Loop{To: o.Door})
}

func keep[T any](o *Office, t message.Type) {
	ferry.Handle(o.Hall, t, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, body T) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sent[t] = append(o.sent[t], body)
		return nil
	})
}

// Sent is what the hall has got of one kind, oldest first.
func Sent[T any](o *Office, t message.Type) []T {
	o.Carry()
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []T
	for _, x := range o.sent[t] {
		out = append(out, x.(T))
	}
	return out
}

// Carry empties the office's outbox into the hall.
func (o *Office) Carry() {
	o.T.Helper()
	for {
		more, err := o.Door.Pump(o.T.Context())
		o.must(err)
		if !more {
			break
		}
	}
	for {
		found, err := o.Hall.Apply(o.T.Context())
		o.must(err)
		if !found {
			return
		}
	}
}

// InsertTx keeps the jobs of casework until Work; it makes Office a casework.Jobs.
func (o *Office) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d, ok := args.(casework.DoArgs); ok {
		o.jobs = append(o.jobs, d)
	}
	return nil
}

// Work does the queued system orders until none is left.
func (o *Office) Work() {
	o.T.Helper()
	for {
		o.mu.Lock()
		if len(o.jobs) == 0 {
			o.mu.Unlock()
			return
		}
		next := o.jobs[0]
		o.jobs = o.jobs[1:]
		o.mu.Unlock()
		if err := o.Cases.Do(o.T.Context(), next.Order); err != nil && !errors.Is(err, casework.ErrNoOrder) && !errors.Is(err, exchange.ErrUnavailable) {
			o.T.Fatalf("order %s: %v", next.Order, err)
		}
	}
}

// Pass is an act that answers pass.
func Pass(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
	return casework.Result{Data: map[string]any{"outcome": "pass"}}, nil
}

// Answer is an act that gives a fixed result.
func Answer(r casework.Result) casework.Act {
	return func(context.Context, *casework.Case, casework.Order) (casework.Result, error) { return r, nil }
}

// departments answers everything at once, as good departments would.
func (o *Office) departments() {
	for _, op := range []string{"bigdata.identity.verify", "bigdata.marriage.query", "registry.unit.status", "registry.houses.count", "housing.contract.query", "registry.survey.push"} {
		o.Cases.On(op, Pass)
	}
	done := Answer(casework.Result{})
	for _, op := range []string{"housing.contract.revoke", "housing.trust.cancel", "housing.registration.complete", "tax.payment.notify", "tax.arrival.notify", "utility.transfer", "portal.case.report"} {
		o.Cases.On(op, done)
	}
	o.Cases.On("housing.contract.push", Answer(casework.Result{Data: map[string]any{"outcome": "pass"}, Effect: func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
		c.Facts.FilingNo = "BA-1"
		return o.Cases.SaveFacts(ctx, tx, c)
	}}))
	o.Cases.On("tax.assessment.push", func(_ context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		deed := c.App.Contract.Price / 100
		return o.Cases.Assessed(casework.AssessedTax{Number: "T" + uuid.NewString()[:8], Total: deed,
			Lines: []message.TaxLine{{Tax: "契税", Payer: message.Buyer, Base: c.App.Contract.Price, Rate: "1%", Amount: deed}}}), nil
	})
	o.Cases.On("bank.trust.open", func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		return o.Cases.TrustOpened("6222000011112222"), nil
	})
	loan := func(_ context.Context, c *casework.Case, or casework.Order) (casework.Result, error) {
		kind := "commercial"
		if or.Operation == "fund.loan.evaluate" {
			kind = "fund"
		}
		return casework.Result{Data: map[string]any{"outcome": "pass"}, Effect: func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
			for _, p := range c.App.Loan.Parts {
				if p.Kind == kind {
					c.Facts.SetLoan(casework.LoanFact{Kind: kind, Lender: p.LenderName, Amount: p.Amount, Contract: "JK-1", MortgageContract: "DY-1", From: "2026-12-01", Until: "2046-12-01"})
				}
			}
			return o.Cases.SaveFacts(ctx, tx, c)
		}}, nil
	}
	o.Cases.On("bank.loan.evaluate", loan)
	o.Cases.On("fund.loan.evaluate", loan)
	o.Cases.On("registry.entry.push", func(ctx context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		title, err := land.MakeCertNumber(2026, "泰州市", false, 900001)
		if err != nil {
			return casework.Result{}, err
		}
		e := casework.Entry{Title: title, At: o.Clock.Now(), Registrar: "登簿人", Mirror: true}
		if len(c.Facts.Loans) > 0 {
			if e.Mortgage, err = land.MakeCertNumber(2026, "泰州市", true, 900001); err != nil {
				return casework.Result{}, err
			}
		}
		return o.Cases.EntryDone(e), nil
	})
	o.Cases.On("bank.trust.payout", o.trustMove(func(ctx context.Context, c *casework.Case) (*trust.Instruction, error) { return o.Cases.PayOut(ctx, c) }))
	o.Cases.On("bank.trust.refund", o.trustMove(func(ctx context.Context, c *casework.Case) (*trust.Instruction, error) {
		return o.Cases.GiveBack(ctx, c, "终止")
	}))
}

func (o *Office) trustMove(instruct func(context.Context, *casework.Case) (*trust.Instruction, error)) casework.Act {
	return func(ctx context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		i, err := instruct(ctx, c)
		if err != nil || i == nil {
			return casework.Result{}, err
		}
		var results []trust.Result
		for range i.Payments {
			results = append(results, trust.Result{Paid: true, Reference: "V" + uuid.NewString()})
		}
		return o.Cases.TrustMoved(i.Number, results, o.Clock.Now(), "托管资金已付"), nil
	}
}

// Application is a ready application for the n-th contract of the city.
func (o *Office) Application(n int) message.Application {
	o.T.Helper()
	k := o.City.Contracts[n]
	u, _ := o.City.Unit(k.Unit)
	app := message.Application{ID: uuid.Must(uuid.NewV7()), Item: "existing-home-sale-mortgage", ItemVersion: 1, Channel: message.Online, Applicant: "s1",
		Home:     message.Home{UnitCode: k.Unit, Certificate: k.Cert, District: k.District, Address: u.Address, Area: u.Area, Use: u.Use.Label(), CoOwn: k.SellersCoOwn, HeldSince: "2015-03-01"},
		Contract: message.Contract{Number: k.Number, Imported: true, Price: k.Price, SignedOn: k.SignedOn, PayBy: k.PayBy, HandOver: k.HandOver},
		Tax:      message.TaxSituation{HeldSince: "2015-03-01", SellerOnlyHome: true},
		Trust:    message.Trust{Bank: k.Bank, BankName: "托管银行", DownPayment: k.Down, SellerName: k.Payout.Holder, SellerBank: k.Payout.Bank, SellerAccount: k.Payout.Number, Release: "entered"},
		Loan:     message.Loan{Kind: "none"},
		Delivery: message.Delivery{Mode: "pickup"}}
	party := func(role message.Role, prefix string, list []democity.Holder) {
		for i, h := range list {
			app.Parties = append(app.Parties, message.Party{Ref: prefix + string(rune('1'+i)), Role: role, Name: h.Name, Document: h.Document, Phone: h.Phone, Marriage: "single", Share: h.Share})
		}
	}
	party(message.Seller, "s", k.Sellers)
	party(message.Buyer, "b", k.Buyers)
	for _, l := range k.Loan {
		part := message.LoanPart{Kind: l.Kind, Lender: l.Lender, LenderName: "贷款机构", LenderDoc: "91321200MA1MABCD0X", Amount: l.Amount, Months: l.Months}
		if b, ok := o.City.Bank(l.Lender); ok {
			part.LenderName, part.LenderDoc = b.Name, string(b.Credit)
		}
		app.Loan.Parts = append(app.Loan.Parts, part)
		app.Loan.Kind = l.Kind
	}
	if len(app.Loan.Parts) > 1 {
		app.Loan.Kind = "mixed"
	}
	app.Materials = []message.Material{{Code: "M-02", Party: "s1", Source: "upload", At: Now}}
	return app
}

// Submit opens a case of an application and returns it.
func (o *Office) Submit(app message.Application) *casework.Case {
	o.T.Helper()
	o.Do(func(ctx context.Context, tx pgx.Tx) error {
		return o.Cases.Open(ctx, tx, message.Submitted{Application: app, At: o.Clock.Now()})
	})
	return o.Case(app.ID)
}

// Do runs f in a transaction.
func (o *Office) Do(f func(ctx context.Context, tx pgx.Tx) error) {
	o.T.Helper()
	o.must(pg.InTx(o.T.Context(), o.Pool, func(tx pgx.Tx) error { return f(o.T.Context(), tx) }))
}

// FromHall sends a message of the hall and applies it.
func (o *Office) FromHall(t message.Type, app uuid.UUID, body any) {
	o.T.Helper()
	o.FromHallOnly(t, app, body)
	for {
		found, err := o.Door.Apply(o.T.Context())
		o.must(err)
		if !found {
			break
		}
	}
	if parked, err := o.Door.ListParked(o.T.Context(), 5); err != nil || len(parked) > 0 {
		o.T.Fatalf("parked %+v, %v", parked, err)
	}
	o.Work()
}

// FromHallOnly brings a message of the hall to the office's inbox without applying it.
func (o *Office) FromHallOnly(t message.Type, app uuid.UUID, body any) {
	o.T.Helper()
	m := ferry.Message{Type: t, Case: app.String(), Body: body}
	pool := o.Hall.Pool()
	o.must(pg.InTx(o.T.Context(), pool, func(tx pgx.Tx) error { return o.Hall.Send(o.T.Context(), tx, m) }))
	_, err := o.Hall.Pump(o.T.Context())
	o.must(err)
}

// Case reads a case.
func (o *Office) Case(id uuid.UUID) *casework.Case {
	o.T.Helper()
	c, err := o.Cases.ByID(o.T.Context(), o.Pool, id)
	o.must(err)
	return c
}

// Open lists the nodes of the open work orders of a case.
func (o *Office) Open(id uuid.UUID) map[string]casework.Order {
	o.T.Helper()
	all, err := o.Cases.Orders(o.T.Context(), o.Pool, id)
	o.must(err)
	out := map[string]casework.Order{}
	for _, x := range all {
		if x.State == "open" {
			out[x.Node] = x
		}
	}
	return out
}

// Need fails unless the case waits at the node, and returns its order.
func (o *Office) Need(id uuid.UUID, node string) casework.Order {
	o.T.Helper()
	open := o.Open(id)
	x, ok := open[node]
	if !ok {
		var names []string
		for n, w := range open {
			names = append(names, n+"("+w.Kind+")")
		}
		c := o.Case(id)
		o.T.Fatalf("case is %s (%s), waits at %s, not at %s", c.State, c.WhyClosed, strings.Join(names, " "), node)
	}
	return x
}

// Clerk makes a member of staff who may do an order.
func (o *Office) Clerk(login string, order casework.Order) staff.Person {
	o.T.Helper()
	role := order.Role
	if role == "" {
		role = staff.Clerk
	}
	id := uuid.Must(uuid.NewV7())
	o.must(o.Staff.Add(o.T.Context(), []staff.Account{{Person: staff.Person{ID: id, Login: login, Name: "员" + login, District: order.District, Department: order.Department, Roles: []string{role}},
		Password: "Zhengque-2026", Document: login}}))
	p, err := o.Staff.BySignIn(o.T.Context(), o.Pool, login)
	o.must(err)
	return p
}

// Decide claims and decides an order.
func (o *Office) Decide(by staff.Person, order casework.Order, d casework.Decision) {
	o.T.Helper()
	_, err := o.Cases.Claim(o.T.Context(), by, order.ID)
	o.must(err)
	o.must(o.Cases.Decide(o.T.Context(), by, order.ID, d))
	o.Work()
}

// Pay pays the open bills of a kind as the hall reports it.
func (o *Office) Pay(id uuid.UUID, kind string) {
	o.T.Helper()
	bills, err := o.Billing.Bills(o.T.Context(), o.Pool, id)
	o.must(err)
	for _, b := range bills {
		if b.Kind == kind && b.State == billing.Open {
			o.FromHall(message.PaymentReceived, id, message.Payment{App: id, Bill: b.ID, Order: uuid.Must(uuid.NewV7()), Channel: "wechat", Reference: uuid.NewString(), Amount: b.Total, PaidAt: o.Clock.Now()})
		}
	}
}
