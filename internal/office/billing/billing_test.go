package billing_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/migrations"
)

var (
	schema = pgtest.Set{FS: migrations.FS, Table: "office_schema"}
	today  = time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())
)

// cashier is an office of bills in a database of the test's own.
type cashier struct {
	*billing.Office
	t    testing.TB
	pool *pgxpool.Pool
	clk  *clock.Fake
}

func newCashier(t testing.TB) *cashier {
	t.Helper()
	clk := clock.NewFake(today)
	return &cashier{Office: billing.New(clk), t: t, pool: pgtest.New(t, schema), clk: clk}
}

func (c *cashier) tx(fn func(tx pgx.Tx) error) error { return pg.InTx(c.t.Context(), c.pool, fn) }

// asked is a bill of 12,080 yuan to the buyer.
func asked() billing.NewBill {
	return billing.NewBill{
		Case: uuid.Must(uuid.NewV7()), CaseNo: "TZ-261124-00412-6", District: "321202", Kind: "tax-fee", Payer: "b1", Key: "tax-fee/b1",
		Lines: []billing.Line{
			{Code: "deed", Name: "契税", Amount: 12_000_00, Why: "首套，不超过 140 平方米，税率 1%", To: billing.Treasury},
			{Code: "vat", Name: "增值税", Amount: 0, Why: "持有满二年免征", To: billing.Treasury},
			{Code: "fee", Name: "不动产登记费", Amount: 80_00, To: billing.Registry},
		},
	}
}

func (c *cashier) issue(n billing.NewBill) (b *billing.Bill) {
	c.t.Helper()
	if err := c.tx(func(tx pgx.Tx) (err error) { b, err = c.Issue(c.t.Context(), tx, n); return err }); err != nil {
		c.t.Fatal(err)
	}
	return b
}

func paymentOf(b *billing.Bill, reference string) message.Payment {
	return message.Payment{App: b.Case, Bill: b.ID, Order: uuid.Must(uuid.NewV7()), Channel: "wechat", Reference: reference, Amount: b.Total, PaidAt: today.Add(time.Hour)}
}

func (c *cashier) paid(p message.Payment) (rec *billing.Receipt, err error) {
	err = c.tx(func(tx pgx.Tx) error {
		rec, err = c.Paid(c.t.Context(), tx, p)
		return err
	})
	return rec, err
}

func TestBillIsIssuedOnce(t *testing.T) {
	c := newCashier(t)
	n := asked()
	b := c.issue(n)
	if b.Total != 12_080_00 || b.State != billing.Open || len(b.Lines) != 3 || !b.Until.Equal(time.Date(2026, 12, 4, 23, 59, 59, 0, clock.Shanghai())) {
		t.Errorf("bill %+v", b)
	}
	if m := b.Message(); m.Total != b.Total || len(m.Lines) != 3 || m.Lines[0].Why == "" || m.Payer != "b1" || m.App != n.Case {
		t.Errorf("message %+v", m)
	}
	n.Lines = n.Lines[:1]
	if again := c.issue(n); again.ID != b.ID || again.Total != b.Total {
		t.Errorf("asked again under the same key: %+v", again)
	}
	n.Key = "tax-fee/b1/2"
	if other := c.issue(n); other.ID == b.ID || other.Total != 12_000_00 {
		t.Errorf("asked under another key: %+v", other)
	}
	for name, change := range map[string]func(*billing.NewBill){
		"no lines":       func(n *billing.NewBill) { n.Lines = nil },
		"nothing to pay": func(n *billing.NewBill) { n.Lines = []billing.Line{{Name: "契税", To: billing.Treasury}} },
		"less than none": func(n *billing.NewBill) { n.Lines[0].Amount = -1 },
		"to nobody":      func(n *billing.NewBill) { n.Lines[0].To = "" },
	} {
		n := asked()
		change(&n)
		if err := c.tx(func(tx pgx.Tx) error { _, err := c.Issue(t.Context(), tx, n); return err }); !errors.Is(err, billing.ErrLines) {
			t.Errorf("a bill with %s: %v", name, err)
		}
	}
	n = asked()
	n.Until = today
	if err := c.tx(func(tx pgx.Tx) error { _, err := c.Issue(t.Context(), tx, n); return err }); !errors.Is(err, billing.ErrUntil) {
		t.Errorf("a bill that is over: %v", err)
	}
}

func TestPaymentsAndTheirOutcomes(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(c *cashier, b *billing.Bill)
		change func(p *message.Payment)
		want   billing.Outcome
	}{
		{"in time and right", nil, nil, billing.Accepted},
		{"a fen short", nil, func(p *message.Payment) { p.Amount-- }, billing.WrongAmount},
		{"a fen more", nil, func(p *message.Payment) { p.Amount++ }, billing.WrongAmount},
		{"in the last second", nil, func(p *message.Payment) { p.PaidAt = time.Date(2026, 12, 4, 23, 59, 59, 0, clock.Shanghai()) }, billing.Accepted},
		{"after it", nil, func(p *message.Payment) { p.PaidAt = time.Date(2026, 12, 5, 0, 0, 0, 0, clock.Shanghai()) }, billing.Late},
		{"paid in time, told after the bill expired", func(c *cashier, b *billing.Bill) { c.expire(b) }, nil, billing.Accepted},
		{"paid and told after it expired", func(c *cashier, b *billing.Bill) { c.expire(b) }, func(p *message.Payment) { p.PaidAt = today.AddDate(0, 0, 20) }, billing.Late},
		{"paid before by another transaction", func(c *cashier, b *billing.Bill) {
			if _, err := c.paid(paymentOf(b, "before")); err != nil {
				c.t.Fatal(err)
			}
		}, nil, billing.Duplicate},
		{"cancelled", func(c *cashier, b *billing.Bill) {
			if err := c.tx(func(tx pgx.Tx) error { _, err := c.Cancel(c.t.Context(), tx, b.Case); return err }); err != nil {
				c.t.Fatal(err)
			}
		}, nil, billing.ForNothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk := newCashier(t)
			b := desk.issue(asked())
			if c.before != nil {
				c.before(desk, b)
			}
			p := paymentOf(b, "4200001")
			if c.change != nil {
				c.change(&p)
			}
			rec, err := desk.paid(p)
			if err != nil || rec.Outcome != c.want || rec.Again {
				t.Fatalf("receipt %+v, %v", rec, err)
			}
			if back := rec.Refund; (c.want == billing.Accepted) != (back == nil) || back != nil && (back.Amount != p.Amount || back.Order != p.Order || back.Bill != b.ID || back.Reason == "") {
				t.Errorf("refund %+v", back)
			}
			again, err := desk.paid(p)
			if err != nil || !again.Again || again.Outcome != rec.Outcome || (again.Refund == nil) != (rec.Refund == nil) || again.Refund != nil && *again.Refund != *rec.Refund {
				t.Errorf("told again: %+v, %v", again, err)
			}
			p.Amount += 100
			if _, err := desk.paid(p); !errors.Is(err, billing.ErrReference) {
				t.Errorf("the same transaction with another amount: %v", err)
			}
			accepted, err := desk.Accepted(t.Context(), desk.pool, b.ID)
			if c.want == billing.Accepted && (err != nil || accepted.Reference != "4200001" || accepted.Amount != b.Total) {
				t.Errorf("accepted %+v, %v", accepted, err)
			}
		})
	}
}

// expire lets the bill's time go by.
func (c *cashier) expire(b *billing.Bill) {
	c.t.Helper()
	c.clk.Set(b.Until.Add(time.Minute))
	due, err := c.Due(c.t.Context(), c.pool)
	if err != nil || len(due) != 1 || due[0] != b.Case {
		c.t.Fatalf("due %v, %v", due, err)
	}
	err = c.tx(func(tx pgx.Tx) error {
		ended, err := c.Expire(c.t.Context(), tx, b.Case)
		if err == nil && (len(ended) != 1 || ended[0].State != billing.Expired) {
			c.t.Errorf("expired %+v", ended)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func TestRefundOfACase(t *testing.T) {
	c := newCashier(t)
	n := asked()
	paid := c.issue(n)
	n.Kind, n.Key, n.Lines = "trust", "trust/b1", []billing.Line{{Code: "down", Name: "首付款", Amount: 480_000_00, To: billing.InTrust}}
	down := c.issue(n)
	n.Kind, n.Key, n.Payer = "tax-fee", "tax-fee/s1", "s1"
	open := c.issue(n)
	for i, b := range []*billing.Bill{paid, down} {
		if rec, err := c.paid(paymentOf(b, string(rune('a'+i)))); err != nil || rec.Outcome != billing.Accepted {
			t.Fatal(rec, err)
		}
	}
	refund := func() (out []message.Refund) {
		t.Helper()
		if err := c.tx(func(tx pgx.Tx) (err error) {
			out, err = c.Refund(t.Context(), tx, n.Case, "撤回申请", "trust")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	back := refund()
	if len(back) != 1 || back[0].Bill != paid.ID || back[0].Amount != paid.Total || back[0].Reason != "撤回申请" {
		t.Fatalf("refunds %+v", back)
	}
	if again := refund(); len(again) != 0 {
		t.Errorf("refunded again: %+v", again)
	}
	states := map[uuid.UUID]string{paid.ID: billing.Refunded, down.ID: billing.Paid, open.ID: billing.Cancelled}
	bills, err := c.Bills(t.Context(), c.pool, n.Case)
	if err != nil || len(bills) != 3 {
		t.Fatalf("bills %+v, %v", bills, err)
	}
	for _, b := range bills {
		if b.State != states[b.ID] {
			t.Errorf("bill %s is %s", b.Payer, b.State)
		}
	}
	if waiting, err := c.Waiting(t.Context(), c.pool, n.Case); err != nil || len(waiting) != 1 || waiting[0] != back[0] {
		t.Errorf("waiting %+v, %v", waiting, err)
	}
	done := message.RefundResult{Refund: back[0].ID, Reference: "50000", Amount: back[0].Amount, At: today}
	tell := func(r message.RefundResult) error {
		return c.tx(func(tx pgx.Tx) error { return c.RefundDone(t.Context(), tx, r) })
	}
	for name, step := range map[string]struct {
		change func(*message.RefundResult)
		want   error
	}{
		"another amount": {func(r *message.RefundResult) { r.Amount++ }, billing.ErrReference},
		"no such refund": {func(r *message.RefundResult) { r.Refund = uuid.Must(uuid.NewV7()) }, billing.ErrNoRefund},
	} {
		r := done
		step.change(&r)
		if err := tell(r); !errors.Is(err, step.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 {
		if err := tell(done); err != nil {
			t.Error(err)
		}
	}
	if waiting, _ := c.Waiting(t.Context(), c.pool, n.Case); len(waiting) != 0 {
		t.Errorf("still waiting %+v", waiting)
	}
}

// Two channels report at the same moment: one is kept, the other goes back.
func TestTwoPaymentsAtOnce(t *testing.T) {
	c := newCashier(t)
	b := c.issue(asked())
	outcomes := make([]billing.Outcome, 4)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			rec, err := c.paid(paymentOf(b, string(rune('a'+i/2)))) // each of two transactions is told twice
			switch {
			case err == nil && !rec.Again:
				outcomes[i] = rec.Outcome
			case err != nil && !errors.Is(err, billing.ErrReference): // another order under the same number
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := map[billing.Outcome]int{}
	for _, o := range outcomes {
		count[o]++
	}
	if count[billing.Accepted] != 1 || count[billing.Duplicate] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
}

// The database itself refuses what the code forgot to.
func TestConstraints(t *testing.T) {
	c := newCashier(t)
	b := c.issue(asked())
	rec, err := c.paid(func() message.Payment { p := paymentOf(b, "a"); p.Amount++; return p }())
	if err != nil || rec.Outcome != billing.WrongAmount {
		t.Fatal(rec, err)
	}
	pay := func(amount land.Fen, outcome string) string {
		return `INSERT INTO billing.payment (id, district, bill, pay_order, channel, reference, amount, paid_at, received_at, outcome)
			SELECT gen_random_uuid(), district, id, gen_random_uuid(), 'x', gen_random_uuid()::text, ` + amount.Plain()[:len(amount.Plain())-3] + `00, now(), now(), '` + outcome + `' FROM billing.bill`
	}
	for name, step := range map[string]struct {
		sql  string
		want func(error) bool
	}{
		"lines that are not the total":  {`UPDATE billing.line SET amount = amount + 1`, func(err error) bool { return pg.IsCheck(err, "bill_total") }},
		"a total that is not the lines": {`UPDATE billing.bill SET total = total + 1`, func(err error) bool { return pg.IsCheck(err, "bill_total") }},
		"a wrong amount accepted":       {pay(1_00, "accepted"), func(err error) bool { return pg.IsForeignKey(err, "payment_whole") }},
		"a payment refunded twice": {`INSERT INTO billing.refund (id, district, payment, amount, reason, ordered_at) SELECT gen_random_uuid(), district, payment, amount, 'x', now() FROM billing.refund`,
			func(err error) bool { return pg.IsUnique(err, "") }},
		"two accepted payments": {pay(b.Total, "accepted") + `; ` + pay(b.Total, "accepted"), func(err error) bool { return pg.IsUnique(err, "payment_one_accepted") }},
		"a refund of a part":    {`UPDATE billing.refund SET amount = amount - 1`, func(err error) bool { return pg.IsForeignKey(err, "refund_whole") }},
	} {
		err := c.tx(func(tx pgx.Tx) error {
			_, err := tx.Conn().PgConn().Exec(t.Context(), step.sql).ReadAll()
			return err
		})
		if !step.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
