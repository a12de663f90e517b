package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
	"yichuang/internal/democity"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/staff"
)

// town is a whole office as it is served, its departments answering at once, and a hall that answers for the parties.
type town struct {
	*office.Zone
	b    *bench
	pool *pgxpool.Pool
	city *democity.City
	hall *ferry.Door
	desk map[string]staff.Person // by the node that a person works at

	mu    sync.Mutex
	cases map[uuid.UUID]chan message.Progress
}

// openTown makes a town on databases of its own.
func openTown(ctx context.Context, b *bench, name string) (*town, error) {
	t := &town{b: b, city: democity.Build(1, land.DateOf(b.clock.Now())), cases: map[uuid.UUID]chan message.Progress{}}
	var err error
	if t.pool, err = b.database(ctx, name+"_office"); err != nil {
		return nil, err
	}
	if err := office.Migrate(ctx, t.pool); err != nil {
		return nil, err
	}
	c, hallSigner, err := t.config(ctx, name)
	if err != nil {
		return nil, err
	}
	if t.Zone, err = office.New(ctx, c); err != nil {
		return nil, err
	}
	officetest.GoodDepartments(t.Cases, b.clock, t.Cases.On)
	if _, err := t.Register.Seed(ctx, t.pool, t.city); err != nil {
		return nil, err
	}
	if err := t.hire(ctx); err != nil {
		return nil, err
	}
	return t, t.openHall(ctx, name, c, hallSigner)
}

func (t *town) config(ctx context.Context, name string) (c office.Config, hallSigner *sm.Signer, err error) {
	c = office.Config{Pool: t.pool, Clock: t.b.clock, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Verify: "https://hall.example",
		Prefix: "TZ", PollFast: true}
	dir := filepath.Join(t.b.dir, name)
	if c.Keys, err = sm.LoadOrCreateKeyring(dir + "-office.keys"); err != nil {
		return c, nil, err
	}
	if c.Shared, err = sm.LoadOrCreateKeyring(dir + "-shared.keys"); err != nil {
		return c, nil, err
	}
	if c.Signer, err = sm.NewSigner(); err != nil {
		return c, nil, err
	}
	if hallSigner, err = sm.NewSigner(); err != nil {
		return c, nil, err
	}
	c.HallKey = hallSigner.Public()
	if c.Seal, err = esign.New(c.Signer, "泰州市不动产登记中心", t.b.clock.Now()); err != nil {
		return c, nil, err
	}
	if c.Blobs, err = blob.Open(ctx, dir+"-office.files", c.Keys); err != nil {
		return c, nil, err
	}
	if c.Fonts, err = doc.OpenFonts(); err != nil {
		return c, nil, err
	}
	if c.Catalog, err = catalog.Load(catalogdata.FS); err != nil {
		return c, nil, err
	}
	c.Flows, err = fs.Sub(catalogdata.FS, "flows")
	return c, hallSigner, err
}

// hire puts one person at each desk of the sale.
func (t *town) hire(ctx context.Context) error {
	t.desk = map[string]staff.Person{}
	for node, p := range map[string]staff.Person{
		"accept":        {Department: "window", Roles: []string{staff.Clerk}},
		"first-review":  {Department: "registry", Roles: []string{staff.First}},
		"second-review": {Department: "registry", Roles: []string{staff.Second}},
	} {
		p.Login, p.Name = node, node
		if err := t.Staff.Add(ctx, []staff.Account{{Person: p, Password: "Zhengque-2026", Document: node}}); err != nil {
			return err
		}
		hired, err := t.Staff.BySignIn(ctx, t.pool, node)
		if err != nil {
			return err
		}
		t.desk[node] = hired
	}
	return nil
}

// openHall makes the other end of the ferry: parties who confirm, pay and sign for parcels as soon as they are asked.
func (t *town) openHall(ctx context.Context, name string, c office.Config, signer *sm.Signer) error {
	pool, err := t.b.database(ctx, name+"_hall")
	if err != nil {
		return err
	}
	if err := pg.Migrate(ctx, pool, ferry.Migrations(), "ferry_version"); err != nil {
		return err
	}
	keys, err := sm.LoadOrCreateKeyring(filepath.Join(t.b.dir, name+"-hall.keys"))
	if err != nil {
		return err
	}
	blobs, err := blob.Open(ctx, filepath.Join(t.b.dir, name+"-hall.files"), keys)
	if err != nil {
		return err
	}
	t.hall = ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: pool, Clock: t.b.clock, Keys: keys, Shared: c.Shared, Signer: signer,
		PeerKey: c.Signer.Public(), Blobs: blobs, Log: c.Log})
	for _, typ := range message.Types("office") {
		ferry.Handle(t.hall, typ, func(context.Context, pgx.Tx, ferry.Inbound, json.RawMessage) error { return nil })
	}
	ferry.Handle(t.hall, message.AssessmentReady, t.confirm)
	ferry.Handle(t.hall, message.BillIssued, t.pay)
	ferry.Handle(t.hall, message.ParcelOrdered, t.sign)
	ferry.Handle(t.hall, message.CaseProgress, t.watch)
	t.Door.Connect(ferry.Loop{To: t.hall})
	t.hall.Connect(ferry.Loop{To: t.Door})
	return nil
}

func (t *town) confirm(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, a message.Assessment) error {
	for _, by := range []string{"s1", "b1"} {
		d := message.TaxDecision{App: a.App, Assessment: a.Number, Round: a.Round, By: by, At: t.b.clock.Now()}
		if err := t.hall.Send(ctx, tx, ferry.Message{Type: message.TaxConfirmed, Case: a.App.String(), Body: d}); err != nil {
			return err
		}
	}
	return nil
}

func (t *town) pay(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, b message.Bill) error {
	return t.hall.Send(ctx, tx, ferry.Message{Type: message.PaymentReceived, Case: b.App.String(), Body: message.Payment{App: b.App, Bill: b.ID,
		Order: uuid.Must(uuid.NewV7()), Channel: "wechat", Reference: uuid.NewString(), Amount: b.Total, PaidAt: t.b.clock.Now()}})
}

func (t *town) sign(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, p message.ParcelOrder) error {
	for typ, state := range map[message.Type]string{message.ParcelPosted: "posted", message.ParcelMoved: "signed"} {
		m := message.Parcel{App: p.App, Order: p.Order, Label: "EA123456789CN", State: state, Text: "送达", At: t.b.clock.Now()}
		if err := t.hall.Send(ctx, tx, ferry.Message{Type: typ, Case: p.App.String(), Body: m}); err != nil {
			return err
		}
	}
	return nil
}

// watch hands the snapshots of a case to who drives it.
func (t *town) watch(ctx context.Context, _ pgx.Tx, _ ferry.Inbound, p message.Progress) error {
	t.mu.Lock()
	news := t.cases[p.App]
	t.mu.Unlock()
	select {
	case news <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run works the office and the ferry of the hall until ctx ends.
func (t *town) run(ctx context.Context, do func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() { errs[0] = t.Zone.Run(ctx) })
	wg.Go(func() { errs[1] = t.hall.Run(ctx) })
	err := do(ctx)
	stop()
	wg.Wait()
	return errors.Join(err, wrap("office", errs[0]), wrap("hall", errs[1]))
}

func wrap(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
