package trust_test

import (
	"errors"
	"fmt"
	"sync"
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

func TestDepositIsBookedOnce(t *testing.T) {
	d := newDesk(t)
	c := d.opened(deal())
	rec, err := d.deposit(c, trust.DownPayment, 480_000_00, "V1")
	if err != nil || !rec.DownHere || rec.AllHere || rec.Missing != 800_000_00 || rec.Held != 480_000_00 {
		t.Fatalf("down payment %+v, %v", rec, err)
	}
	if rec, err = d.deposit(c, trust.DownPayment, 480_000_00, "V1"); err != nil || !rec.Again || rec.Held != 480_000_00 {
		t.Errorf("the voucher again: %+v, %v", rec, err)
	}
	for name, again := range map[string]func() (*trust.Receipt, error){
		"another amount": func() (*trust.Receipt, error) { return d.deposit(c, trust.DownPayment, 480_000_01, "V1") },
		"another kind":   func() (*trust.Receipt, error) { return d.deposit(c, trust.Loan, 480_000_00, "V1") },
	} {
		if _, err := again(); !errors.Is(err, trust.ErrReference) {
			t.Errorf("the voucher with %s: %v", name, err)
		}
	}
	if _, err := d.pay(c, trust.WhenEntered); !errors.Is(err, trust.ErrNotArrived) {
		t.Errorf("paid out before the loan arrived: %v", err)
	}
}

// The bank does not always say whose loan it was.
func TestLoanWithoutALenderFindsItsOwn(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		name    string
		amounts []land.Fen
		missing land.Fen // after all of them, the down payment apart
		surplus land.Fen
	}{
		{"in the order of the agreement", []land.Fen{500_000_00, 300_000_00}, 0, 0},
		{"the other way round", []land.Fen{300_000_00, 500_000_00}, 0, 0},
		{"in parts", []land.Fen{200_000_00, 300_000_00, 300_000_00}, 0, 0},
		{"too much at the end", []land.Fen{500_000_00, 300_000_00, 1_00}, 0, 1_00},
		{"not all", []land.Fen{500_000_00}, 300_000_00, 0},
	} {
		a := deal()
		d.opened(a)
		var rec *trust.Receipt
		for i, amount := range c.amounts {
			var err error
			if rec, err = d.deposit(a.Case, trust.Loan, amount, fmt.Sprintf("V%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		if rec.Missing-a.Down != c.missing || rec.Surplus != c.surplus {
			t.Errorf("%s: %s missing, %s too much", c.name, rec.Missing-a.Down, rec.Surplus)
		}
	}
}

func TestWhatTheLedgerRefuses(t *testing.T) {
	d := newDesk(t)
	a := deal()
	if _, err := d.deposit(a.Case, trust.DownPayment, 1, "V1"); !errors.Is(err, trust.ErrNoAgreement) {
		t.Errorf("money without an agreement: %v", err)
	}
	var first, again string
	if err := d.tx(func(tx pgx.Tx) (err error) {
		if first, err = d.Agree(t.Context(), tx, a); err != nil {
			return err
		}
		again, err = d.Agree(t.Context(), tx, a)
		return err
	}); err != nil || first == "" || first != again {
		t.Errorf("agreed as %q and %q: %v", first, again, err)
	}
	if _, err := d.deposit(a.Case, trust.DownPayment, 1, "V1"); !errors.Is(err, trust.ErrNotOpen) {
		t.Errorf("money before the account: %v", err)
	}
	d.opened(a)
	if _, err := d.deposit(a.Case, trust.DownPayment, 0, "V1"); !errors.Is(err, trust.ErrAmounts) {
		t.Errorf("nothing arrived: %v", err)
	}
	if _, err := d.deposit(a.Case, trust.Payout, 1, "V1"); !errors.Is(err, trust.ErrAmounts) {
		t.Errorf("a payout arrived: %v", err)
	}
	if _, err := d.done("ZL-261124-99999-0"); !errors.Is(err, trust.ErrNoInstruction) {
		t.Errorf("an instruction that was not given: %v", err)
	}
	if s := d.statement(uuid.Must(uuid.NewV7())); s != nil {
		t.Errorf("statement of no agreement: %+v", s)
	}
}

func TestTooMuchGoesBackWithThePayout(t *testing.T) {
	d := newDesk(t)
	c := d.funded()
	rec, err := d.deposit(c, trust.DownPayment, 1_00, "V4")
	if err != nil || rec.Surplus != 1_00 || !rec.AllHere {
		t.Fatalf("a yuan too much: %+v, %v", rec, err)
	}
	i, err := d.pay(c, trust.WhenEntered)
	if err != nil || len(i.Payments) != 4 || i.Payments[3].Kind != "down" || i.Payments[3].Amount != 1_00 || i.Payments[3].Name != "王明" {
		t.Errorf("instruction %+v, %v", i, err)
	}
}

func TestRefundGivesEachPayerHisOwn(t *testing.T) {
	d := newDesk(t)
	c := d.opened(deal())
	for _, in := range []struct {
		kind, reference string
		amount          land.Fen
	}{{trust.DownPayment, "V1", 300_000_00}, {trust.DownPayment, "V2", 180_000_00}, {trust.Loan, "V3", 500_000_00}} {
		if _, err := d.deposit(c, in.kind, in.amount, in.reference); err != nil {
			t.Fatal(err)
		}
	}
	i, err := d.refund(c)
	if err != nil || len(i.Payments) != 2 || i.Payments[0].Amount != 480_000_00 || i.Payments[1].Name != "泰州凤城银行" || i.Payments[1].Amount != 500_000_00 {
		t.Fatalf("refund %+v, %v", i, err)
	}
	if again, err := d.refund(c); err != nil || again.Number != i.Number {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	if i, err := d.pay(c, trust.WhenEntered); !errors.Is(err, trust.ErrEnded) {
		t.Errorf("paid out while the bank refunds: %+v, %v", i, err)
	}
	// The second loan arrives while the refund is on its way, and the bank cannot pay the first lender.
	if rec, err := d.deposit(c, trust.Loan, 300_000_00, "V4"); err != nil || !rec.MustReturn {
		t.Errorf("late loan: %+v, %v", rec, err)
	}
	s, err := d.done(i.Number, trust.Result{Paid: true, Reference: "R1"}, trust.Result{Reason: "账户已销户"})
	if err != nil || s.State != trust.Refunding || s.Held != 800_000_00 {
		t.Fatalf("settled %+v, %v", s, err)
	}
	if _, err := d.pay(c, trust.WhenEntered); !errors.Is(err, trust.ErrEnded) {
		t.Errorf("paid out after a refund: %v", err)
	}
	i, err = d.refund(c)
	if err != nil || i.Total() != 800_000_00 || len(i.Payments) != 2 {
		t.Fatalf("second refund %+v, %v", i, err)
	}
	if s, err = d.done(i.Number, trust.Result{Paid: true, Reference: "R2"}, trust.Result{Paid: true, Reference: "R3"}); err != nil || s.State != trust.Cancelled || s.Held != 0 {
		t.Errorf("settled %+v, %v", s, err)
	}
	// And something comes after the end.
	if rec, err := d.deposit(c, trust.DownPayment, 5_00, "V9"); err != nil || !rec.MustReturn {
		t.Errorf("after the end: %+v, %v", rec, err)
	}
	if i, err = d.refund(c); err != nil || i.Total() != 5_00 {
		t.Errorf("third refund %+v, %v", i, err)
	}
}

func TestRefundOfNothingCancels(t *testing.T) {
	d := newDesk(t)
	c := d.opened(deal())
	if i, err := d.refund(c); err != nil || i != nil {
		t.Errorf("refund of nothing: %+v, %v", i, err)
	}
	if s := d.statement(c); s.State != trust.Cancelled {
		t.Errorf("state %s", s.State)
	}
}

func TestMoneyPaidOutIsNotRefunded(t *testing.T) {
	d := newDesk(t)
	c := d.funded()
	i, err := d.pay(c, trust.WhenEntered)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.refund(c); !errors.Is(err, trust.ErrPaidOut) {
		t.Errorf("refund while the bank pays: %v", err)
	}
	if _, err := d.done(i.Number, trust.Result{Paid: true, Reference: "P1"}); !errors.Is(err, trust.ErrResults) {
		t.Errorf("one result for three payments: %v", err)
	}
	if _, err := d.done(i.Number, trust.Result{Paid: true, Reference: "P1"}, trust.Result{Reason: "x"}, trust.Result{Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.refund(c); !errors.Is(err, trust.ErrPaidOut) {
		t.Errorf("refund after a payout: %v", err)
	}
}

func TestFrozenMoneyStays(t *testing.T) {
	d := newDesk(t)
	c := d.opened(deal())
	freeze := func(court string, lift bool) error {
		return d.tx(func(tx pgx.Tx) error {
			if lift {
				return d.Unfreeze(t.Context(), tx, c, court, "冻1")
			}
			return d.Freeze(t.Context(), tx, c, court, "冻1")
		})
	}
	for _, step := range []struct {
		what string
		do   func() error
		want error
	}{
		{"freeze", func() error { return freeze("泰州市海陵区人民法院", false) }, nil},
		{"freeze again", func() error { return freeze("泰州市海陵区人民法院", false) }, nil},
		{"freeze by another", func() error { return freeze("南京市鼓楼区人民法院", false) }, trust.ErrFrozen},
		{"money may come", func() error { _, err := d.deposit(c, trust.DownPayment, 480_000_00, "V1"); return err }, nil},
		{"and not go back", func() error { _, err := d.refund(c); return err }, trust.ErrFrozen},
		{"the loans come", func() error { _, err := d.deposit(c, trust.Loan, 500_000_00, "V2"); return err }, nil},
		{"all of them", func() error { _, err := d.deposit(c, trust.Loan, 300_000_00, "V3"); return err }, nil},
		{"nor be paid out", func() error { _, err := d.pay(c, trust.WhenEntered); return err }, trust.ErrFrozen},
		{"lifted by another", func() error { return freeze("南京市鼓楼区人民法院", true) }, trust.ErrOtherCourt},
		{"lifted", func() error { return freeze("泰州市海陵区人民法院", true) }, nil},
		{"paid out", func() error { _, err := d.pay(c, trust.WhenEntered); return err }, nil},
	} {
		if err := step.do(); !errors.Is(err, step.want) {
			t.Fatalf("%s: %v, want %v", step.what, err, step.want)
		}
	}
}

// The database itself refuses an unbalanced movement and an account beyond its limit.
func TestConstraints(t *testing.T) {
	d := newDesk(t)
	d.funded()
	account := func(side string) string {
		return `(SELECT id FROM trust.account WHERE side = '` + side + `' ORDER BY seq LIMIT 1)`
	}
	move := `WITH m AS (INSERT INTO trust.movement (id, district, agreement, kind, reference, at)
		SELECT gen_random_uuid(), district, id, 'payout', 'X', now() FROM trust.agreement RETURNING id) INSERT INTO trust.posting `
	for name, c := range map[string]struct {
		sql  string
		want string
	}{
		"one side only":          {move + `SELECT id, ` + account("held") + `, -1 FROM m`, "movement_balanced"},
		"two sides that differ":  {move + `SELECT id, ` + account("held") + `, -2 FROM m UNION ALL SELECT id, ` + account("sink") + `, 1 FROM m`, "movement_balanced"},
		"more than is held":      {move + `SELECT id, ` + account("held") + `, -128000001 FROM m UNION ALL SELECT id, ` + account("source") + `, 128000001 FROM m`, "account_limits"},
		"a payee beyond his due": {move + `SELECT id, ` + account("held") + `, -1200001 FROM m UNION ALL SELECT id, ` + account("sink") + `, 1200001 FROM m`, "account_limits"},
		"a balance by hand":      {`UPDATE trust.account SET balance = 0`, "balance_by_postings"},
		"a movement removed":     {`DELETE FROM trust.movement`, "append_only"},
		"a posting changed":      {`UPDATE trust.posting SET amount = 1`, "append_only"},
	} {
		err := d.tx(func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), c.sql); return err })
		if !pg.IsCheck(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Money that comes when everyone has been paid goes back to its payer alone; the deal itself is not undone.
func TestMoneyAfterThePayoutGoesBack(t *testing.T) {
	d := newDesk(t)
	c := d.funded()
	n := 0
	for _, when := range []string{trust.WhenEntered, trust.WhenHandedOver} {
		i, err := d.pay(c, when)
		if err != nil {
			t.Fatal(err)
		}
		var results []trust.Result
		for range i.Payments {
			n++
			results = append(results, trust.Result{Paid: true, Reference: fmt.Sprintf("P%d", n)})
		}
		if _, err := d.done(i.Number, results...); err != nil {
			t.Fatal(err)
		}
	}
	if s := d.statement(c); s.State != trust.Closed {
		t.Fatalf("state %s", s.State)
	}
	if i, err := d.pay(c, trust.WhenEntered); err != nil || i != nil {
		t.Errorf("paid again: %+v, %v", i, err)
	}
	var rec *trust.Receipt
	late := trust.Deposit{Case: c, Kind: trust.Loan, Lender: "泰州市住房公积金管理中心", Account: "6200777", Amount: 7_00, Reference: "V9", At: today}
	if err := d.tx(func(tx pgx.Tx) (err error) { rec, err = d.Deposit(t.Context(), tx, late); return err }); err != nil || !rec.MustReturn || rec.Surplus != 7_00 {
		t.Fatalf("late loan %+v, %v", rec, err)
	}
	i, err := d.refund(c)
	if err != nil || len(i.Payments) != 1 || i.Payments[0].Name != late.Lender || i.Payments[0].Account != late.Account || i.Total() != 7_00 {
		t.Fatalf("refund %+v, %v", i, err)
	}
	if s, err := d.done(i.Number, trust.Result{Paid: true, Reference: "R1"}); err != nil || s.State != trust.Closed || s.Held != 0 {
		t.Errorf("settled %+v, %v", s, err)
	}
}

// Several workers at once: one voucher counts once, one instruction is given, one answer is booked.
func TestTheSameAtOnce(t *testing.T) {
	d := newDesk(t)
	c := d.opened(deal())
	together := func(n int, act func(i int) error) {
		t.Helper()
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if err := act(i); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	together(6, func(i int) error {
		in := []struct {
			kind   string
			amount land.Fen
		}{{trust.DownPayment, 480_000_00}, {trust.Loan, 500_000_00}, {trust.Loan, 300_000_00}}[i/2]
		_, err := d.deposit(c, in.kind, in.amount, fmt.Sprintf("V%d", i/2))
		return err
	})
	if s := d.statement(c); s.Held != 1_280_000_00 || len(s.Moves) != 3 {
		t.Fatalf("statement %+v", s)
	}
	numbers := make([]string, 4)
	together(4, func(i int) error {
		in, err := d.pay(c, trust.WhenEntered)
		if err == nil {
			numbers[i] = in.Number
		}
		return err
	})
	for _, n := range numbers {
		if n != numbers[0] {
			t.Fatalf("instructions %v", numbers)
		}
	}
	together(3, func(int) error {
		_, err := d.done(numbers[0], trust.Result{Paid: true, Reference: "P1"}, trust.Result{Paid: true, Reference: "P2"}, trust.Result{Paid: true, Reference: "P3"})
		return err
	})
	if s := d.statement(c); s.Held != 50_000_00 || len(s.Moves) != 6 {
		t.Errorf("statement %+v", s)
	}
}

// A lender that grants less leaves the rest to the buyer; deciding again counts anew, and nothing impossible is taken.
func TestRegrant(t *testing.T) {
	d := newDesk(t)
	c := d.opened(deal())
	regrant := func(lender string, amount land.Fen) error {
		return d.tx(func(tx pgx.Tx) error { return d.Regrant(d.t.Context(), tx, c, lender, amount) })
	}
	for _, amount := range []land.Fen{300_000_00, 450_000_00} {
		if err := regrant("泰州凤城银行", amount); err != nil {
			t.Fatal(err)
		}
	}
	if rec, err := d.deposit(c, trust.DownPayment, 480_000_00, "V1"); err != nil || rec.DownHere {
		t.Fatalf("the old down payment is enough: %+v, %v", rec, err)
	}
	if rec, err := d.deposit(c, trust.DownPayment, 50_000_00, "V2"); err != nil || !rec.DownHere || rec.Missing != 750_000_00 {
		t.Fatalf("the new one is not: %+v, %v", rec, err)
	}
	if _, err := d.deposit(c, trust.Loan, 450_000_00, "V3"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		lender string
		amount land.Fen
	}{{"无此银行", 1}, {"泰州凤城银行", 400_000_00}, {"泰州凤城银行", -1}, {"泰州凤城银行", 5_000_000_00}} {
		if err := regrant(tt.lender, tt.amount); !errors.Is(err, trust.ErrAmounts) {
			t.Errorf("%s grants %s: %v", tt.lender, tt.amount, err)
		}
	}
}
