// Package officetest gives tests an office on a database of their own: the real rooms and flows, a demonstration city in
// the book, people at their desks, and departments that a test answers for by hand.
package officetest

import (
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/democity"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/flow"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// Office is the office under test.
type Office struct {
	T        testing.TB
	Pool     *pgxpool.Pool
	Clock    *clock.Fake
	City     *democity.City // not to be changed: all tests share it
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
	Spread   []casework.Tidings // of the kinds that the test gave a teller

	mu     sync.Mutex
	jobs   []casework.DoArgs
	failed []casework.DoArgs // to be tried again
	sent   map[message.Type][]any
}

// Now is when tests begin: a working Tuesday morning.
var Now = time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())

// New makes an office. Departments answer "pass" at once until a test says otherwise by Cases.On.
func New(t testing.TB) *Office {
	t.Helper()
	f, err := fixtures()
	if err != nil {
		t.Fatal(err)
	}
	o := &Office{T: t, Clock: clock.NewFake(Now), City: f.city, Catalog: f.catalog, sent: map[message.Type][]any{}}
	o.Pool = pgtest.New(t, f.settled()...)
	o.Blobs, err = blob.Open(t.Context(), t.TempDir(), f.keys)
	o.must(err)
	log := slog.New(slog.DiscardHandler)
	o.Audit = audit.New(o.Pool, f.keys, o.Clock)
	o.Register = register.New(f.keys, o.Clock)
	o.Staff = staff.New(o.Pool, f.keys, o.Audit, o.Clock)
	o.Trust, o.Billing = trust.New(f.keys, o.Clock), billing.New(o.Clock)
	o.Papers, err = papers.NewStore(papers.Config{Fonts: f.fonts, Blobs: o.Blobs, Keys: f.keys, Signer: f.office, Seal: f.seal, Clock: o.Clock, Random: rand.Reader,
		Verify: "https://hall.test"})
	o.must(err)
	o.Door = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: o.Pool, Clock: o.Clock, Keys: f.keys, Shared: f.keys, Signer: f.office,
		PeerKey: f.hall.Public(), Blobs: o.Blobs, Log: log})
	o.Cases = casework.New(casework.Parts{Pool: o.Pool, Keys: f.keys, Clock: o.Clock, Log: log, Audit: o.Audit, Catalog: o.Catalog, Door: o.Door, Staff: o.Staff,
		Register: o.Register, Trust: o.Trust, Billing: o.Billing, Papers: o.Papers, Prefix: "TZ"})
	o.Engine = flow.NewEngine(flow.NewLibrary(f.flows...), o.Cases, o.Catalog.Calendar(), o.Clock, nil)
	o.Cases.Bind(o.Engine, o)
	o.hall(f, log)
	GoodDepartments(o.Cases, o.Clock, o.Cases.On)
	return o
}

func (o *Office) must(err error) {
	o.T.Helper()
	if err != nil {
		o.T.Fatal(err)
	}
}
