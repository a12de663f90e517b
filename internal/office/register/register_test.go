package register_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/democity"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/register"
)

// today is a Tuesday, ten in the morning.
var today = time.Date(2026, 11, 24, 10, 0, 30, 0, clock.Shanghai())

// ring makes one keyring for the loaded template and all tests on it.
type ring struct{}

func (ring) Helper()      {}
func (ring) Name() string { return "register" }

var schema = pgtest.Set{FS: migrations.FS, Table: "office_schema"}

// loaded is a template with the whole city in its book.
var loaded = pgtest.Set{Name: "register: city of seed 1 on 2026-11-24, second load", Run: func(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := register.New(sm.NewTestKeyring(ring{}), clock.NewFake(today)).Seed(ctx, pool, democity.Build(1, "2026-11-24"))
	return err
}}

// book is the city's register in a database of the test's own, with a clock to turn.
type book struct {
	*register.Register
	t    testing.TB
	pool *pgxpool.Pool
	clk  *clock.Fake
	city *democity.City
}

func newBook(t testing.TB) *book {
	t.Helper()
	clk := clock.NewFake(today)
	return &book{Register: register.New(sm.NewTestKeyring(ring{}), clk), t: t, pool: pgtest.New(t, schema, loaded), clk: clk,
		city: democity.Build(1, "2026-11-24")}
}

// tx runs one act in a transaction of its own.
func (b *book) tx(fn func(tx pgx.Tx) error) error {
	return pg.InTx(b.t.Context(), b.pool, fn)
}

func (b *book) page(unit land.UnitCode) *register.Page {
	b.t.Helper()
	p, err := b.Unit(b.t.Context(), b.pool, unit)
	if err != nil {
		b.t.Fatalf("page of %s: %v", unit, err)
	}
	return p
}

// example is the first home in a state.
func (b *book) example(state string) democity.Example {
	b.t.Helper()
	for _, e := range b.city.Examples() {
		if e.State == state {
			return e
		}
	}
	b.t.Fatalf("no example that is %s", state)
	return democity.Example{}
}

// sale is the entry of a contract with everything in order and a mortgage for its first loan.
func (b *book) sale(k democity.Contract) register.Entry {
	b.t.Helper()
	p := b.page(k.Unit)
	e := register.Entry{
		Unit: k.Unit, CaseID: uuid.Must(uuid.NewV7()), Case: "TZ-261124-00412-6", Basis: p.Title.ID, By: "李建华", Source: k.Number,
		Approved: true, TaxPaid: true, Confirmed: true,
		Transfer: &register.Transfer{Reason: "存量房买卖", CoOwn: k.CoOwn, Price: k.Price, TaxedOn: "2026-11-23", Split: k.CoOwn == land.CoOwnShares},
	}
	for _, h := range k.Sellers {
		e.Applicants = append(e.Applicants, h.Document)
	}
	for _, h := range k.Buyers {
		e.Transfer.To = append(e.Transfer.To, register.Taker{Name: h.Name, Document: h.Document, Phone: h.Phone, Share: h.Share})
	}
	if len(k.Loan) > 0 {
		e.Mortgages = []register.NewMortgage{b.loan(k)}
	}
	return e
}

func (b *book) loan(k democity.Contract) register.NewMortgage {
	bank, _ := b.city.Bank(k.Bank)
	return register.NewMortgage{
		Kind: land.MortgageOrdinary, Mortgagee: register.Party{Name: bank.Name, Document: land.Document{Kind: land.DocLicence, Number: string(bank.Credit)}},
		Debtor: k.Buyers[0].Name, Claim: k.Loan[0].Amount, From: "2026-12-01", To: "2046-11-30", Scope: "主债权及利息、违约金",
	}
}

func (b *book) enter(e register.Entry) (done *register.Entered, err error) {
	err = b.tx(func(tx pgx.Tx) error {
		done, err = b.Enter(b.t.Context(), tx, e)
		return err
	})
	return done, err
}

func (b *book) seize(o register.Order) (done *register.Seized, err error) {
	err = b.tx(func(tx pgx.Tx) error {
		done, err = b.Seize(b.t.Context(), tx, o)
		return err
	})
	return done, err
}

// order is a court's, served now, for a year.
func (b *book) order(unit land.UnitCode, court, notice string) register.Order {
	return register.Order{Unit: unit, Court: court, OrderNo: notice, NoticeNo: notice, Served: b.clk.Now(), Months: 12}
}
