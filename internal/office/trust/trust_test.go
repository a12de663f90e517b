package trust_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/trust"
)

var (
	schema = pgtest.Set{FS: migrations.FS, Table: "office_schema"}
	today  = time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())
)

// desk is a ledger in a database of the test's own.
type desk struct {
	*trust.Ledger
	t    testing.TB
	pool *pgxpool.Pool
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	return &desk{Ledger: trust.New(sm.NewTestKeyring(t), clock.NewFake(today)), t: t, pool: pgtest.New(t, schema)}
}

func (d *desk) tx(fn func(tx pgx.Tx) error) error { return pg.InTx(d.t.Context(), d.pool, fn) }

// deal is a sale of 1,280,000 yuan with 480,000 down and two loans.
func deal() trust.Agreement {
	return trust.Agreement{
		Case: uuid.Must(uuid.NewV7()), CaseNo: "TZ-261124-00412-6", District: "321202", Unit: "321202001003GB00012F00030504", Bank: "fcyh",
		Down: 480_000_00, Buyer: "王明", Loans: []trust.Lender{{Name: "泰州凤城银行", Amount: 500_000_00}, {Name: "泰州市住房公积金管理中心", Amount: 300_000_00}},
		Payees: []trust.Payee{
			{Kind: "fee", Name: "泰州市税务局", Account: "01", Amount: 12_000_00},
			{Kind: "lender", Name: "苏中银行泰州分行", Account: "02", Amount: 268_000_00},
			{Kind: "seller", Name: "李华", Account: "6200001", Amount: 950_000_00},
			{Kind: "retained", Name: "李华", Account: "6200001", Amount: 50_000_00, Condition: trust.WhenHandedOver},
		},
	}
}

// opened agrees and opens.
func (d *desk) opened(a trust.Agreement) uuid.UUID {
	d.t.Helper()
	err := d.tx(func(tx pgx.Tx) error {
		if _, err := d.Agree(d.t.Context(), tx, a); err != nil {
			return err
		}
		return d.Open(d.t.Context(), tx, a.Case, "6200009999")
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return a.Case
}

func (d *desk) deposit(c uuid.UUID, kind string, amount land.Fen, reference string) (rec *trust.Receipt, err error) {
	err = d.tx(func(tx pgx.Tx) error {
		rec, err = d.Deposit(d.t.Context(), tx, trust.Deposit{Case: c, Kind: kind, Amount: amount, Reference: reference, At: today})
		return err
	})
	return rec, err
}

func (d *desk) pay(c uuid.UUID, condition string) (i *trust.Instruction, err error) {
	err = d.tx(func(tx pgx.Tx) error {
		i, err = d.Pay(d.t.Context(), tx, c, condition)
		return err
	})
	return i, err
}

func (d *desk) refund(c uuid.UUID) (i *trust.Instruction, err error) {
	err = d.tx(func(tx pgx.Tx) error {
		i, err = d.Refund(d.t.Context(), tx, c, "撤回申请")
		return err
	})
	return i, err
}

func (d *desk) done(number string, results ...trust.Result) (s *trust.Settled, err error) {
	err = d.tx(func(tx pgx.Tx) error {
		s, err = d.Done(d.t.Context(), tx, number, results, today)
		return err
	})
	return s, err
}

func (d *desk) statement(c uuid.UUID) *trust.Statement {
	d.t.Helper()
	s, err := d.Statement(d.t.Context(), d.pool, c)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// funded is an opened deal with all its money.
func (d *desk) funded() uuid.UUID {
	d.t.Helper()
	c := d.opened(deal())
	for _, in := range []struct {
		kind, reference string
		amount          land.Fen
	}{{trust.DownPayment, "V1", 480_000_00}, {trust.Loan, "V2", 500_000_00}, {trust.Loan, "V3", 300_000_00}} {
		if _, err := d.deposit(c, in.kind, in.amount, in.reference); err != nil {
			d.t.Fatal(err)
		}
	}
	return c
}

func TestDealFromAgreementToPayout(t *testing.T) {
	d := newDesk(t)
	c := d.funded()
	i, err := d.pay(c, trust.WhenEntered)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, p := range i.Payments {
		order = append(order, p.Kind)
	}
	if len(order) != 3 || order[0] != "fee" || order[1] != "lender" || order[2] != "seller" || i.Total() != 1_230_000_00 || i.Account != "6200009999" {
		t.Fatalf("instruction %+v", i)
	}
	if again, err := d.pay(c, trust.WhenEntered); err != nil || again.Number != i.Number {
		t.Errorf("asked again: %v, %v", again, err)
	}
	s, err := d.done(i.Number, trust.Result{Paid: true, Reference: "P1"}, trust.Result{Paid: true, Reference: "P2"}, trust.Result{Reason: "户名不符"})
	if err != nil || len(s.Failed) != 1 || s.Held != 1_000_000_00 || s.State != trust.Paying {
		t.Fatalf("settled %+v, %v", s, err)
	}
	second, err := d.pay(c, trust.WhenEntered)
	if err != nil || second.Number == i.Number || len(second.Payments) != 1 || second.Payments[0].Kind != "seller" {
		t.Fatalf("second instruction %+v, %v", second, err)
	}
	if s, err = d.done(second.Number, trust.Result{Paid: true, Reference: "P3"}); err != nil || s.Held != 50_000_00 {
		t.Fatalf("settled %+v, %v", s, err)
	}
	if s, err = d.done(second.Number, trust.Result{Paid: true, Reference: "P3"}); err != nil || !s.Again {
		t.Errorf("told again: %+v, %v", s, err)
	}
	last, err := d.pay(c, trust.WhenHandedOver)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = d.done(last.Number, trust.Result{Paid: true, Reference: "P4"}); err != nil || s.State != trust.Closed || s.Held != 0 {
		t.Errorf("end: %+v, %v", s, err)
	}
	st := d.statement(c)
	if st.Held != 0 || len(st.Moves) != 7 || st.State != trust.Closed || trust.Words(st.Moves[5]) != "房款支付给卖方" {
		t.Errorf("statement %+v", st)
	}
}

func TestAmountsOfAnAgreementMustAgree(t *testing.T) {
	d := newDesk(t)
	a := deal()
	a.Payees[2].Amount++
	if err := d.tx(func(tx pgx.Tx) error { _, err := d.Agree(t.Context(), tx, a); return err }); !errors.Is(err, trust.ErrAmounts) {
		t.Errorf("a fen too much to pay out: %v", err)
	}
}
